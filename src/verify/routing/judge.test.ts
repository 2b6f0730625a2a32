// One file, because it is one table: every right and every wrong routing, each with what is said of it.
import { expect, test } from 'vitest';
import type { Rule, RuleTarget } from '../../aws/events.ts';
import { matches, parsePattern } from '../../event-pattern/index.ts';
import { EVENTS, LOG_GROUP } from '../../workshop.ts';
import { judgeOnce, judgeRoute } from './judge.ts';
import { ALL_EVENTS, nearMisses, samplesOf } from './samples.ts';
import { questionKey, type RouteExpected, type RoutingSeen } from './types.ts';

const ACCOUNT = '123456789012';
const at = (service: string, rest: string, region = 'us-east-1') => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const WORKFLOW = at('states', 'stateMachine:OrderProcessorWorkflow');
const LOG = at('logs', `log-group:${LOG_GROUP}`);
const STARTED = 'core-WorkflowStarted-1AB';
const WAITING = 'core-WaitingCompletion-2CD';
const fn = (name: string) => at('lambda', `function:${name}`);
const ROLE = `arn:aws:iam::${ACCOUNT}:role/service-role/Amazon_EventBridge_Invoke_Step_Functions_1`;
const SOURCE = 'awsserverlessda.serverlesspresso';

const LOG_ALL: RouteExpected = { rule: 'logAll', events: 'all', logGroup: LOG_GROUP };
const NEW_ORDER: RouteExpected = { rule: 'NewOrder', events: [EVENTS.newOrder] };
const WORKFLOW_STARTED: RouteExpected = {
  rule: 'WorkflowStarted',
  events: [EVENTS.workflowStarted],
  function: 'WorkflowStarted',
};
const WAITING_COMPLETION: RouteExpected = {
  rule: 'WaitingCompletion',
  events: [EVENTS.processorWaiting],
  function: 'WaitingCompletion',
};
const ROUTES = [LOG_ALL, NEW_ORDER, WORKFLOW_STARTED, WAITING_COMPLETION];

function rule(name: string, pattern: unknown, targets: RuleTarget[], more: Partial<Rule> = {}): Rule {
  const bus = more.bus ?? 'Serverlesspresso';
  return {
    name,
    bus,
    arn: at('events', `rule/${bus === 'default' ? '' : `${bus}/`}${name}`),
    state: 'ENABLED',
    pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
    targets,
    ...more,
  };
}

const typed = (...types: string[]) => ({ source: [SOURCE], 'detail-type': types });
const allows = (name: string, ruleName: string) => ({
  Sid: 'one',
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'lambda:InvokeFunction',
  Resource: fn(name),
  Condition: { ArnLike: { 'AWS:SourceArn': at('events', `rule/Serverlesspresso/${ruleName}`) } },
});
const trust = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});

/** As the lessons have it, beside a rule that the set-up brought along. */
function right(): RoutingSeen & { rule: (name: string) => Rule } {
  const rules = [
    rule('logAll', { source: [SOURCE] }, [{ id: 'a', arn: LOG }]),
    rule('NewOrder', typed(EVENTS.newOrder), [{ id: 'a', arn: WORKFLOW, roleArn: ROLE }]),
    rule('WorkflowStarted', typed(EVENTS.workflowStarted), [{ id: 'a', arn: fn(STARTED) }]),
    rule('WaitingCompletion', typed(EVENTS.processorWaiting), [{ id: 'a', arn: fn(WAITING) }]),
    rule('core-publisher-OrderEvents-XYZ', typed(...ALL_EVENTS), [{ id: 'a', arn: fn('core-Publish-9ZZ') }]),
  ];
  return {
    account: ACCOUNT,
    region: 'us-east-1',
    bus: 'Serverlesspresso',
    busThere: true,
    elsewhere: [],
    rulesElsewhere: [],
    cli: 'aws',
    workflow: { arn: WORKFLOW, name: 'OrderProcessorWorkflow' },
    rules,
    functions: [STARTED, WAITING, 'core-Publish-9ZZ', 'core-GetQRcodeFunction-3'],
    machines: ['OrderProcessorWorkflow', 'core-OrderManagerStateMachine-1'],
    logGroups: [LOG_GROUP],
    logPolicies: [
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: at('logs', 'log-group:/aws/events/*:*'),
          },
        ],
      }),
    ],
    functionPolicies: {
      [fn(STARTED)]: [allows(STARTED, 'WorkflowStarted')],
      [fn(WAITING)]: [allows(WAITING, 'WaitingCompletion')],
    },
    roles: { [ROLE]: { arn: ROLE, exists: true, trust: trust('events.amazonaws.com'), refused: [] } },
    confirmed: {},
    rule: (name) => rules.find((one) => one.name === name) as Rule,
  };
}

