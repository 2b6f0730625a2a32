/**
 * One file, so that the rules can be read beside each other. Each section names the page it is drawn from: "SL" is the
 * States Language specification, "DG" the Step Functions developer guide, "API" the API reference.
 */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../types.ts';
import { invalidDefinitionMessage, MAX_DEFINITION_BYTES, validateDefinition } from './index.ts';

type Type = 'STANDARD' | 'EXPRESS';

/** Findings as one line each: `CODE message at location`. */
function findings(definition: Json | string, type: Type = 'STANDARD'): string[] {
  const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
  return validateDefinition(text, { type }).map(
    ({ code, message, location, severity }) =>
      `${severity === 'WARNING' ? 'warning ' : ''}${code}: ${message} at ${location ?? 'null'}`,
  );
}

/** A machine of one state S, which ends unless it says otherwise. */
function one(state: JsonObject, more: JsonObject = {}): JsonObject {
  const ends = ['Succeed', 'Fail', 'Choice'].includes(String(state.Type)) || 'Next' in state || 'End' in state;
  return { StartAt: 'S', States: { S: ends ? state : { ...state, End: true } }, ...more };
}

const schema = (message: string, location = '/States/S'): string =>
  `SCHEMA_VALIDATION_FAILED: ${message} at ${location}`;
const lambda = 'arn:aws:lambda:us-east-1:123456789012:function:f';
const task = (more: JsonObject = {}): JsonObject => ({ Type: 'Task', Resource: lambda, ...more });

describe('API, ValidateStateMachineDefinition: the text', () => {
  test('an empty text and a text that is not JSON', () => {
    expect(findings(' ')).toEqual(['MISSING_DESCRIPTION: Received a null or empty workflow input at null']);
    const [found] = validateDefinition('{\n  "StartAt": "A"\n  "States": {}\n}', { type: 'STANDARD' });
    expect(found).toMatchObject({ code: 'INVALID_JSON_DESCRIPTION', line: 3, column: 3 });
    expect(found?.message).toContain('was expecting comma to separate Object entries');
  });
  test.each([
    '{',
    '{"a"',
    '{"a":',
    '[1,',
    '"a',
    '{"a":01}',
    '{a:1}',
    '{"a":1,}',
    '{"a":"\\x"}',
    '{} {}',
    'nul',
    '{"a":\t"\t"}',
    "{'a':1}",
  ])('is refused: %s', (text) => {
    expect(validateDefinition(text, { type: 'STANDARD' })).toEqual([
      expect.objectContaining({ severity: 'ERROR', code: 'INVALID_JSON_DESCRIPTION' }),
    ]);
  });
  test('a finding carries the line and column of its value', () => {
    const text =
      '{\n  "StartAt": "S",\n  "States": {\n    "S": { "Type": "Pass", "Next": "T" },\n    "U": {"Type": "Succeed"}\n  }\n}';
    expect(validateDefinition(text, { type: 'STANDARD' })[0]).toEqual({
      severity: 'ERROR',
      code: 'MISSING_TRANSITION_TARGET',
      message: "Missing 'Next' target: T",
      location: '/States/S/Next',
      line: 4,
      column: 36,
    });
  });
  test('a name given twice is not silently dropped', () => {
    expect(findings('{"StartAt":"S","States":{"S":{"Type":"Succeed"},"S":{"Type":"Succeed"}}}')).toEqual([
      'DUPLICATE_STATE_NAME: Duplicate State name: S at /States/S',
    ]);
    expect(findings('{"StartAt":"S","StartAt":"S","States":{"S":{"Type":"Succeed"}}}')).toEqual([
      "INVALID_JSON_DESCRIPTION: Duplicate field 'StartAt' at /",
    ]);
  });
  test('more than a megabyte (DG, "Step Functions service quotas")', () => {
    const text = JSON.stringify(one({ Type: 'Pass', Comment: 'x'.repeat(MAX_DEFINITION_BYTES) }));
    expect(findings(text)[0]).toContain('larger than 1048576 bytes');
  });
  test('CreateStateMachine puts the errors into one sentence and leaves the advice out', () => {
    const found = validateDefinition(JSON.stringify(one({ Type: 'Pass', Next: 'A', Result: '$.a' })), {
      type: 'STANDARD',
    });
    expect(found.map(({ severity }) => severity)).toContain('WARNING');
    expect(invalidDefinitionMessage(found)).toBe(
      "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /States/S/Next, MISSING_END_STATE: Workflow has no terminal state at null'",
    );
  });
});

