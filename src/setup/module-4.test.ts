/** `presso setup module-4`, through the binary: only on top of the core, once, and judged only where it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { expect, test } from 'vitest';
import { runPresso } from '../testing/presso.ts';
import { clientConfig, withSandbox } from '../testing/sandbox.ts';

test('module 4 goes on top of the core, once; verify judges it unasked only where it is', () =>
  withSandbox(async (sandbox) => {
    const home = mkdtempSync(path.join(tmpdir(), 'presso-module-4-'));
    const account = '444444444444';
    const presso = (...args: string[]) =>
      runPresso([...args, '--endpoint-url', sandbox.endpoint], { home, env: { AWS_ACCESS_KEY_ID: account } });
    const stacks = async () =>
      ((await new CloudFormation(clientConfig(sandbox, account)).describeStacks({})).Stacks ?? []).map(
        ({ StackName, StackStatus }) => `${StackName} ${StackStatus}`,
      );
    const modules = async (): Promise<string[]> => {
      const { stdout } = await presso('verify', '--json');
      expect(stdout).toContain('"modules"');
      return (JSON.parse(stdout) as { modules: { module: string }[] }).modules.map(({ module }) => module);
    };
    try {
      const early = await presso('setup', 'module-4', '--sandbox', '--yes');
      expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining('this module adds to it') });
      expect(early.stderr).toContain('presso setup --sandbox');
      expect(await stacks()).toEqual([]);

      expect(await presso('setup', '--sandbox', '--yes')).toMatchObject({ code: 0 });
      expect(await modules()).not.toContain('module-4');
      const first = await presso('setup', 'module-4');
      expect(first, first.stderr).toMatchObject({ code: 0 });
      expect(first.stdout).toContain('The stacks of module-4 are ready');
      expect(await stacks()).toEqual(
        expect.arrayContaining(
          ['metrics-table', 'metrics-cloudwatch', 'load-test'].map(
            (name) => `serverlesspresso-${name} CREATE_COMPLETE`,
          ),
        ),
      );
      expect(await modules()).toContain('module-4');
      expect((await presso('setup', 'module-4')).stdout).toContain('nothing was changed');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }));
