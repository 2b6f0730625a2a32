/** Takes single things away that a stack would have taken, were there one. Each is fine when the thing is already gone. */
import type { Connection } from './connection.ts';
import { deleteRule, listRules } from './events.ts';
import { deleteFunction } from './functions.ts';
import { deletePolicy } from './hand-made-roles.ts';
import { deleteHttpApi } from './http-apis.ts';
import { deleteIotPolicy, deleteLogGroup, deleteLogPolicy, quietly } from './leftovers.ts';
import { deleteQueue } from './queues.ts';
import { deleteRole } from './roles.ts';
import { deleteDashboard } from './sales.ts';
import { deleteStateMachine } from './states.ts';

const eventBridge = (connection: Connection) =>
  connection.client(
    'eventbridge',
    async (config) => new (await import('@aws-sdk/client-eventbridge')).EventBridge(config),
  );
const cognito = (connection: Connection) =>
  connection.client(
    'cognito-idp',
    async (config) => new (await import('@aws-sdk/client-cognito-identity-provider')).CognitoIdentityProvider(config),
  );

export async function deleteBus(connection: Connection, name: string): Promise<void> {
  for (const rule of await listRules(connection, name)) await deleteRule(connection, name, rule.name);
  const client = await eventBridge(connection);
  await quietly(() => client.deleteEventBus({ Name: name }));
}

export async function deleteTable(connection: Connection, name: string): Promise<void> {
  const client = await connection.client(
    'dynamodb',
    async (config) => new (await import('@aws-sdk/client-dynamodb')).DynamoDB(config),
  );
  await quietly(() => client.deleteTable({ TableName: name }));
}

export async function deleteParameter(connection: Connection, name: string): Promise<void> {
  const client = await connection.client(
    'ssm',
    async (config) => new (await import('@aws-sdk/client-ssm')).SSM(config),
  );
  await quietly(() => client.deleteParameter({ Name: name }));
}

export async function deleteUserPool(connection: Connection, id: string): Promise<void> {
  const client = await cognito(connection);
  await quietly(async () => {
    // A pool with a domain of its own cannot be deleted (API page "DeleteUserPool").
    const { UserPool } = await client.describeUserPool({ UserPoolId: id });
    if (UserPool?.Domain) await client.deleteUserPoolDomain({ UserPoolId: id, Domain: UserPool.Domain });
    await client.deleteUserPool({ UserPoolId: id });
  });
}

export async function deleteIdentityPool(connection: Connection, id: string): Promise<void> {
  const client = await connection.client(
    'cognito-identity',
    async (config) => new (await import('@aws-sdk/client-cognito-identity')).CognitoIdentity(config),
  );
  await quietly(() => client.deleteIdentityPool({ IdentityPoolId: id }));
}

async function deleteMapping(connection: Connection, UUID: string): Promise<void> {
  const client = await connection.client(
    'lambda',
    async (config) => new (await import('@aws-sdk/client-lambda')).Lambda(config),
  );
  await quietly(() => client.deleteEventSourceMapping({ UUID }));
}

const WAYS: Record<string, (connection: Connection, id: string) => Promise<unknown>> = {
  'AWS::Events::EventBus': deleteBus,
  'AWS::Events::Rule': (connection, id) => {
    const [bus, name] = id.includes('|') ? id.split('|') : ['default', id];
    return deleteRule(connection, bus ?? 'default', name ?? id);
  },
  'AWS::DynamoDB::Table': deleteTable,
  'AWS::SSM::Parameter': deleteParameter,
  'AWS::Cognito::UserPool': deleteUserPool,
  'AWS::Cognito::IdentityPool': deleteIdentityPool,
  'AWS::IoT::Policy': deleteIotPolicy,
  'AWS::Lambda::Function': deleteFunction,
  'AWS::Lambda::EventSourceMapping': deleteMapping,
  'AWS::Logs::LogGroup': deleteLogGroup,
  'AWS::Logs::ResourcePolicy': deleteLogPolicy,
  'AWS::IAM::Role': deleteRole,
  'AWS::IAM::ManagedPolicy': deletePolicy,
  'AWS::StepFunctions::StateMachine': deleteStateMachine,
  'AWS::ApiGatewayV2::Api': deleteHttpApi,
  'AWS::SQS::Queue': deleteQueue,
  'AWS::CloudWatch::Dashboard': deleteDashboard,
};

/** Parts that go when what they belong to goes: an API, a function, a queue, a pool. */
const PARTS = new Set(
  `AWS::ApiGatewayV2::Stage AWS::ApiGatewayV2::Route AWS::ApiGatewayV2::Integration AWS::ApiGatewayV2::Authorizer
   AWS::Lambda::Permission AWS::SQS::QueuePolicy AWS::Cognito::UserPoolClient AWS::Cognito::UserPoolGroup
   AWS::Cognito::IdentityPoolRoleAttachment AWS::Cognito::IdentityPoolPrincipalTag`.split(/\s+/),
);

/**
 * Deletes a resource that a stack would not let go, by CloudFormation's name of its type; a part is left to go with what it
 * belongs to. False where there is no way to delete that type by hand.
 */
export async function deleteByType(connection: Connection, type: string, physicalId: string): Promise<boolean> {
  if (PARTS.has(type)) return true;
  const way = WAYS[type];
  if (!way) return false;
  await way(connection, physicalId);
  return true;
}
