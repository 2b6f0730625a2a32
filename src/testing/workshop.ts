/** For tests: a sandbox in memory with the workshop's core deployed and seeded by presso's own rooms. */
import { type Connection, connect } from '../aws/connection.ts';
import { whoAmI } from '../aws/account.ts';
import { packageRoot } from '../paths.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { applySeed, difference, observeSeed, readSeed } from '../seed/index.ts';
import { deploy } from '../setup/deploy.ts';
import { observeSetup } from '../setup/observe.ts';
import { changes, planSetup } from '../setup/plan.ts';
import type { StackWanted } from '../setup/plan.ts';
import { readStacksFile } from '../setup/wanted.ts';
import { applySteps } from '../solve/apply.ts';
import type { Build } from '../solve/build.ts';
import { planBuild } from '../solve/difference.ts';
import { observeBuild } from '../solve/observe.ts';
import path from 'node:path';

export interface Workshop {
  sandbox: Sandbox;
  account: string;
  connection: Connection;
  close(): Promise<void>;
}

const pause = (): Promise<void> => new Promise((done) => setImmediate(done));

/** One account and Region of a sandbox. `core: false` leaves it untouched. */
export async function openWorkshop(
  options: { core?: boolean; region?: string; sandbox?: Sandbox } = {},
): Promise<Workshop> {
  const sandbox = options.sandbox ?? (await startSandbox({}));
  const account = '123456789012';
  const connection = await connect({
    region: options.region ?? 'us-east-1',
    endpoint: sandbox.endpoint,
    credentials: { accessKeyId: account, secretAccessKey: 'test' },
  });
  if (options.core !== false) await setUp(connection);
  return {
    sandbox,
    account,
    connection,
    async close() {
      connection.close();
      if (!options.sandbox) await sandbox.close();
    },
  };
}

/** The stacks of the set-up from their sources, so that no build is needed. */
async function shippedStacks(): Promise<StackWanted[]> {
  // The build's own script is plain JavaScript, which the types of src do not cover.
  const { finishTemplate } = (await import(new URL('../../bin/templates.js', import.meta.url).href)) as {
    finishTemplate: (root: string, name: string, runtime: string) => Promise<string>;
  };
  const file = readStacksFile(path.join(packageRoot(), 'templates'));
  return Promise.all(
    file.stacks
      .filter(({ module }) => module === 'setup')
      .map(async (stack) => ({
        ...stack,
        parameters: Object.fromEntries(Object.entries(stack.parameters).map(([key, value]) => [key, String(value)])),
        body: await finishTemplate(packageRoot(), stack.name, file.runtime),
      })),
  );
}

async function setUp(connection: Connection): Promise<void> {
  const wanted = await shippedStacks();
  const plan = planSetup(wanted, await observeSetup(connection, wanted, { checkRegion: false }));
  const { signal } = new AbortController();
  for await (const event of deploy(connection, wanted, changes(plan), { signal, now: () => 0, pause }))
    if (event.kind === 'failed') throw new Error(`The stack ${event.stack} failed: ${JSON.stringify(event.cause)}`);
  const seed = readSeed(path.join(packageRoot(), 'templates', 'seed'));
  await applySeed(connection, difference(seed, await observeSeed(connection), {}));
}

/** Makes what a build wants, as `presso solve` does. */
export async function makeBuild({ connection }: Workshop, build: Build): Promise<void> {
  const { account } = await whoAmI(connection);
  const { steps } = planBuild(build.resources, await observeBuild(connection, account, build.resources));
  for await (const _ of applySteps(connection, steps, { pause })) void _;
}
