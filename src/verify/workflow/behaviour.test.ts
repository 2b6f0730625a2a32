import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checklistsOf } from '../../flows/prove.ts';
import { checksDir } from '../../paths.ts';
import { readBuild } from '../../solve/build.ts';
import { mutantsOf } from '../../testing/mutants.ts';
import { factsOfDefinition, offlineChecks, type Result, verify } from '../index.ts';
import { Expressions, type Item } from './expression.ts';
import { stockOf, useTables } from './tables.ts';

const solution = path.join(checksDir(), 'module-1', 'solution');
const lists = offlineChecks(checklistsOf(['module-1']));

type Definition = { States: Record<string, Record<string, unknown>>; [field: string]: unknown };
const fresh = (): Definition =>
  JSON.parse(readFileSync(path.join(solution, 'order-processor.asl.json'), 'utf8')) as Definition;

async function judge(definition: unknown): Promise<Result[]> {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  for await (const { checks } of verify(lists, factsOfDefinition(text), (error) => {
    throw error;
  }))
    return checks;
  return [];
}

const failing = (results: Result[]) => results.filter(({ status }) => status === 'fail');
const notPassing = (results: Result[]) => results.filter(({ status }) => status !== 'pass').map(({ id }) => id);

describe('definitions that are none', () => {
  test.each([
    ['empty', '', 'empty'],
    ['not JSON', '{ "StartAt": ', 'end-of-input'],
    ['another JSON value', '[1, 2]', 'Object'],
    ['no states', '{"StartAt": "A"}', 'States'],
    [
      'a state that nobody reaches',
      '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true},"B":{"Type":"Pass","End":true}}}',
      'reach',
    ],
    ['a transition to nowhere', '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}', 'B'],
    [
      'more than a megabyte',
      JSON.stringify({ Comment: 'x'.repeat(1_100_000), StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }),
      '1048576',
    ],
    ['deeper than anybody nests', `${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`, 'nesting depth'],
  ])('%s: one failure that says so, and everything else waits', async (_, text, says) => {
    const results = await judge(text);
    expect(failing(results).map(({ id }) => id)).toEqual(['module-1a.workflow']);
    expect(failing(results)[0]?.found).toContain(says);
    expect(results.filter(({ status }) => status === 'waiting')).toHaveLength(results.length - 1);
  });

  test('what a template fills in on the way is not judged from the file, and is named', async () => {
    const text = JSON.stringify(fresh()).replaceAll('"Serverlesspresso"', '"${EventBusName}"');
    const results = await judge(text);
    expect(failing(results)).toEqual([]);
    const [first] = results.filter(({ status }) => status === 'error');
    expect(first).toMatchObject({
      id: 'module-1a.workflow',
      found: expect.stringContaining('${EventBusName}') as string,
    });
  });

  test('a state that takes a token and does not wait is told that it has none', async () => {
    const definition = fresh();
    const state = definition.States['Emit waiting for completion'] ?? {};
    state['Resource'] = 'arn:aws:states:::events:putEvents';
    const [first] = failing(await judge(definition));
    expect(first).toMatchObject({
      id: 'module-1b.waiting',
      hint: expect.stringContaining('putEvents.waitForTaskToken') as string,
    });
  });

  test('names with control characters are judged like others', async () => {
    const text = JSON.stringify(fresh()).replaceAll('Emit order finished', 'Bye\\u202e\\u200f 👋');
    expect(notPassing(await judge(text))).toEqual([]);
  });

  test('a large definition that is right passes', async () => {
    const definition = fresh();
    for (const state of Object.values(definition.States)) state['Comment'] = 'x'.repeat(80_000);
    expect(notPassing(await judge(definition))).toEqual([]);
  });
});