type Change = (seen: ReturnType<typeof right>) => void;
const judged = (change: Change) => {
  const seen = right();
  change(seen);
  return {
    'log-all': judgeRoute(LOG_ALL, seen),
    'new-order': judgeRoute(NEW_ORDER, seen),
    'workflow-started': judgeRoute(WORKFLOW_STARTED, seen),
    'waiting-completion': judgeRoute(WAITING_COMPLETION, seen),
    once: judgeOnce([NEW_ORDER, WORKFLOW_STARTED, WAITING_COMPLETION], seen),
  };
};
const failing = (change: Change) =>
  Object.entries(judged(change)).flatMap(([name, { status, found }]) =>
    status === 'pass' ? [] : [`${name}: ${found}`],
  );

const target = (seen: ReturnType<typeof right>, name: string): RuleTarget => seen.rule(name).targets[0] as RuleTarget;
const pattern =
  (name: string, value: unknown): Change =>
  (seen) => {
    seen.rule(name).pattern = typeof value === 'string' ? value : JSON.stringify(value);
  };

const RIGHT: [string, Change][] = [
  ['the solution', () => {}],
  [
    'a log group with :*',
    (seen) => {
      target(seen, 'logAll').arn += ':*';
    },
  ],
  ['a prefix that catches one event only', pattern('NewOrder', { 'detail-type': [{ prefix: 'Validator.' }] })],
  ['a pattern without a source', pattern('WaitingCompletion', { 'detail-type': [EVENTS.processorWaiting] })],
  ['any case', pattern('NewOrder', { 'detail-type': [{ 'equals-ignore-case': 'validator.neworder' }] })],
  ['a log of everything in this account', pattern('logAll', { account: [ACCOUNT] })],
  ['a log by prefix of the source', pattern('logAll', { source: [{ prefix: 'awsserverlessda' }] })],
  [
    'other names',
    (seen) =>
      seen.rules.forEach((one, i) => {
        one.name = `mine-${i}`;
      }),
  ],
  [
    'one rule with several targets, and a log written twice',
    (seen) => void seen.rule('NewOrder').targets.push({ id: 'log', arn: LOG }, { id: 'q', arn: at('sqs', 'orders') }),
  ],
  [
    'a log in several rules',
    (seen) => {
      seen.rule('logAll').pattern = JSON.stringify(typed(...ALL_EVENTS.slice(0, 4)));
      seen.rules.push(rule('logRest', typed(...ALL_EVENTS.slice(4)), [{ id: 'a', arn: LOG }]));
    },
  ],
  [
    'a catch-all to somewhere else',
    (seen) => void seen.rules.push(rule('tap', { source: [{ prefix: '' }] }, [{ id: 'a', arn: at('sqs', 'tap') }])),
  ],
  [
    'a function that anybody of EventBridge may invoke',
    (seen) => {
      seen.functionPolicies[fn(STARTED)] = [{ ...allows(STARTED, 'x'), Condition: undefined }];
    },
  ],
  [
    'a function invoked by a role of the target',
    (seen) => {
      target(seen, 'WorkflowStarted').roleArn = ROLE;
      seen.functionPolicies = { ...seen.functionPolicies, [fn(STARTED)]: [] };
    },
  ],
  [
    'a transformer that hands on what is needed',
    (seen) => {
      target(seen, 'NewOrder').rest = {
        InputTransformer: {
          InputPathsMap: { order: '$.detail.orderId', user: '$.detail.userId' },
          InputTemplate: '{"detail": {"orderId": "<order>", "userId": <user>}}',
        },
      };
    },
  ],
  [
    'events of the workflow by its ARN among their resources',
    pattern('WorkflowStarted', { 'detail-type': [EVENTS.workflowStarted], resources: [WORKFLOW] }),
  ],
  [
    'a second rule that is disabled, and one on the default bus',
    (seen) => {
      const same = seen.rule('NewOrder');
      seen.rules.push({ ...same, name: 'old', state: 'DISABLED' }, { ...same, name: 'older', bus: 'default' });
    },
  ],
];

test.each(RIGHT)('right: %s', (_, change) => {
  expect(failing(change)).toEqual([]);
});

const alter =
  (name: string, change: (rule: Rule, seen: RoutingSeen) => void): Change =>
  (seen) =>
    change(seen.rule(name), seen);
const drop =
  (name: string): Change =>
  (seen) => {
    seen.rules = seen.rules.filter((one) => one.name !== name);
  };