describe('SL, "Top-level fields" and "Transitions"', () => {
  test('StartAt and States', () => {
    expect(findings({ States: { S: { Type: 'Succeed' } } })).toEqual([
      schema('These fields are required: [StartAt]', '/'),
    ]);
    expect(findings({ StartAt: 'S' })).toEqual([schema('These fields are required: [States]', '/')]);
    expect(findings({ StartAt: 'S', States: [] })).toEqual([schema('Expected value of type Object', '/States')]);
    expect(findings([])).toEqual([schema('Expected value of type Object', '/')]);
    expect(findings(one({ Type: 'Pass' }, { Version: '2.0' }))).toEqual([
      schema('Value should be one of the following: [1.0]', '/Version'),
    ]);
    expect(findings(one({ Type: 'Pass' }, { Startat: 'S' }))).toEqual([
      schema("Field 'Startat' is not supported", '/'),
    ]);
  });
  test('a start and a target that do not exist, a state nobody goes to', () => {
    expect(
      findings({ StartAt: 'Nowhere', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Succeed' } } }),
    ).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /StartAt",
      'MISSING_TRANSITION_TARGET: State "A" is not reachable. at /States/A',
    ]);
  });
  test('every kind of target is looked up, each under its own place', () => {
    const states = {
      S: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'X' }], Default: 'Y' },
      T: task({ Next: 'S', Catch: [{ ErrorEquals: ['E'], Next: 'Z' }] }),
      End: { Type: 'Succeed' },
    };
    expect(findings({ StartAt: 'T', States: states })).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/S/Default",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/S/Choices[0]/Next",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/T/Catch[0]/Next",
      'MISSING_TRANSITION_TARGET: State "End" is not reachable. at /States/End',
    ]);
  });
  test('no terminal state: one finding without a place', () => {
    const states = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' }, C: { Type: 'Pass', Next: 'A' } };
    expect(findings({ StartAt: 'A', States: states })).toEqual([
      'MISSING_END_STATE: Workflow has no terminal state at null',
    ]);
  });
  test('Next or End, one of them', () => {
    expect(findings(one({ Type: 'Pass', Next: 'S', End: true }))).toEqual([
      schema('There should only be one of the following fields: [Next, End]'),
    ]);
    expect(findings(one({ Type: 'Pass', End: false }))).toEqual([
      schema('This object should have only one of the following fields: [Next, End]'),
    ]);
    expect(findings(one({ Type: 'Pass', End: 'yes' }))).toContain(
      schema('Expected value of type Boolean', '/States/S/End'),
    );
  });
  test('a target must be in the same machine (SL, "Parallel State")', () => {
    const branch = { StartAt: 'In', States: { In: { Type: 'Pass', Next: 'Out' }, Done: { Type: 'Succeed' } } };
    const definition = {
      StartAt: 'P',
      States: { P: { Type: 'Parallel', Branches: [branch], Next: 'Out' }, Out: { Type: 'Succeed' } },
    };
    expect(findings(definition)).toEqual([
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Out at /States/P/Branches[0]/States/In/Next",
      'MISSING_TRANSITION_TARGET: State "Done" is not reachable. at /States/P/Branches[0]/States/Done',
    ]);
  });
  test('names of states are unique over the whole definition and at most 80 characters long', () => {
    const branch = { StartAt: 'S', States: { S: { Type: 'Succeed' } } };
    expect(findings(one({ Type: 'Parallel', Branches: [branch] }))).toEqual([
      'DUPLICATE_STATE_NAME: Duplicate State name: S at /States/S/Branches[0]/States/S',
    ]);
    const long = 'n'.repeat(81);
    expect(findings({ StartAt: long, States: { [long]: { Type: 'Succeed' } } })[0]).toMatch(/^INVALID_STATE_NAME/);
  });
  test('Type', () => {
    expect(findings(one({ Type: 'Loop' }))[0]).toMatch(/Value should be one of the following: .* at \/States\/S\/Type/);
    expect(findings({ StartAt: 'S', States: { S: {} } })[0]).toBe(schema('These fields are required: [Type]'));
  });
});

describe('DG, one page for each state: which fields a state takes', () => {
  const everywhere: Record<string, JsonObject> = {
    Pass: { Type: 'Pass' },
    Wait: { Type: 'Wait', Seconds: 1 },
    Succeed: { Type: 'Succeed' },
    Fail: { Type: 'Fail' },
    Choice: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'S' }] },
    Parallel: { Type: 'Parallel', Branches: [{ StartAt: 'B', States: { B: { Type: 'Succeed' } } }] },
    Map: { Type: 'Map', ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Succeed' } } } },
    Task: task(),
  };
  const taken: Record<string, [Json, string[]]> = {
    TimeoutSeconds: [5, ['Task']],
    Retry: [[], ['Task', 'Parallel', 'Map']],
    Catch: [[], ['Task', 'Parallel', 'Map']],
    ResultSelector: [{}, ['Task', 'Parallel', 'Map']],
    Parameters: [{}, ['Pass', 'Task', 'Parallel', 'Map']],
    ResultPath: ['$', ['Pass', 'Task', 'Parallel', 'Map']],
    Result: [1, ['Pass']],
    InputPath: ['$', ['Pass', 'Task', 'Parallel', 'Map', 'Wait', 'Succeed', 'Choice']],
    Assign: [{}, ['Pass', 'Task', 'Parallel', 'Map', 'Wait', 'Choice']],
    Credentials: [{ RoleArn: 'r' }, ['Task']],
  };
  for (const [field, [value, types]] of Object.entries(taken))
    test(`${field}: ${types.join(', ')}`, () => {
      for (const [type, state] of Object.entries(everywhere)) {
        const refused = findings(one({ ...state, [field]: value })).includes(
          schema(`Field '${field}' is not supported`),
        );
        expect([type, refused]).toEqual([type, !types.includes(type)]);
      }
    });
  test('Pass with all it may have', () => {
    const pass = {
      Type: 'Pass',
      Comment: 'c',
      InputPath: '$.a',
      Parameters: { 'b.$': '$.b' },
      Result: 1,
      ResultPath: null,
      OutputPath: '$',
      Assign: { x: 1 },
    };
    expect(findings(one(pass))).toEqual([]);
  });
  test('Wait: exactly one way, and a good one', () => {
    expect(findings(one({ Type: 'Wait' }))).toEqual([
      schema(
        'This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp]',
      ),
    ]);
    expect(findings(one({ Type: 'Wait', Seconds: 1, SecondsPath: '$.s' }))).toEqual([
      schema('There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp]'),
    ]);
    expect(findings(one({ Type: 'Wait', Seconds: -1 }))).toEqual([schema('Minimum value is 0', '/States/S/Seconds')]);
    expect(findings(one({ Type: 'Wait', Seconds: 99_999_999 }))).toEqual([]);
    expect(findings(one({ Type: 'Wait', Seconds: '1' }))).toEqual([
      schema('Expected value of type Integer', '/States/S/Seconds'),
    ]);
    expect(findings(one({ Type: 'Wait', Timestamp: '2030-02-28T10:00:00Z' }))).toEqual([]);
    for (const bad of [
      '2030-02-30T10:00:00Z',
      '2030-02-28 10:00:00Z',
      '2030-02-28t10:00:00z',
      '2030-02-28T10:00:00',
      'soon',
    ])
      expect(findings(one({ Type: 'Wait', Timestamp: bad }))).toEqual([
        schema('String does not match RFC3339 timestamp', '/States/S/Timestamp'),
      ]);
  });
  test('Fail: text or path', () => {
    expect(findings(one({ Type: 'Fail', ErrorPath: "States.Format('{}', $.e)", CausePath: '$.c' }))).toEqual([]);
    expect(findings(one({ Type: 'Fail', Error: 'E', ErrorPath: '$.e' }))).toEqual([
      schema('There should only be one of the following fields: [Error, ErrorPath]'),
    ]);
    expect(findings(one({ Type: 'Fail', Cause: '$.cause' }))[0]).toMatch(/^warning NO_PATH/);
    expect(findings(one({ Type: 'Fail', End: true }))).toEqual([schema("Field 'End' is not supported")]);
  });
});