describe('orders without an end', () => {
  test('a circle of states that do nothing is bounded and named', async () => {
    const definition = fresh();
    definition.States['Is there capacity?'] = { Type: 'Pass', Next: 'Round' };
    definition.States['Round'] = {
      Type: 'Choice',
      Choices: [
        { Variable: '$.never', IsPresent: true, Next: 'Emit shop unavailable' },
        { Variable: '$.started', IsPresent: true, Next: 'Emit workflow started' },
      ],
      Default: 'Is there capacity?',
    };
    const [first] = failing(await judge(definition));
    expect(first).toMatchObject({ id: 'module-1a.capacity', found: expect.stringContaining('never ends') });
  });

  test('a circle of Wait states is bounded and named', async () => {
    const definition = fresh();
    definition.States['Emit order finished'] = { ...definition.States['Emit order finished'], Next: 'Rest' };
    delete definition.States['Emit order finished']?.['End'];
    definition.States['Rest'] = { Type: 'Wait', Seconds: 60, Next: 'Emit order finished' };
    const results = failing(await judge(definition));
    expect(results.map(({ id }) => id)).toEqual(['module-1b.finished']);
    expect(results[0]?.found).toContain('never ends');
  });
});

describe('pauses on the way', () => {
  const paused = (before: string, after: string, field: string, Seconds: number) => {
    const definition = fresh();
    (definition.States[before] ?? {})[field] = 'Rest';
    definition.States['Rest'] = { Type: 'Wait', Seconds, Next: after };
    return judge(definition);
  };

  test.each([
    ['Is there capacity?', 'Emit workflow started', 'Default', 'module-1b.started'],
    ['Emit workflow started', 'Take order number', 'Next', 'module-1b.waiting'],
    ['Emit waiting for completion', 'Emit order finished', 'Next', 'module-1b.finished'],
  ])('a minute after %s is borne, an hour is told', async (before, after, field, id) => {
    expect(notPassing(await paused(before, after, field, 60))).toEqual([]);
    const [first] = failing(await paused(before, after, field, 3_600));
    expect(first).toMatchObject({ id, found: expect.stringMatching(/only 3600 seconds after/) as string });
  });
});

describe('waits that are limited in another way than on the state', () => {
  test('by a timer beside it', async () => {
    const definition = fresh();
    const {
      Catch,
      HeartbeatSeconds: _,
      Next,
      ResultPath: __,
      ...wait
    } = definition.States['Emit workflow started'] ?? {};
    const late = (Catch as { Next: string }[])[0]?.Next;
    // A Parallel ends when all branches have, or one fails: so whichever comes first fails, and is caught.
    const branch = (name: string, state: Record<string, unknown>, error: string) => ({
      StartAt: name,
      States: { [name]: { ...state, Next: error }, [error]: { Type: 'Fail', Error: error } },
    });
    definition.States['Emit workflow started'] = {
      Type: 'Parallel',
      Branches: [branch('Ask', wait, 'Answered'), branch('Timer', { Type: 'Wait', Seconds: 600 }, 'Late')],
      Catch: [
        { ErrorEquals: ['Answered'], ResultPath: null, Next },
        { ErrorEquals: ['Late'], ResultPath: null, Next: late },
      ],
      Next: late,
    };
    expect(notPassing(await judge(definition))).toEqual([]);
  });

  test('by the workflow as a whole, too short for an order in which both take their time', async () => {
    const [first] = failing(await judge({ ...fresh(), TimeoutSeconds: 1_200 }));
    expect(first).toMatchObject({ id: 'module-1b.finished', hint: expect.stringContaining('workflow as a whole') });
  });
});