const WRONG: [string, Change, string, RegExp][] = [
  [
    'no rule',
    drop('NewOrder'),
    'new-order',
    /no rule brings Validator\.NewOrder to the workflow OrderProcessorWorkflow/,
  ],
  ['no log', drop('logAll'), 'log-all', /no rule brings the events of the workshop to the log group/],
  [
    'the default bus',
    alter('NewOrder', (one) => {
      one.bus = 'default';
    }),
    'new-order',
    /is on the bus "default"/,
  ],
  [
    'disabled',
    alter('WaitingCompletion', (one) => {
      one.state = 'DISABLED';
    }),
    'waiting-completion',
    /"WaitingCompletion" is disabled/,
  ],
  [
    'another case',
    pattern('NewOrder', typed('Validator.newOrder')),
    'new-order',
    /"Validator\.newOrder": they differ in upper and lower case/,
  ],
  [
    'a trailing space',
    pattern('NewOrder', typed('Validator.NewOrder ')),
    'new-order',
    /differ only in white space, which is the pattern's/,
  ],
  [
    'a slip in the source',
    pattern('NewOrder', { source: ['awsserverlessda.serverlespresso'], 'detail-type': [EVENTS.newOrder] }),
    'new-order',
    /which is not "awsserverlessda\.serverlespresso"/,
  ],
  [
    'a slip in the name of the field',
    pattern('NewOrder', { source: [SOURCE], detailType: [EVENTS.newOrder] }),
    'new-order',
    /no detailType; nearest is detail-type/,
  ],
  [
    'another event',
    pattern('WaitingCompletion', typed(EVENTS.managerWaiting)),
    'waiting-completion',
    /does not catch OrderProcessor\.WaitingCompletion.*OrderManager\.WaitingCompletion/,
  ],
  [
    'too wide',
    pattern('WaitingCompletion', { 'detail-type': [{ suffix: 'WaitingCompletion' }] }),
    'waiting-completion',
    /also catches OrderManager\.WaitingCompletion/,
  ],
  [
    'everything starts the workflow',
    pattern('NewOrder', { source: [SOURCE] }),
    'new-order',
    /also catches OrderProcessor\.WorkflowStarted.* and 7 more/,
  ],
  [
    'too narrow',
    pattern('NewOrder', { ...typed(EVENTS.newOrder), detail: { userId: [{ prefix: 'customer' }] } }),
    'new-order',
    /catches only some Validator\.NewOrder events.*detail\.userId/,
  ],
  [
    'a log that misses one event',
    pattern('logAll', typed(...ALL_EVENTS.filter((type) => type !== EVENTS.orderTimeOut))),
    'log-all',
    /does not catch OrderProcessor\.OrderTimeOut/,
  ],
  [
    'a pattern as a text',
    pattern('NewOrder', JSON.stringify(JSON.stringify(typed(EVENTS.newOrder)))),
    'new-order',
    /a text that holds JSON/,
  ],
  [
    'a value that is no list',
    pattern('NewOrder', { source: SOURCE }),
    'new-order',
    /"source" is "awsserverlessda\.serverlesspresso", and must be a list/,
  ],
  [
    'a schedule',
    alter('NewOrder', (one) => {
      delete one.pattern;
      one.schedule = 'rate(1 minute)';
    }),
    'new-order',
    /a schedule and no event pattern/,
  ],
  [
    'a number compared as a number, where DynamoDB gave a text',
    pattern('WaitingCompletion', {
      ...typed(EVENTS.processorWaiting),
      detail: { orderNumber: [{ numeric: ['>', 0] }] },
    }),
    'waiting-completion',
    /catches only some OrderProcessor\.WaitingCompletion events.*detail\.orderNumber/,
  ],
  [
    'a second start with only the detail, beside the right one',
    (seen) => void seen.rule('NewOrder').targets.push({ id: 'b', arn: WORKFLOW, roleArn: ROLE, inputPath: '$.detail' }),
    'new-order',
    /only the part \$\.detail.*one more execution for Validator\.NewOrder/,
  ],
  [
    'another event starts the workflow with a constant',
    (seen) =>
      void seen.rules.push(
        rule('made', typed(EVENTS.makeOrder), [{ id: 'a', arn: WORKFLOW, roleArn: ROLE, input: '{"x": 1}' }]),
      ),
    'new-order',
    /"made" hands the workflow OrderProcessorWorkflow a constant.*one more execution for OrderManager\.MakeOrder/,
  ],
  [
    'a function that gets the detail without the id of the event, by which it knows a second delivery',
    (seen) => {
      target(seen, 'WorkflowStarted').rest = {
        InputTransformer: { InputPathsMap: { d: '$.detail' }, InputTemplate: '{"detail": <d>}' },
      };
    },
    'workflow-started',
    /a transformed input, in which \$\.id is not as in the event/,
  ],
  [
    'an earlier workflow is still started beside the one that is judged',
    (seen) => {
      seen.machines.push('OrderProcessorFirstTry');
      seen.copies = ['OrderProcessorFirstTry'];
      const arn = at('states', 'stateMachine:OrderProcessorFirstTry');
      seen.rule('NewOrder').targets.push({ id: 'b', arn, roleArn: ROLE });
    },
    'once',
    /"NewOrder" also starts the workflow OrderProcessorFirstTry, which serves the same order once more/,
  ],
  [
    'another event starts the workflow',
    (seen) => void seen.rules.push(rule('made', typed(EVENTS.makeOrder), [{ id: 'a', arn: WORKFLOW, roleArn: ROLE }])),
    'new-order',
    /"made" brings OrderManager\.MakeOrder to the workflow OrderProcessorWorkflow, which must not get it/,
  ],
  [
    'no target',
    alter('NewOrder', (one) => {
      one.targets = [];
    }),
    'new-order',
    /catches Validator\.NewOrder and has no target/,
  ],
  [
    'no target, under another name',
    alter('NewOrder', (one) => {
      one.targets = [];
      one.name = 'rule-1';
    }),
    'new-order',
    /"rule-1" catches Validator\.NewOrder and has no target/,
  ],
  [
    'the wrong function',
    alter('WorkflowStarted', (one) => {
      one.targets = [{ id: 'a', arn: fn('core-GetQRcodeFunction-3') }];
    }),
    'workflow-started',
    /is the function core-GetQRcodeFunction-3, not the function whose name contains WorkflowStarted/,
  ],
  [
    'the wrong workflow',
    alter('NewOrder', (one) => {
      one.targets = [{ id: 'a', arn: at('states', 'stateMachine:core-OrderManagerStateMachine-1'), roleArn: ROLE }];
    }),
    'new-order',
    /is the workflow core-OrderManagerStateMachine-1, not the workflow OrderProcessorWorkflow/,
  ],
  [
    'a dead function',
    alter('WorkflowStarted', (one) => {
      one.targets = [{ id: 'a', arn: fn('old-WorkflowStarted-7') }];
    }),
    'workflow-started',
    /old-WorkflowStarted-7, which is not there/,
  ],
  [
    'a dead log group',
    alter('logAll', (one) => {
      one.targets = [{ id: 'a', arn: at('logs', 'log-group:/aws/events/serverlesspresso') }];
    }),
    'log-all',
    /serverlesspresso, which is not there/,
  ],
  [
    'another Region',
    alter('NewOrder', (one) => {
      one.targets = [{ id: 'a', arn: WORKFLOW.replace('us-east-1', 'us-west-2'), roleArn: ROLE }];
    }),
    'new-order',
    /of Region us-west-2/,
  ],
  [
    'no role',
    alter('NewOrder', (one) => void delete one.targets[0]?.roleArn),
    'new-order',
    /has no role with which to start the workflow/,
  ],
  [
    'a role that is gone',
    alter('NewOrder', (_, seen) => {
      seen.roles = {};
    }),
    'new-order',
    /the role Amazon_EventBridge_Invoke_Step_Functions_1 of the rule "NewOrder" is not there/,
  ],
  [
    'a role of the workflow',
    alter('NewOrder', (_, seen) => {
      seen.roles = { [ROLE]: { arn: ROLE, exists: true, trust: trust('states.amazonaws.com'), refused: [] } };
    }),
    'new-order',
    /events\.amazonaws\.com may not assume the role .* which trusts states\.amazonaws\.com/,
  ],
  [
    'a role for another workflow',
    alter('NewOrder', (_, seen) => {
      seen.roles = {
        [ROLE]: {
          arn: ROLE,
          exists: true,
          trust: trust('events.amazonaws.com'),
          refused: [{ action: 'states:StartExecution', resource: WORKFLOW }],
        },
      };
    }),
    'new-order',
    /may not do states:StartExecution on/,
  ],
  [
    'no permission',
    alter('WorkflowStarted', (_, seen) => {
      seen.functionPolicies = { ...seen.functionPolicies, [fn(STARTED)]: [] };
    }),
    'workflow-started',
    /may not invoke .* the function has no permission/,
  ],
  [
    'the permission of another rule',
    alter('WorkflowStarted', (_, seen) => {
      seen.functionPolicies = { ...seen.functionPolicies, [fn(STARTED)]: [allows(STARTED, 'Started')] };
    }),
    'workflow-started',
    /allows only the rule Serverlesspresso\/Started/,
  ],
  [
    'the permission of another account',
    alter('WorkflowStarted', (_, seen) => {
      seen.functionPolicies = {
        ...seen.functionPolicies,
        [fn(STARTED)]: [
          {
            ...allows(STARTED, 'WorkflowStarted'),
            Condition: { StringEquals: { 'AWS:SourceAccount': '999999999999' } },
          },
        ],
      };
    }),
    'workflow-started',
    /no permission of the function fits/,
  ],
  [
    'no right to log',
    alter('logAll', (_, seen) => {
      seen.logPolicies = [];
    }),
    'log-all',
    /may not write to the log group/,
  ],
  [
    'a constant input',
    alter('NewOrder', (one) => {
      one.targets[0] = { ...(one.targets[0] as RuleTarget), input: '{"orderId": 1}' };
    }),
    'new-order',
    /a constant, in which \$\.detail\.orderId is not as in the event/,
  ],
  [
    'a part of the event',
    alter('WaitingCompletion', (one) => {
      one.targets[0] = { ...(one.targets[0] as RuleTarget), inputPath: '$.detail' };
    }),
    'waiting-completion',
    /only the part \$\.detail/,
  ],
  [
    'an order started twice',
    (seen) => void seen.rules.push({ ...seen.rule('NewOrder'), name: 'again' }),
    'once',
    /the rules "NewOrder" and "again" both bring Validator\.NewOrder to the workflow/,
  ],
  [
    'a target twice',
    alter('NewOrder', (one) => void one.targets.push({ ...(one.targets[0] as RuleTarget), id: 'b' })),
    'once',
    /as its target twice/,
  ],
];