describe('SL, "Choice State"', () => {
  const choice = (rule: Json, more: JsonObject = {}): string[] =>
    findings(one({ Type: 'Choice', Choices: [rule], Default: 'S', ...more }));
  const end = 'MISSING_END_STATE: Workflow has no terminal state at null';
  test('every operator with a value of its type', () => {
    const values: [string, Json, Json][] = [
      ['StringEquals', 'a', 1],
      ['StringMatches', 'a*', true],
      ['NumericGreaterThanEquals', 1.5, '1'],
      ['BooleanEquals', false, 'false'],
      ['TimestampLessThan', '2030-01-01T00:00:00Z', 'soon'],
      ['StringEqualsPath', '$.b', 'b'],
      ['TimestampGreaterThanPath', '$$.State.EnteredTime', '$.a['],
      ['IsPresent', true, 'true'],
    ];
    for (const [operator, good, bad] of values) {
      expect(choice({ Variable: '$.a', [operator]: good, Next: 'S' })).toEqual([end]);
      expect(choice({ Variable: '$.a', [operator]: bad, Next: 'S' })[0]).toMatch(
        new RegExp(`at /States/S/Choices\\[0\\]/${operator}$`),
      );
    }
  });
  test('the shape of a rule', () => {
    const at = '/States/S/Choices[0]';
    expect(choice({ Variable: '$.a', IsNull: true })).toEqual([schema('These fields are required: [Next]', at)]);
    expect(choice({ Next: 'S' })).toEqual([
      schema('The object must have only one of the following fields, [And, Or, Not, Variable, Condition]', at),
    ]);
    expect(choice({ Variable: '$.a', Next: 'S' })[0]).toMatch(
      /^SCHEMA_VALIDATION_FAILED: This object should have only one/,
    );
    expect(choice({ Variable: '$.a', IsNull: true, IsString: true, Next: 'S' })[0]).toMatch(/There should only be one/);
    expect(choice({ Variable: '$.a', Equals: 1, Next: 'S' })).toContain(schema("Field 'Equals' is not supported", at));
    expect(choice({ Variable: 'a', IsNull: true, Next: 'S' })).toEqual([
      schema("Value is not a Reference Path: Reference path didn't start with '$'", `${at}/Variable`),
    ]);
    expect(choice('x')).toEqual([schema('Expected value of type Object', at)]);
  });
  test('And, Or and Not hold rules without Next', () => {
    const inner = { Variable: '$.a', IsNull: true };
    expect(choice({ Not: { And: [inner, { Or: [inner], Comment: 'c' }] }, Next: 'S' })).toEqual([end]);
    expect(choice({ And: [{ ...inner, Next: 'S' }], Next: 'S' })).toEqual([
      schema("Field 'Next' is not supported", '/States/S/Choices[0]/And[0]'),
    ]);
    expect(choice({ Or: [], Next: 'S' })).toEqual([schema('Value cannot be empty', '/States/S/Choices[0]/Or')]);
  });
  test('Choices must not be empty', () => {
    expect(findings(one({ Type: 'Choice', Choices: [] }))).toEqual([
      schema('Value cannot be empty', '/States/S/Choices'),
    ]);
    expect(findings(one({ Type: 'Choice' }))).toEqual([schema('These fields are required: [Choices]')]);
  });
});

