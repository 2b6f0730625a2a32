/** Functions and their roles in a sandbox, for the tests of what runs them. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import type { Sandbox } from '../sandbox/index.ts';
import { writeZip } from '../sandbox/zip.ts';
import { clientConfig } from './sandbox.ts';

/** On a sandbox with faults a test's own calls get through in the end. */
const patient = (sandbox: Sandbox) => ({ ...clientConfig(sandbox), maxAttempts: 20 });

export const FUNCTION_TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** A role for a function; `actions` are allowed on everything. The ARN. */
export async function makeRole(
  sandbox: Sandbox,
  name: string,
  actions: string[] = [],
  trust = FUNCTION_TRUST,
): Promise<string> {
  const iam = new IAMClient(patient(sandbox));
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
  if (actions.length > 0)
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: name,
        PolicyName: 'Work',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
        }),
      }),
    );
  return Role?.Arn ?? '';
}

type Code = string | Record<string, string>;
export const zip = (code: Code): Buffer => writeZip(typeof code === 'string' ? { 'index.js': code } : code);

/** A function that can be invoked at once, and a client for it. */
export async function makeFunction(
  sandbox: Sandbox,
  name: string,
  code: Code,
  more: Partial<CreateFunctionCommandInput> & { actions?: string[] } = {},
): Promise<LambdaClient> {
  const lambda = new LambdaClient(patient(sandbox));
  const { actions = [], ...rest } = more;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: await makeRole(sandbox, `${name}-role`, actions),
      Code: { ZipFile: zip(code) },
      ...rest,
    }),
  );
  await sandbox.settle();
  return lambda;
}

/** Invokes it: the answer, what it returned and the end of its log. */
export async function invoke(lambda: LambdaClient, name: string, event: unknown = {}) {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), LogType: 'Tail' }),
  );
  return {
    ...answer,
    result: JSON.parse(answer.Payload?.transformToString() ?? 'null') as unknown,
    log: Buffer.from(answer.LogResult ?? '', 'base64').toString(),
  };
}

/** A table for functions to write to, whose key is the text `id`; and a client for it. */
export async function makeTable(sandbox: Sandbox, name: string): Promise<DynamoDBClient> {
  const dynamo = new DynamoDBClient(patient(sandbox));
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await sandbox.settle();
  return dynamo;
}
