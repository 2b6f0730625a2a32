import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { invoke, makeFunction, makeTable } from '../../../testing/functions.ts';
import { withSandbox } from '../../../testing/sandbox.ts';

/** Sends `calls` twice through one client: first the SDK's whole way, then (as `whole` counts) the short one. */
const TWICE = `
const { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand, ScanCommand, BatchWriteItemCommand } = require('@aws-sdk/client-dynamodb');
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge');
const { IoTDataPlaneClient, PublishCommand } = require('@aws-sdk/client-iot-data-plane');
const { SFNClient, SendTaskSuccessCommand } = require('@aws-sdk/client-sfn');
const { LambdaClient, InvokeCommand } = require('@aws-sdk/client-lambda');
const TableName = 'notes';
const calls = {
  put: () => [DynamoDBClient, new PutItemCommand({ TableName, Item: { id: { S: 'é' }, bytes: { B: Buffer.from([0, 255]) }, list: { L: [{ N: '1.50' }, { BOOL: true }, { NULL: true }] } } })],
  get: () => [DynamoDBClient, new GetItemCommand({ TableName, Key: { id: { S: 'é' } } })],
  miss: () => [DynamoDBClient, new GetItemCommand({ TableName, Key: { id: { S: 'no' } } })],
  update: () => [DynamoDBClient, new UpdateItemCommand({ TableName, Key: { id: { S: 'b' } }, UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { SS: ['x', 'y'] } }, ReturnValues: 'ALL_NEW' })],
  condition: () => [DynamoDBClient, new UpdateItemCommand({ TableName, Key: { id: { S: 'é' } }, UpdateExpression: 'SET a = :a', ConditionExpression: 'attribute_not_exists(id)', ExpressionAttributeValues: { ':a': { S: 'x' } }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })],
  invalid: () => [DynamoDBClient, new PutItemCommand({ TableName, Item: { id: { N: '1' } } })],
  nothing: () => [DynamoDBClient, new GetItemCommand({})],
  odd: () => [DynamoDBClient, new PutItemCommand({ TableName, Item: { id: 'bare text' } })],
  denied: () => [DynamoDBClient, new ScanCommand({ TableName })],
  events: () => [EventBridgeClient, new PutEventsCommand({ Entries: [{ Source: 'a', DetailType: 'b', Detail: '{"c":1}' }, { Source: 'a', DetailType: 'b', Detail: 'not json' }] })],
  token: () => [SFNClient, new SendTaskSuccessCommand({ taskToken: 'x', output: '{}' })],
  text: () => [IoTDataPlaneClient, new PublishCommand({ topic: 'a/b c', payload: 'text', qos: 1, retain: true })],
  bytes: () => [IoTDataPlaneClient, new PublishCommand({ topic: 'a/#', payload: Buffer.from('bytes') })],
  invoke: () => [LambdaClient, new InvokeCommand({ FunctionName: 'nobody', Payload: '{}' })],
};
const clients = new Map();
const counted = new Map();
function clientOf(Client) {
  if (!clients.has(Client)) {
    const client = new Client({});
    const { maxAttempts } = client.config;
    client.config.maxAttempts = () => { counted.set(Client, (counted.get(Client) ?? 0) + 1); return maxAttempts(); };
    clients.set(Client, client);
  }
  return clients.get(Client);
}
const told = (value) => JSON.stringify(value, (key, inner) =>
  key === 'requestId' || key === 'EventId' || key === 'totalRetryDelay' ? typeof inner : inner instanceof Uint8Array ? [...inner] : inner);
async function outcome([Client, command]) {
  try {
    return told(await clientOf(Client).send(command));
  } catch (error) {
    return told({ ...error, name: error.name, message: error.message, of: error.constructor.name, fault: error.$fault, body: error.$response?.statusCode });
  }
}
exports.handler = async (names) => {
  const seen = {};
  for (const name of names.length ? names : Object.keys(calls)) {
    const [Client] = calls[name]();
    const first = await outcome(calls[name]());
    counted.set(Client, 0);
    seen[name] = { first, again: await outcome(calls[name]()), whole: counted.get(Client) };
  }
  return seen;
};`;
const ACTIONS = ['dynamodb:*Item', 'events:PutEvents', 'iot:Publish', 'iot:RetainPublish', 'states:SendTaskSuccess'];
type Seen = Record<string, { first: string; again: string; whole: number }>;