describe('SL, "Errors": Retry and Catch', () => {
  const retry = (retrier: JsonObject, more: JsonObject[] = []): string[] =>
    findings(one(task({ Retry: [retrier, ...more] })));
  const at = '/States/S/Retry[0]';
  test('ErrorEquals', () => {
    expect(retry({})).toEqual([schema('These fields are required: [ErrorEquals]', at)]);
    expect(retry({ ErrorEquals: [] })).toEqual([schema('Value cannot be empty', `${at}/ErrorEquals`)]);
    expect(retry({ ErrorEquals: 'States.ALL' })).toEqual([schema('Expected value of type Array', `${at}/ErrorEquals`)]);
    expect(retry({ ErrorEquals: [1] })).toEqual([schema('Expected value of type String', `${at}/ErrorEquals[0]`)]);
    const alone = schema('States.ALL must appear alone and at end of list', `${at}/ErrorEquals`);
    expect(retry({ ErrorEquals: ['States.ALL', 'E'] })).toEqual([alone]);
    expect(retry({ ErrorEquals: ['States.ALL'] }, [{ ErrorEquals: ['E'] }])).toEqual([alone]);
    expect(retry({ ErrorEquals: ['E'] }, [{ ErrorEquals: ['States.ALL'] }])).toEqual([]);
  });
  test('the numbers', () => {
    const E = { ErrorEquals: ['E'] };
    expect(retry({ ...E, IntervalSeconds: 0, MaxAttempts: 0, BackoffRate: 1, JitterStrategy: 'FULL' })).toEqual([]);
    expect(retry({ ...E, BackoffRate: 0.5 })).toEqual([schema('Minimum value is 1', `${at}/BackoffRate`)]);
    expect(retry({ ...E, MaxAttempts: -1 })).toEqual([schema('Minimum value is 0', `${at}/MaxAttempts`)]);
    expect(retry({ ...E, MaxAttempts: 1.5 })).toEqual([schema('Expected value of type Integer', `${at}/MaxAttempts`)]);
    expect(retry({ ...E, MaxDelaySeconds: 31_622_401 })).toEqual([
      schema('Maximum value is 31622400', `${at}/MaxDelaySeconds`),
    ]);
    expect(retry({ ...E, IntervalSeconds: 5, MaxDelaySeconds: 5 })[0]).toContain(
      'must be greater than IntervalSeconds',
    );
    expect(retry({ ...E, JitterStrategy: 'HALF' })).toEqual([
      schema('Value should be one of the following: [NONE, FULL]', `${at}/JitterStrategy`),
    ]);
    expect(retry({ ...E, Next: 'S' })).toEqual([schema("Field 'Next' is not supported", at)]);
  });
  test('a catcher goes somewhere and puts the error somewhere', () => {
    const caught = (catcher: JsonObject): string[] =>
      findings(one(task({ Catch: [{ ErrorEquals: ['E'], ...catcher }] })));
    expect(caught({})).toEqual([schema('These fields are required: [Next]', '/States/S/Catch[0]')]);
    expect(caught({ Next: 'S', ResultPath: '$.error', Assign: { 'e.$': '$.Error' }, Comment: 'c' })).toEqual([]);
    expect(caught({ Next: 'S', ResultPath: '$..a' })[0]).toContain('Value is not a Reference Path');
    expect(caught({ Next: 'S', Output: 1 })[0]).toContain("only supported for the 'JSONata' QueryLanguage");
  });
});

