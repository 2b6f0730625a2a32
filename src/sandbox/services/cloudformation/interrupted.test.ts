import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, ListEventBusesCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetParametersByPathCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import type { Sandbox } from '../../index.ts';

/*
 * What a kill leaves is what is on disk at that moment: the data folder is copied while the operation runs, once for
 * every write that can be seen, and another sandbox goes on from each copy.
 */
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'presso-cloudformation-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const template = (pattern: string, more = '') => `
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: Coffee } }
  Rule: { Type: AWS::Events::Rule, Properties: { EventBusName: !Ref Bus, EventPattern: { source: [${pattern}] } } }
  Shown: { Type: AWS::SSM::Parameter, Properties: { Name: /coffee/rule, Type: String, Value: !Ref Rule } }
  Moved: { Type: AWS::SSM::Parameter, Properties: { Name: /coffee/${pattern}, Type: String, Value: x } }
${more}`;

/** LevelDB has a thread of its own: what it makes for a moment only may be gone when its turn comes. */
function copyWhole(from: string, to: string): void {
  for (;;)
    try {
      cpSync(from, to, { recursive: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      rmSync(to, { recursive: true, force: true });
    }
}

/** Copies of `data` while `operation` runs, one for every write of the journal that can be seen. */
async function copies(sandbox: Sandbox, data: string, operation: () => Promise<unknown>): Promise<string[]> {
  const account = path.join(data, 'accounts', '123456789012');
  const size = (): number =>
    existsSync(account)
      ? readdirSync(account)
          .filter((name) => name.startsWith('journal.'))
          .reduce((sum, name) => sum + statSync(path.join(account, name)).size, 0)
      : 0;
  const made: string[] = [];
  let running = true;
  const done = operation()
    .then(() => sandbox.settle())
    .finally(() => {
      running = false;
    });
  let seen = size();
  while (running) {
    await new Promise<void>((next) => setImmediate(next));
    if (size() === seen) continue;
    seen = size();
    const copy = path.join(folder, `copy-${made.length}`);
    copyWhole(data, copy);
    made.push(copy);
  }
  await done;
  return made;
}

async function state(sandbox: Sandbox): Promise<unknown> {
  await sandbox.settle();
  const config = clientConfig(sandbox);
  const cloudformation = new CloudFormationClient(config);
  const bridge = new EventBridgeClient(config);
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'coffee' }));
  const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: 'coffee' }));
  const { EventBuses = [] } = await bridge.send(new ListEventBusesCommand({}));
  const bus = EventBuses.some((found) => found.Name === 'Coffee');
  const { Rules = [] } = bus ? await bridge.send(new ListRulesCommand({ EventBusName: 'Coffee' })) : {};
  const { Parameters = [] } = await new SSMClient(config).send(new GetParametersByPathCommand({ Path: '/coffee' }));
  const rule = StackResources.find((resource) => resource.LogicalResourceId === 'Rule')?.PhysicalResourceId;
  return {
    status: Stacks?.[0]?.StackStatus,
    resources: StackResources.map((resource) => resource.LogicalResourceId).sort(),
    rules: Rules.map((found) => [`Coffee|${found.Name}` === rule, found.EventPattern]),
    parameters: Parameters.map((parameter) => [
      parameter.Name,
      parameter.Value === rule ? 'the rule' : parameter.Value,
    ]).sort(),
  };
}

async function killedEverywhere(
  before: (cloudformation: CloudFormationClient, sandbox: Sandbox) => Promise<void>,
  operation: (cloudformation: CloudFormationClient) => Promise<unknown>,
): Promise<unknown[]> {
  const data = path.join(folder, 'data');
  const { made, last } = await withSandbox(
    async (sandbox) => {
      const cloudformation = new CloudFormationClient(clientConfig(sandbox));
      await before(cloudformation, sandbox);
      return { made: await copies(sandbox, data, () => operation(cloudformation)), last: await state(sandbox) };
    },
    { dir: data, pace: 8 },
  );
  expect(made.length).toBeGreaterThan(3);
  const ends: unknown[] = [];
  for (const dir of made) ends.push(await withSandbox(state, { dir }));
  for (const end of ends) expect(end).toEqual(last);
  return [last];
}

/** Made by services that take their time, or that give the name themselves. */
const SLOW = `
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: coffee
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }] } } }
  Make: { Type: AWS::Lambda::Function, Properties: { FunctionName: coffee, Runtime: nodejs24.x, Handler: index.handler, Role: !GetAtt Role.Arn, Code: { ZipFile: x } } }
  Pool: { Type: AWS::Cognito::UserPool, Properties: { UserPoolName: coffee } }