test('what goes the short way comes back as it does the whole way: answers, errors and all', () =>
  withSandbox(async (sandbox) => {
    await makeTable(sandbox, 'notes');
    const lambda = await makeFunction(sandbox, 'twice', TWICE, { actions: ACTIONS, Timeout: 30 });
    const { result, log } = await invoke(lambda, 'twice', []);
    const seen = result as Seen;
    expect(Object.keys(seen), log).toHaveLength(14);
    for (const [name, { first, again }] of Object.entries(seen)) expect(again, name).toBe(first);
    // Those that are answered well never see the pipeline again; of the others it makes the error.
    const short = Object.entries(seen).flatMap(([name, { whole }]) => (whole === 0 ? [name] : []));
    expect(short).toEqual(['put', 'get', 'miss', 'update', 'events', 'text']);
    expect(seen['get']?.again).toContain('"bytes":{"B":[0,255]}');
    expect(seen['condition']?.again).toContain('"name":"ConditionalCheckFailedException"');
    expect(seen['denied']?.again).toContain('AccessDeniedException');
    expect(seen['token']?.again).toContain('InvalidToken');
  }));

test('a bad answer on the short way is the pipeline’s first try: it goes on from there, and nothing is done twice', () =>
  withSandbox(
    async (sandbox) => {
      const dynamo = await makeTable(sandbox, 'notes');
      const lambda = await makeFunction(
        sandbox,
        'adds',
        `const { DynamoDBClient, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');
         const client = new DynamoDBClient({ maxAttempts: 12 });
         exports.handler = async () => {
           let tries = 0;
           for (let i = 0; i < 25; i++) {
             const { $metadata } = await client.send(new UpdateItemCommand({ TableName: 'notes', Key: { id: { S: 'sum' } },
               UpdateExpression: 'ADD times :one', ExpressionAttributeValues: { ':one': { N: '1' } } }));
             tries += $metadata.attempts;
           }
           return tries;
         };`,
        { actions: ['dynamodb:UpdateItem'], Timeout: 60 },
      );
      const { result } = await invoke(lambda, 'adds');
      // Faults strike before the work is done, so a try that failed has added nothing.
      expect(result).toBeGreaterThan(27);
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'notes', Key: { id: { S: 'sum' } } }));
      expect(Item?.['times']).toEqual({ N: '25' });
    },
    { faults: { throttle: 0.1, fault: 0.1, drop: 0.1, seed: 7 } },
  ));

test('a client that is changed, logs, or talks to somebody else does not go the short way', () =>
  withSandbox(async (sandbox) => {
    await makeTable(sandbox, 'notes');
    const lambda = await makeFunction(
      sandbox,
      'changed',
      `const { DynamoDBClient, GetItemCommand } = require('@aws-sdk/client-dynamodb');
       const get = () => new GetItemCommand({ TableName: 'notes', Key: { id: { S: 'x' } } });
       exports.handler = async () => {
         const seen = [];
         const client = new DynamoDBClient({});
         await client.send(get());
         await client.send(get());
         client.middlewareStack.add((next) => (args) => { seen.push('step'); return next(args); }, { step: 'finalizeRequest', name: 'mine' });
         await client.send(get());
         await client.send(get());
         client.middlewareStack.remove('mine');
         await client.send(get());
         await client.send(get());
         const note = () => seen.push('logged');
         const logs = new DynamoDBClient({ logger: { info: note, debug() {}, warn() {}, error: note, trace() {} } });
         await logs.send(get());
         await logs.send(get());
         const { requestHandler } = client.config;
         client.config.requestHandler = { handle: async () => { throw new Error('own handler'); } };
         await client.send(get()).catch((error) => seen.push(error.message));
         client.config.requestHandler = requestHandler;
         await client.send(get());
         const away = new DynamoDBClient({ endpoint: 'http://192.0.2.1:1', maxAttempts: 1 });
         for (let i = 0; i < 2; i++) await away.send(get()).catch((error) => seen.push(error.code));
         const stopped = new AbortController();
         stopped.abort();
         await client.send(get(), { abortSignal: stopped.signal }).catch((error) => seen.push(error.name));
         const stops = new AbortController();
         const command = get();
         command.middlewareStack.add((next) => (args) => {
           const answer = next(args);
           stops.abort();
           return answer;
         }, { step: 'deserialize', priority: 'low' });
         const late = client.send(command, { abortSignal: stops.signal }).catch((error) => seen.push(error.name));
         await late;
         await new Promise((done) => client.send(get(), (error, output) => { seen.push(output.$metadata.httpStatusCode); done(); }));
         return seen;
       };`,
      { actions: ['dynamodb:GetItem'], Timeout: 30 },
    );
    expect((await invoke(lambda, 'changed')).result).toEqual([
      'step',
      'step',
      'logged',
      'logged',
      'own handler',
      'ENETUNREACH',
      'ENETUNREACH',
      'AbortError',
      'AbortError',
      200,
    ]);
  }));