describe('DG, "Task workflow state" and "Integrating services": Resource', () => {
  const resource = (text: Json, type: Type = 'STANDARD'): string[] =>
    findings(one({ Type: 'Task', Resource: text }), type);
  const states = (name: string): string => `arn:aws:states:::${name}`;
  test.each([
    lambda,
    `${lambda}:$LATEST`,
    `${lambda}:live`,
    'arn:aws:states:us-east-1:123456789012:activity:a',
    states('lambda:invoke'),
    states('lambda:invoke.waitForTaskToken'),
    states('events:putEvents.waitForTaskToken'),
    states('dynamodb:updateItem'),
    states('ecs:runTask.sync'),
    states('states:startExecution.sync:2'),
    states('aws-sdk:sfn:listExecutions'),
    states('aws-sdk:sfn:startExecution.waitForTaskToken'),
    states('aws-sdk:s3:getObject'),
    'arn:aws-cn:states:::sqs:sendMessage',
  ])('known: %s', (text) => {
    expect(resource(text)).toEqual([]);
  });
  test.each([
    states('events:putEvent'),
    states('events:putEvents.sync'),
    states('dynamodb:query'),
    states('dynamodb:getItem.waitForTaskToken'),
    states('batch:submitJob.waitForTaskToken'),
    states('ecs:runTask.sync:2'),
    states('nowhere:do'),
    states('aws-sdk:sfn:listExecution'),
    states('aws-sdk:sfn:ListExecutions'),
    states('aws-sdk:sfn:listExecutions.sync'),
    states('aws-sdk:stepfunctions:listExecutions'),
    states('aws-sdk:DynamoDB:getItem'),
    states('aws-sdk:events:putEvents'),
    states('aws-sdk:sts:assumeRole'),
    'arn:aws:dynamodb:us-east-1:123456789012:table/t',
    'arn:aws:states:us-east-1:123456789012:stateMachine:m',
  ])('not recognized: %s', (text) => {
    expect(resource(text)).toEqual([
      schema(
        `The resource provided ${text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
        '/States/S/Resource',
      ),
    ]);
  });
  test.each([
    'YOUR_FUNCTION_ARN',
    '${FunctionArn}',
    '',
    'my-function',
    'arn:aws:lambda',
    'arn:aws:lambda:us-east-1:1:layer:x',
    `${lambda}:`,
    'a b:c',
  ])('no ARN: %s', (text) => {
    expect(resource(text)).toEqual([schema('Value is not a valid resource ARN', '/States/S/Resource')]);
  });
  test('a resource of another interpreter is advised against: AWS has no way to call it', () => {
    expect(resource('x-test:echo')).toEqual([
      'warning INVALID_RESOURCE: The resource x-test:echo is none that AWS Step Functions can call at /States/S/Resource',
    ]);
    for (const Resource of ['arn:aws:states:us-east-1:123456789012:task:X', 'arn:aws:states:::task:Add'])
      expect(findings(one(task({ Resource })))[0]).toMatch(/^warning INVALID_RESOURCE/);
  });
  test('missing, or no text', () => {
    expect(findings(one({ Type: 'Task' }))).toEqual([schema('These fields are required: [Resource]')]);
    expect(resource({ Ref: 'F' })).toEqual([schema('Expected value of type String', '/States/S/Resource')]);
  });
  test('EXPRESS waits for nothing (DG, "Choosing workflow type")', () => {
    expect(resource(states('lambda:invoke'), 'EXPRESS')).toEqual([]);
    expect(resource(states('sqs:sendMessage.waitForTaskToken'), 'EXPRESS')).toEqual([
      schema("Express state machine does not support '.waitForTaskToken' service integration", '/States/S/Resource'),
    ]);
    expect(resource(states('states:startExecution.sync:2'), 'EXPRESS')).toEqual([
      schema("Express state machine does not support '.sync' service integration", '/States/S/Resource'),
    ]);
    expect(resource('arn:aws:states:us-east-1:123456789012:activity:a', 'EXPRESS')).toEqual([
      schema('Express state machine does not support Activity ARN', '/States/S/Resource'),
    ]);
  });
  test('the request of an optimized integration', () => {
    const state = (parameters: Json): JsonObject => ({
      Type: 'Task',
      Resource: states('dynamodb:getItem'),
      Parameters: parameters,
    });
    expect(findings(one(state({ 'TableName.$': '$.t', Key: {} })))).toEqual([]);
    expect(findings(one(state({ Table: 't', Key: {} })))).toEqual([
      schema("The field 'TableName' is required but was missing", '/States/S/Parameters'),
      schema("The field 'Table' is not supported by Step Functions", '/States/S/Parameters'),
    ]);
  });
  test('the request of an AWS SDK integration: names in PascalCase, and those the API knows', () => {
    const call = (action: string, parameters: Json): string[] =>
      findings(one({ Type: 'Task', Resource: states(`aws-sdk:${action}`), Parameters: parameters }));
    const unsupported = (name: string): string[] => [
      schema(`The field '${name}' is not supported by Step Functions`, '/States/S/Parameters'),
    ];
    expect(call('sfn:listExecutions', { 'StateMachineArn.$': '$$.StateMachine.Id', StatusFilter: 'RUNNING' })).toEqual(
      [],
    );
    expect(call('sfn:listExecutions', { stateMachineArn: 'a' })).toEqual(unsupported('stateMachineArn'));
    expect(call('sfn:listExecutions', { StatusFiler: 'RUNNING' })).toEqual(unsupported('StatusFiler'));
    expect(call('ec2:describeInstances', { instanceIds: [] })).toEqual(unsupported('instanceIds'));
    expect(call('ec2:describeInstances', { InstanceIds: [] })).toEqual([]);
    expect(call('eventbridge:putEvents', 'x')).toEqual([
      schema('Expected value of type Object', '/States/S/Parameters'),
    ]);
  });
  test('timeout and heartbeat', () => {
    expect(findings(one(task({ TimeoutSeconds: 0 })))).toEqual([
      schema('Minimum value is 1', '/States/S/TimeoutSeconds'),
    ]);
    expect(findings(one(task({ TimeoutSeconds: 100_000_000 })))).toEqual([
      schema('Maximum value is 99999999', '/States/S/TimeoutSeconds'),
    ]);
    expect(findings(one(task({ HeartbeatSeconds: 5, HeartbeatSecondsPath: '$.h' })))).toEqual([
      schema('There should only be one of the following fields: [HeartbeatSeconds, HeartbeatSecondsPath]'),
    ]);
    expect(findings(one(task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 })))).toEqual([
      schema('HeartbeatSeconds must be smaller than TimeoutSeconds', '/States/S/HeartbeatSeconds'),
    ]);
  });
  test('Credentials (DG, "Accessing resources in other AWS accounts")', () => {
    expect(findings(one(task({ Credentials: { 'RoleArn.$': '$.role' } })))).toEqual([]);
    expect(findings(one(task({ Credentials: {} })))).toEqual([
      schema("The field 'RoleArn' is required but was missing", '/States/S/Credentials'),
    ]);
    expect(findings(one(task({ Credentials: null })))).toEqual([
      schema('Expected value of type Object', '/States/S/Credentials'),
    ]);
    const activity = { Type: 'Task', Resource: 'arn:aws:states:us-east-1:1:activity:a', Credentials: { RoleArn: 'r' } };
    expect(findings(one(activity))).toEqual([
      schema("The field 'Credentials' is not supported for activities", '/States/S/Credentials'),
    ]);
  });
});

describe('SL, "Paths", "Payload Template" and "Intrinsic Functions"', () => {
  const pass = (more: JsonObject): string[] => findings(one({ Type: 'Pass', ...more }));
  test('paths', () => {
    for (const good of ['$', '$.a[0].b', '$$.Execution.Id', "$['a b']", '$.a[?(@.b > 1)]', '$..a', null])
      expect(pass({ InputPath: good })).toEqual([]);
    for (const bad of ['a', '$.', '$.a[', "States.Format('a')", `$.a[?${'('.repeat(50_000)}`])
      expect(pass({ InputPath: bad })).toEqual([schema('Value must be a valid JSONPath.', '/States/S/InputPath')]);
  });
  test("ResultPath points into the state's own output", () => {
    for (const good of ['$', '$.a.b', '$.a[0]', null]) expect(pass({ ResultPath: good })).toEqual([]);
    for (const bad of ['$.a[*]', '$..a', '$$.a', '$variable', 'a', '$.a[?(@.b)]'])
      expect(pass({ ResultPath: bad })[0]).toContain('Value is not a Reference Path');
  });
  test('what a Path field names is one place', () => {
    for (const [state, field] of [
      [{ Type: 'Wait' }, 'SecondsPath'],
      [{ Type: 'Wait' }, 'TimestampPath'],
      [task(), 'TimeoutSecondsPath'],
      [task(), 'HeartbeatSecondsPath'],
      [{ Type: 'Fail' }, 'CausePath'],
    ] as const) {
      for (const path of ['$.a.b[0]', '$$.Execution.Input.a', '$x.y'])
        expect(findings(one({ ...state, [field]: path }))).toEqual([]);
      expect(findings(one({ ...state, [field]: '$.a[?(@.b)]' }))).toHaveLength(1);
    }
  });
  test('names that end with .$ hold a path or a function', () => {
    expect(pass({ Parameters: { 'a.$': '$.a', b: [{ 'c.$': 'States.UUID()' }], 'd.$': '$x.y' } })).toEqual([]);
    for (const bad of [
      'a',
      1,
      'States.Nothing()',
      'States.Format()',
      "States.MathAdd($.a, 'b')",
      ' $.a',
      'States.Format($.a',
    ])
      expect(pass({ Parameters: { b: [{ 'a.$': bad }] } })).toEqual([
        schema(
          "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call",
          '/States/S/Parameters',
        ),
      ]);
    expect(pass({ Parameters: { a: 1, 'a.$': '$.a' } })).toHaveLength(1);
  });
  test('inside a function: words without quotes in a filter, hyphens in brackets only, ten calls at most', () => {
    const a = (text: string): string[] => pass({ Parameters: { 'a.$': text } });
    expect(a('States.ArrayGetItem($.tags[?(@.key == Name)].value, 0)')).toEqual([]);
    expect(a("States.Format('{}', $['detail-type'])")).toEqual([]);
    expect(a("States.Format('{}', $.detail-type)")).toHaveLength(1);
    expect(a('$.detail-type')).toEqual([]);
    const nested = (depth: number): string => (depth === 0 ? '$.a' : `States.Array(${nested(depth - 1)})`);
    expect(a(nested(10))).toEqual([]);
    expect(a(nested(11))).toHaveLength(1);
  });
  test("ErrorPath and CausePath take functions that return a text (DG, 'Fail workflow state')", () => {
    expect(findings(one({ Type: 'Fail', CausePath: 'States.JsonToString($.a)' }))).toEqual([]);
    expect(findings(one({ Type: 'Fail', CausePath: 'States.Array($.a)' }))).toHaveLength(1);
  });
  test('advice: a path without .$, a path in a Result', () => {
    expect(pass({ Parameters: { a: '$.a' } })[0]).toMatch(/^warning NO_DOLLAR: .* at \/States\/S\/Parameters\/a$/);
    expect(pass({ Result: { a: '$.a' } })[0]).toMatch(/^warning PASS_RESULT_IS_STATIC/);
    expect(pass({ Parameters: { price: '$5', text: '$' } })).toEqual([]);
  });
});

describe('DG, "Passing data between states with variables"', () => {
  const assign = (assigned: Json): string[] => findings(one({ Type: 'Pass', Assign: assigned }));
  test('names and values', () => {
    expect(assign({ a: 1, 'b1_.$': '$.b', größe: 2 })).toEqual([]);
    expect(assign({ 'states.$': '$' })).toEqual([
      "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /States/S/Assign",
    ]);
    expect(assign({ 'a-b': 1 })).toEqual([
      "INVALID_VARIABLE_NAME: Invalid variable name 'a-b': the variable name contains invalid characters. at /States/S/Assign/a-b",
    ]);
    expect(assign({ ['x'.repeat(81)]: 1 })[0]).toMatch(/^INVALID_VARIABLE_NAME/);
    expect(assign([])).toEqual([schema('Expected value of type Object', '/States/S/Assign')]);
  });
  test('"Variable scope": what an outer scope assigns, an inner one may not', () => {
    const inner = (name: string): JsonObject => ({
      StartAt: 'I',
      States: { I: { Type: 'Pass', Assign: { [name]: 1 }, End: true } },
    });
    const renamed = { StartAt: 'J', States: { J: { Type: 'Pass', Assign: { x: 1 }, End: true } } };
    const refused = (where: string) => [
      `INVALID_VARIABLE_NAME: Invalid variable name 'x': a variable of this name is assigned in an outer scope. at ${where}`,
    ];
    expect(findings(one({ Type: 'Parallel', Branches: [inner('x')], Assign: { 'x.$': '$[0]' } }))).toEqual(
      refused('/States/S/Branches[0]/States'),
    );
    const caught = { Catch: [{ ErrorEquals: ['States.ALL'], Assign: { x: 1 }, Next: 'T' }] };
    const map = { Type: 'Map', ItemProcessor: inner('x') };
    const machine = (state: JsonObject) => ({
      StartAt: 'S',
      States: { S: { ...state, Next: 'T' }, T: { Type: 'Succeed' } },
    });
    expect(findings(machine({ ...map, ...caught }))).toEqual(refused('/States/S/ItemProcessor/States'));
    // Branches are scopes beside each other, and the children of a distributed Map see nothing of what is outside.
    expect(findings(one({ Type: 'Parallel', Branches: [inner('x'), renamed] }))).toEqual([]);
    const config = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };
    expect(findings(machine({ Type: 'Map', ItemProcessor: { ...config, ...inner('x') }, ...caught }))).toEqual([]);
  });
});

describe('DG, "Transforming data with JSONata": QueryLanguage', () => {
  const jsonata = (state: JsonObject): string[] => findings(one(state, { QueryLanguage: 'JSONata' }));
  test('fields of the other language', () => {
    expect(findings(one({ Type: 'Pass', Output: 1 }))).toEqual([
      schema(
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
      ),
    ]);
    expect(jsonata({ Type: 'Pass', ResultPath: '$' })).toEqual([
      schema(
        "The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for the 'JSONPath' QueryLanguage",
      ),
    ]);
    expect(jsonata({ Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'S' }] })[0]).toContain(
      "field 'Variable'",
    );
  });
  test('a state may go to JSONata, never back', () => {
    expect(findings(one({ Type: 'Pass', QueryLanguage: 'JSONata', Output: 1 }))).toEqual([]);
    expect(jsonata({ Type: 'Pass', QueryLanguage: 'JSONPath' })).toEqual([
      schema("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"),
    ]);
    expect(findings(one({ Type: 'Pass', QueryLanguage: 'SQL' }))).toEqual([
      schema('Value should be one of the following: [JSONPath, JSONata]', '/States/S/QueryLanguage'),
    ]);
  });
  test("nested states take the definition's language, not that of the state around them", () => {
    const inner = { StartAt: 'B', States: { B: { Type: 'Pass', Output: 1, End: true } } };
    expect(findings(one({ Type: 'Map', QueryLanguage: 'JSONata', ItemProcessor: inner }))[0]).toContain(
      "field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S/ItemProcessor/States/B",
    );
    expect(jsonata({ Type: 'Map', ItemProcessor: inner })).toEqual([]);
    expect(jsonata({ Type: 'Map', ItemProcessor: { ...inner, QueryLanguage: 'JSONata' } })).toEqual([
      schema("Field 'QueryLanguage' is not supported", '/States/S/ItemProcessor'),
    ]);
  });
  test('expressions', () => {
    const output = (text: string): string[] => jsonata({ Type: 'Pass', Output: { v: text } });
    for (const good of [
      '{% $states.input.a[b = 1].{"c": d} %}',
      '{% $map([1,2], function($v) { $v + 1 }) %}',
      '{% $x.y %}',
      'plain {% 1 %} text',
      '{% $states.input[$ = 1] %}',
      '{% ($a := 1; $a) %}',
    ])
      expect(output(good)).toEqual([]);
    expect(output('{% 1 + %}')).toEqual([
      'INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/S/Output/v',
    ]);
    expect(() => output(`{% ${'1 + '.repeat(20_000)}1 %}`)).not.toThrow();
    expect(output('{% phone %}')).toEqual([
      "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/S/Output/v",
    ]);
    expect(output('{% $states.input.a = b %}')[0]).toContain("Reference to 'b'");
    expect(output('{% $.a %}')[0]).toContain("Reference to '$'");
    for (const open of ['{% 1', '1 %}', '{%}'])
      expect(output(open)).toEqual([schema('JSONata string must start with {% and end with %}', '/States/S/Output/v')]);
  });
  test('a comment is no expression', () => {
    expect(jsonata({ Type: 'Pass', Comment: '{% not even close' })).toEqual([]);
  });
  test('$states.errorOutput exists in a Catch only', () => {
    expect(jsonata(task({ Output: '{% $states.errorOutput %}' }))[0]).toContain('UNSUPPORTED_JSONATA_EXPRESSION');
    expect(jsonata(task({ Catch: [{ ErrorEquals: ['E'], Next: 'S', Output: '{% $states.errorOutput %}' }] }))).toEqual(
      [],
    );
  });
  test('$states.result exists in Output and Assign of a Task, Parallel or Map only', () => {
    // DG, "Transforming data with JSONata": elsewhere it "will be caught at creation, update, or validation".
    const result = '{% $states.result.a %}';
    expect(jsonata(task({ Output: result, Assign: { a: result } }))).toEqual([]);
    const refused = expect.stringContaining("UNSUPPORTED_JSONATA_EXPRESSION: '$states.result'");
    expect(jsonata(task({ Arguments: { a: result } }))).toEqual([refused]);
    expect(jsonata(task({ Catch: [{ ErrorEquals: ['E'], Next: 'S', Output: result }] }))).toEqual([refused]);
    expect(jsonata({ Type: 'Pass', End: true, Output: result })).toEqual([refused]);
    expect(jsonata({ Type: 'Choice', Choices: [{ Next: 'S', Condition: result }] })).toEqual([refused]);
  });
  test('Condition, and numbers as expressions', () => {
    expect(
      jsonata({
        Type: 'Choice',
        Choices: [
          { Condition: '{% true %}', Next: 'S' },
          { Next: 'S', Condition: 'true' },
        ],
      }),
    ).toEqual([schema('JSONata string must start with {% and end with %}', '/States/S/Choices[1]/Condition')]);
    expect(jsonata({ Type: 'Choice', Choices: [{ Next: 'S' }] })).toEqual([
      schema('These fields are required: [Condition]', '/States/S/Choices[0]'),
    ]);
    expect(jsonata(task({ TimeoutSeconds: '{% $states.input.t %}' }))).toEqual([]);
    expect(jsonata(task({ TimeoutSeconds: '5' }))).toEqual([
      schema('Expected value of type Integer', '/States/S/TimeoutSeconds'),
    ]);
  });
});

describe('DG, "Map workflow state"', () => {
  const inner = { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } };
  const map = (more: JsonObject, type: Type = 'STANDARD'): string[] => findings(one({ Type: 'Map', ...more }), type);
  const distributed = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...inner };
  test('one processor', () => {
    expect(map({})).toEqual([
      schema('This object should have only one of the following fields: [ItemProcessor, Iterator]'),
    ]);
    expect(map({ Iterator: inner })).toEqual([]);
    expect(map({ ItemProcessor: inner, ItemsPath: null })).toEqual([
      schema('Expected value of type String', '/States/S/ItemsPath'),
    ]);
    expect(
      map({ ItemProcessor: inner, ItemsPath: '$$.Execution.Input.a', ItemSelector: { 'i.$': '$$.Map.Item.Value' } }),
    ).toEqual([]);
    expect(map({ ItemProcessor: inner, ItemSelector: {}, Parameters: {} })).toEqual([
      schema('There should only be one of the following fields: [ItemSelector, Parameters]'),
    ]);
  });
  test('DISTRIBUTED', () => {
    const at = '/States/S/ItemProcessor/ProcessorConfig';
    expect(map({ ItemProcessor: distributed, Label: 'L', ToleratedFailurePercentage: 5 })).toEqual([]);
    expect(map({ ItemProcessor: { ...inner, ProcessorConfig: { Mode: 'DISTRIBUTED' } } })).toEqual([
      schema('These fields are required: [ExecutionType]', at),
    ]);
    expect(
      map({ ItemProcessor: { ...inner, ProcessorConfig: { Mode: 'INLINE', ExecutionType: 'STANDARD' } } }),
    ).toEqual([schema("Field 'ExecutionType' is not supported", at)]);
    expect(map({ ItemProcessor: distributed }, 'EXPRESS')).toEqual([
      schema("The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines", at),
    ]);
    expect(map({ ItemProcessor: distributed, ToleratedFailurePercentage: 101 })).toEqual([
      schema('Maximum value is 100', '/States/S/ToleratedFailurePercentage'),
    ]);
    expect(map({ ItemProcessor: distributed, Label: 'a b' })[0]).toMatch(/^INVALID_LABEL_NAME/);
  });
  test('an EXPRESS child waits for no token', () => {
    const waiting = {
      StartAt: 'B',
      States: { B: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', End: true } },
    };
    const child = { ...waiting, ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } };
    expect(map({ ItemProcessor: child })[0]).toContain("does not support '.waitForTaskToken'");
  });
  test('ItemReader, ItemBatcher, ResultWriter', () => {
    const reader = { Resource: 'arn:aws:states:::s3:getObject', Parameters: { Bucket: 'b', Key: 'k' } };
    expect(
      map({ ItemProcessor: distributed, ItemReader: { ...reader, ReaderConfig: { InputType: 'JSON', MaxItems: 5 } } }),
    ).toEqual([]);
    expect(map({ ItemProcessor: inner, ItemReader: reader })[0]).toContain(
      "warning SCHEMA_VALIDATION_FAILED: Field 'ItemReader' is meant for the 'DISTRIBUTED' mode",
    );
    expect(
      map({ ItemProcessor: distributed, ItemReader: { ...reader, ReaderConfig: { InputType: 'CSV' } } })[0],
    ).toContain('CSVHeaderLocation');
    expect(
      map({
        ItemProcessor: distributed,
        ItemReader: { ...reader, ReaderConfig: { MaxItems: 1, MaxItemsPath: '$.a' } },
      }),
    ).toEqual([
      schema(
        'There should only be one of the following fields: [MaxItems, MaxItemsPath]',
        '/States/S/ItemReader/ReaderConfig',
      ),
    ]);
    expect(map({ ItemProcessor: distributed, ItemReader: { Resource: lambda } })[0]).toContain(
      "The field 'Resource' does not match",
    );
    expect(
      map({ ItemProcessor: distributed, ItemBatcher: { MaxItemsPerBatch: 2, MaxItemsPerBatchPath: '$.n' } }),
    ).toEqual([
      schema(
        'There should only be one of the following fields: [MaxItemsPerBatch, MaxItemsPerBatchPath]',
        '/States/S/ItemBatcher',
      ),
    ]);
    expect(
      map({ ItemProcessor: distributed, ResultWriter: { Resource: 'arn:aws:states:::s3:getObject' } })[0],
    ).toContain('does not match');
  });
});

describe('DG, "Parallel workflow state"', () => {
  test('Branches', () => {
    expect(findings(one({ Type: 'Parallel' }))).toEqual([schema('These fields are required: [Branches]')]);
    expect(findings(one({ Type: 'Parallel', Branches: {} }))).toEqual([
      schema('Expected value of type Array', '/States/S/Branches'),
    ]);
    expect(findings(one({ Type: 'Parallel', Branches: [1] }))).toEqual([
      schema('Expected value of type Object', '/States/S/Branches[0]'),
    ]);
    expect(findings(one({ Type: 'Parallel', Branches: [{}] }))).toEqual([
      schema('These fields are required: [StartAt, States]', '/States/S/Branches[0]'),
    ]);
  });
});
