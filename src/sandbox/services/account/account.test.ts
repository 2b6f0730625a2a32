import {
  AccountClient,
  DisableRegionCommand,
  EnableRegionCommand,
  GetRegionOptStatusCommand,
  ListRegionsCommand,
} from '@aws-sdk/client-account';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

test('Regions are listed in pages, and only those with the statuses that were asked for', () =>
  withSandbox(async (sandbox) => {
    const account = new AccountClient(clientConfig(sandbox));
    const RegionOptStatusContains = ['ENABLED', 'ENABLED_BY_DEFAULT'] as const;
    const first = await account.send(
      new ListRegionsCommand({ MaxResults: 10, RegionOptStatusContains: [...RegionOptStatusContains] }),
    );
    expect(first.Regions).toHaveLength(10);
    const rest = await account.send(
      new ListRegionsCommand({
        MaxResults: 50,
        RegionOptStatusContains: [...RegionOptStatusContains],
        ...(first.NextToken ? { NextToken: first.NextToken } : {}),
      }),
    );
    const names = [...(first.Regions ?? []), ...(rest.Regions ?? [])].map(({ RegionName }) => RegionName);
    expect(names).toHaveLength(17);
    expect(names).toContain('us-east-1');
    expect(names).not.toContain('eu-south-1');
    await expect(account.send(new ListRegionsCommand({ NextToken: first.NextToken }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  }));

test('a Region is enabled by its first call; turned off it knows nobody, and enabled again it answers', () =>
  withSandbox(
    async (sandbox) => {
      const account = new AccountClient(clientConfig(sandbox));
      const milan = { ...clientConfig(sandbox), region: 'eu-south-1' };
      const [states, stacks] = [new SFNClient(milan), new CloudFormationClient(milan)];
      const RegionName = 'eu-south-1';
      const status = async () => (await account.send(new GetRegionOptStatusCommand({ RegionName }))).RegionOptStatus;
      expect(await status()).toBe('DISABLED');
      expect((await states.send(new ListStateMachinesCommand({}))).stateMachines).toEqual([]);
      expect(await status()).toBe('ENABLED');
      await account.send(new DisableRegionCommand({ RegionName }));
      await sandbox.settle();
      expect(await status()).toBe('DISABLED');
      await expect(states.send(new ListStateMachinesCommand({}))).rejects.toMatchObject({
        name: 'UnrecognizedClientException',
      });
      await expect(stacks.send(new DescribeStacksCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
      await account.send(new EnableRegionCommand({ RegionName }));
      await expect(account.send(new DisableRegionCommand({ RegionName }))).rejects.toMatchObject({
        name: 'ConflictException',
      });
      await sandbox.settle();
      expect(await status()).toBe('ENABLED');
      expect((await states.send(new ListStateMachinesCommand({}))).stateMachines).toEqual([]);
      await expect(account.send(new DisableRegionCommand({ RegionName: 'us-east-1' }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
      await expect(account.send(new GetRegionOptStatusCommand({ RegionName: 'eu-sud-1' }))).rejects.toThrow('eu-sud-1');
    },
    { pace: 30 },
  ));