test.each(WRONG)('wrong: %s', (_, change, check, message) => {
  const wrong = failing(change);
  expect(wrong.map((one) => one.split(':')[0])).toEqual([check]);
  expect(wrong[0]).toMatch(message);
});

test('events that go to a queue or a topic cannot be judged, since what is right may lie behind it', () => {
  const { 'new-order': verdict } = judged(
    alter('NewOrder', (one) => {
      one.targets = [{ id: 'a', arn: at('sqs', 'orders') }];
    }),
  );
  expect(verdict).toMatchObject({
    status: 'error',
    found: expect.stringMatching(/orders, and where it goes from there/),
  });
});

test('what is missing comes first: without the bus, or without a workflow, a rule waits', () => {
  expect(judgeRoute(NEW_ORDER, { ...right(), busThere: false, elsewhere: ['us-west-2'] })).toMatchObject({
    status: 'waiting',
    found: expect.stringMatching(/it is in us-west-2/),
  });
  expect(judgeRoute(NEW_ORDER, { ...right(), workflow: undefined }).status).toBe('waiting');
});

test('a rule that was made in another Region is told about', () => {
  const seen = right();
  seen.rules = seen.rules.filter(({ name }) => name !== 'NewOrder');
  expect(judgeRoute(NEW_ORDER, { ...seen, rulesElsewhere: ['us-west-2'] }).found).toMatch(
    /^no rule brings .*; in us-west-2 there are rules of that kind$/,
  );
});