describe('what cannot be known from a definition', () => {
  const withTask = (before: string, after: string, state: Record<string, unknown>): Definition => {
    const definition = fresh();
    (definition.States[before] as Record<string, unknown>)['Next'] = 'Own step';
    definition.States['Own step'] = { Type: 'Task', ...state, Next: after };
    return definition;
  };

  test('a function whose answer nobody needs does not stand in the way', async () => {
    const definition = withTask('Emit workflow started', 'Take order number', {
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { FunctionName: 'log-it', 'Payload.$': '$' },
      ResultPath: null,
    });
    expect(notPassing(await judge(definition))).toEqual([]);
  });

  test('a function that emits an event itself: an error, never a fail', async () => {
    const definition = fresh();
    definition.States['Emit order finished'] = {
      Type: 'Task',
      Resource: 'arn:aws:lambda:us-east-1:123456789012:function:finish',
      End: true,
    };
    const results = await judge(definition);
    expect(failing(results)).toEqual([]);
    expect(results.filter(({ status }) => status === 'error')).toMatchObject([
      {
        id: 'module-1b.finished',
        found: expect.stringContaining('function of the state "Emit order finished"'),
        hint: expect.stringContaining('--live'),
      },
    ]);
  });

  test('a queue that gets a copy, and a table of the learner’s own, change nothing', async () => {
    const definition = withTask('Emit workflow started', 'Take order number', {
      Resource: 'arn:aws:states:::sqs:sendMessage',
      Parameters: { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/mine', 'MessageBody.$': '$.detail' },
      ResultPath: null,
    });
    definition.States['Emit waiting for completion'] = {
      ...definition.States['Emit waiting for completion'],
      Next: 'Keep a record',
    };
    definition.States['Keep a record'] = {
      Type: 'Task',
      Resource: 'arn:aws:states:::dynamodb:putItem',
      Parameters: { TableName: 'my-statistics', Item: { id: { 'S.$': '$.detail.orderId' } } },
      ResultPath: null,
      Next: 'Emit order finished',
    };
    expect(notPassing(await judge(definition))).toEqual([]);
  });

  test('a mistake beside such a queue is still a fail', async () => {
    const definition = withTask('Emit workflow started', 'Take order number', {
      Resource: 'arn:aws:states:::sqs:sendMessage',
      Parameters: { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/mine', MessageBody: 'x' },
      ResultPath: null,
    });
    definition.States['Emit waiting for completion'] = {
      ...definition.States['Emit waiting for completion'],
      HeartbeatSeconds: 200,
    };
    expect(failing(await judge(definition)).map(({ id }) => id)).toEqual(['module-1b.barista-times-out']);
  });
});

describe('where a definition belongs', () => {
  const withArn = (arn: string): Definition => {
    const definition = fresh();
    const list = definition.States['List orders in progress'] as { Parameters: Record<string, unknown> };
    list.Parameters = { StateMachineArn: arn, StatusFilter: 'RUNNING' };
    return definition;
  };

  test('the own ARN of any account and Region passes in a file that does not say whose it is', async () => {
    const arn = 'arn:aws:states:ap-southeast-2:999988887777:stateMachine:OrderProcessorWorkflow';
    expect(notPassing(await judge(withArn(arn)))).toEqual([]);
  });

  test('two accounts in one definition are one too many', async () => {
    const definition = withArn('arn:aws:states:us-east-1:999988887777:stateMachine:OrderProcessorWorkflow');
    const read = definition.States['Read shop state'] as { Parameters: Record<string, unknown> };
    read.Parameters['TableName'] = 'arn:aws:dynamodb:us-east-1:111122223333:table/serverlesspresso-config-table';
    expect(failing(await judge(definition))).toMatchObject([
      { id: 'module-1a.places', found: expect.stringContaining('111122223333') },
    ]);
  });
});

test('mutants that break an order for sure are caught, whichever the seed draws', async () => {
  const breaking = /^(drop-state|retarget|resource-suffix|drop-catch|drop-heartbeatseconds|drop-parameters|boolean)$/;
  const drawn = mutantsOf(readBuild(solution).resources, 20_261_122)
    .filter(({ operator }) => breaking.test(operator))
    .slice(0, 24);
  const survivors: string[] = [];
  for (const { name, resources } of drawn) {
    const [workflow] = resources;
    if (workflow?.kind === 'workflow' && failing(await judge(workflow.definition)).length === 0) survivors.push(name);
  }
  expect(drawn).toHaveLength(24);
  expect(survivors).toEqual([]);
});

describe('the tables of the simulated shop', () => {
  test('a scan answers with what its filter lets through, and is a look at the config item', () => {
    const scan = (parameters: Item) =>
      useTables('scan', { TableName: 'serverlesspresso-config-table', ...parameters }, stockOf(true, 0));
    expect(
      scan({
        FilterExpression: 'PK = :k',
        ExpressionAttributeValues: { ':k': { S: 'config' } },
        ProjectionExpression: 'storeOpen',
      }),
    ).toEqual({
      output: { Items: [{ storeOpen: { BOOL: true } }], Count: 1, ScannedCount: 2 },
      touched: [{ kind: 'config-read', found: true }],
    });
    expect(scan({ Limit: 1 })).toEqual({ unknown: expect.stringContaining('dynamodb:scan') as string });
  });

  const KEY = { TableName: 'serverlesspresso-counting-table', Key: { PK: { S: 'orderID' } } };
  const update = (parameters: Record<string, unknown>, counter: number | undefined = 41) => {
    const stock = stockOf(true, counter);
    const answer = useTables('updateItem', { ...KEY, ...parameters } as never, stock);
    return { answer, number: (stock.get(KEY.TableName)?.get('orderID')?.['IDvalue'] as { N: string } | undefined)?.N };
  };

  test.each([
    ['SET IDvalue = IDvalue + :v', '42'],
    ['set IDvalue=IDvalue+:v', '42'],
    ['SET IDvalue = :v + IDvalue', '42'],
    ['SET IDvalue = (IDvalue + :v)', '42'],
    ['ADD IDvalue :v', '42'],
    ['SET IDvalue = if_not_exists(IDvalue, :v) + :v', '42'],
    ['SET IDvalue = IDvalue - :v', '40'],
    ['SET IDvalue = :v', '1'],
    ['SET other = :v', '41'],
  ])('%s leads from 41 to %s', (UpdateExpression, number) => {
    expect(update({ UpdateExpression, ExpressionAttributeValues: { ':v': { N: '1' } } }).number).toBe(number);
  });

  test.each([
    ['SET IDvalue = IDvalue + :w', { ':v': { N: '1' } }, /not defined|unused/],
    ['SET IDvalue = idvalue + :v', { ':v': { N: '1' } }, /does not exist in the item/],
    ['SET IDvalue = IDvalue + :v', { ':v': { S: '1' } }, /incorrect data type/],
    ['SET IDvalue = IDvalue + :v', { ':v': { N: '1 ' } }, /cannot be converted to a numeric value/],
    ['SET IDvalue = IDvalue + :v', { ':v': { N: 1 } }, /must be a STRING/],
    ['SET IDvalue = IDvalue + :v', { ':v': { N: '1' }, ':w': { N: '2' } }, /unused in expressions: keys: \{:w\}/],
    ['SET IDvalue IDvalue + :v', { ':v': { N: '1' } }, /Syntax error/],
    ['', { ':v': { N: '1' } }, /can not be empty/],
    ['SET PK = :v', { ':v': { S: 'x' } }, /part of the key/],
  ])('%s with %o is refused as DynamoDB refuses it', (UpdateExpression, ExpressionAttributeValues, reason) => {
    expect(() => update({ UpdateExpression, ExpressionAttributeValues })).toThrow(reason);
  });

  test.each<[string, boolean]>([
    ['attribute_exists(n)', true],
    ['attribute_not_exists(n) OR n = :one', true],
    ['NOT n = :one', false],
    ['n BETWEEN :one AND :two AND begins_with(s, :pre)', true],
    ['n IN (:two, :one)', true],
    ['n > :one', false],
    ['size(s) > :two', true],
    ['missing <> :one', true],
    ['missing = :one', false],
    ['m.inner = :one', true],
  ])('the condition %s is %s', (text, answer) => {
    const item: Item = { n: { N: '1' }, s: { S: 'order' }, m: { M: { inner: { N: '1.0' } } } };
    const values = { ':one': { N: '1' }, ':two': { N: '2' }, ':pre': { S: 'ord' } };
    expect(new Expressions({ ExpressionAttributeValues: values }).condition(text, item)).toBe(answer);
  });

  test('a transaction is all or nothing', () => {
    const stock = stockOf(true, 1);
    const put = { Put: { TableName: KEY.TableName, Item: { PK: { S: 'orderID' }, IDvalue: { N: '9' } } } };
    const fails = {
      Update: {
        ...KEY,
        UpdateExpression: 'ADD IDvalue :v',
        ConditionExpression: 'IDvalue = :v',
        ExpressionAttributeValues: { ':v': { N: '1' } },
      },
    };
    expect(() => useTables('transactWriteItems', { TransactItems: [put, fails] } as never, stock)).toThrow(/cancelled/);
    expect(stock.get(KEY.TableName)?.get('orderID')?.['IDvalue']).toEqual({ N: '1' });
  });
});