`;

test('a creation that was killed at any step goes on and makes nothing twice', async () => {
  const [last] = await killedEverywhere(
    async () => {},
    (cloudformation) =>
      cloudformation.send(
        new CreateStackCommand({
          StackName: 'coffee',
          TemplateBody: template('shop', SLOW),
          Capabilities: ['CAPABILITY_IAM'],
        }),
      ),
  );
  expect(last).toEqual({
    status: 'CREATE_COMPLETE',
    resources: ['Bus', 'Make', 'Moved', 'Pool', 'Role', 'Rule', 'Shown', 'Table'],
    rules: [[true, '{"source":["shop"]}']],
    parameters: [
      ['/coffee/rule', 'the rule'],
      ['/coffee/shop', 'x'],
    ],
  });
});

const taken =
  '  Taken: { Type: AWS::SSM::Parameter, DependsOn: [Rule, Moved], Properties: { Name: /taken, Type: String, Value: x } }';

async function created(cloudformation: CloudFormationClient, sandbox: Sandbox): Promise<void> {
  await new SSMClient(clientConfig(sandbox)).send(
    new PutParameterCommand({ Name: '/taken', Type: 'String', Value: 'mine' }),
  );
  await cloudformation.send(new CreateStackCommand({ StackName: 'coffee', TemplateBody: template('shop') }));
  await sandbox.settle();
}

test('an update that was killed at any step goes on, clean-up included', async () => {
  const [last] = await killedEverywhere(created, (cloudformation) =>
    cloudformation.send(new UpdateStackCommand({ StackName: 'coffee', TemplateBody: template('bar') })),
  );
  expect(last).toMatchObject({
    status: 'UPDATE_COMPLETE',
    rules: [[true, '{"source":["bar"]}']],
    parameters: [
      ['/coffee/bar', 'x'],
      ['/coffee/rule', 'the rule'],
    ],
  });
});

test('a failing update that was killed at any step ends where it began', async () => {
  const [last] = await killedEverywhere(created, (cloudformation) =>
    cloudformation.send(new UpdateStackCommand({ StackName: 'coffee', TemplateBody: template('bar', taken) })),
  );
  expect(last).toMatchObject({
    status: 'UPDATE_ROLLBACK_COMPLETE',
    rules: [[true, '{"source":["shop"]}']],
    parameters: [
      ['/coffee/rule', 'the rule'],
      ['/coffee/shop', 'x'],
    ],
  });
});

test('a deletion asked for while the creation runs wins', () =>
  withSandbox(
    async (sandbox) => {
      const cloudformation = new CloudFormationClient(clientConfig(sandbox));
      const { StackId = '' } = await cloudformation.send(
        new CreateStackCommand({ StackName: 'coffee', TemplateBody: template('shop') }),
      );
      await cloudformation.send(new DeleteStackCommand({ StackName: 'coffee' }));
      await sandbox.settle();
      const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: StackId }));
      expect(Stacks?.[0]?.StackStatus).toBe('DELETE_COMPLETE');
      const { EventBuses = [] } = await new EventBridgeClient(clientConfig(sandbox)).send(
        new ListEventBusesCommand({}),
      );
      expect(EventBuses.map((bus) => bus.Name)).toEqual(['default']);
    },
    { pace: 5 },
  ));