test('rules that the set-up brought along are never blamed', () => {
  const seen = right();
  seen.rules = seen.rules.filter(({ name }) => name.startsWith('core-'));
  for (const route of ROUTES) expect(judgeRoute(route, seen).found).toMatch(/^no rule brings/);
});

test('EventBridge is asked about what a failure rests upon, and wins where it differs', () => {
  const seen = right();
  seen.rule('NewOrder').pattern = JSON.stringify(typed('Validator.newOrder'));
  const { status, questions } = judgeRoute(NEW_ORDER, seen);
  expect([status, questions.length]).toEqual(['fail', 1]);
  for (const event of samplesOf(EVENTS.newOrder, { ...seen, workflow: WORKFLOW }))
    seen.confirmed[questionKey({ pattern: seen.rule('NewOrder').pattern ?? '', event })] = true;
  expect(judgeRoute(NEW_ORDER, seen).status).toBe('pass');
});

test('two orders share no field that a pattern could hang on, and what only looks like an event is none', () => {
  for (const type of ALL_EVENTS) {
    const exact = parsePattern(JSON.stringify(typed(type)));
    const samples = samplesOf(type, { account: ACCOUNT, region: 'us-east-1' });
    expect(samples.every((event) => matches(exact, event))).toBe(true);
    expect(nearMisses(type, { account: ACCOUNT, region: 'us-east-1' }).some(({ event }) => matches(exact, event))).toBe(
      false,
    );
  }
});
