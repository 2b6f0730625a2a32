// One file because it follows the IAM User Guide page by page; each describe names its page.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AccessRequest,
  type Caller,
  decide,
  deniedMessage,
  type Json,
  MalformedPolicyDocument,
  type MatchedStatement,
  type Outcome,
  type Policy,
  type PolicyKind,
  type PolicySource,
  parsePolicy,
} from './index.ts';

const bus = 'arn:aws:events:us-east-1:111122223333:event-bus/Serverlesspresso';
const workflow: Caller = {
  arn: 'arn:aws:sts::111122223333:assumed-role/OrderRole/execution',
  role: 'arn:aws:iam::111122223333:role/service-role/OrderRole',
};
const user: Caller = { arn: 'arn:aws:iam::111122223333:user/team/alice' };

type StatementJson = { [key: string]: Json };
const document = (...statements: StatementJson[]) => ({ Version: '2012-10-17', Statement: statements });
const identity = (...statements: StatementJson[]): Policy => parsePolicy(document(...statements));
const onResource = (...statements: StatementJson[]) => parsePolicy(document(...statements), 'resource');
const trust = (...statements: StatementJson[]) => parsePolicy(document(...statements), 'trust');
const allow = (more: StatementJson = {}): StatementJson => ({
  Effect: 'Allow',
  Action: 'events:PutEvents',
  Resource: bus,
  ...more,
});
const deny = (more: StatementJson = {}): StatementJson => ({ ...allow(more), Effect: 'Deny' });

const put = (more: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 'events:PutEvents',
  resource: bus,
  principal: workflow,
  identityPolicies: [],
  sameAccount: true,
  ...more,
});
const withIdentity = (statement: StatementJson, more: Partial<AccessRequest> = {}): Outcome['decision'] =>
  decide(put({ identityPolicies: [identity(statement)], ...more })).decision;

describe('Policy evaluation logic: within an account', () => {
  test('without a policy nothing is allowed', () => {
    expect(decide(put())).toEqual({ decision: 'implicitDeny', statements: [], because: 'identity' });
  });
  test('an allow allows, and is named', () => {
    const policy = parsePolicy(document(allow({ Sid: 'Put' })), 'identity', 'inline');
    const named: MatchedStatement = { source: 'identity', policy: 'inline', sid: 'Put', index: 0, effect: 'Allow' };
    expect(decide(put({ identityPolicies: [policy] }))).toEqual({ decision: 'allowed', statements: [named] });
  });
  test('an explicit deny wins, wherever it stands', () => {
    const allowing = { identityPolicies: [identity(allow())] };
    expect(decide(put({ identityPolicies: [identity(allow(), deny())] })).decision).toBe('explicitDeny');
    expect(decide(put({ ...allowing, resourcePolicies: [onResource(deny({ Principal: '*' }))] }))).toMatchObject({
      decision: 'explicitDeny',
      because: 'resource',
    });
    expect(decide(put({ ...allowing, permissionsBoundary: identity(deny()) })).because).toBe('boundary');
    expect(decide(put({ ...allowing, sessionPolicies: [identity(deny())] })).because).toBe('session');
  });
  test("the resource's policy alone is enough, by role, by session or for anybody", () => {
    for (const Principal of ['*', { AWS: '*' }, { AWS: workflow.role ?? '' }, { AWS: workflow.arn ?? '' }])
      expect(decide(put({ resourcePolicies: [onResource(allow({ Principal }))] })).decision).toBe('allowed');
  });
  test("what it gives to the account is for that account's own policies to give on", () => {
    const resourcePolicies = [onResource(allow({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } }))];
    expect(decide(put({ resourcePolicies })).decision).toBe('implicitDeny');
    expect(decide(put({ resourcePolicies, identityPolicies: [identity(allow())] })).decision).toBe('allowed');
  });
  test('a boundary narrows and gives nothing', () => {
    expect(decide(put({ permissionsBoundary: identity(allow()) })).because).toBe('identity');
    const other = identity(allow({ Action: 's3:*', Resource: '*' }));
    expect(decide(put({ identityPolicies: [identity(allow())], permissionsBoundary: other }))).toMatchObject({
      decision: 'implicitDeny',
      because: 'boundary',
    });
    expect(decide(put({ identityPolicies: [identity(allow())], sessionPolicies: [other] })).because).toBe('session');
  });
  test("a boundary narrows what a resource's policy gives to a role, not what it gives to a session or a user by name", () => {
    const permissionsBoundary = identity(allow({ Action: 's3:*', Resource: '*' }));
    const by = (Principal: Json, principal = workflow) =>
      decide(put({ principal, permissionsBoundary, resourcePolicies: [onResource(allow({ Principal }))] })).decision;
    expect(by({ AWS: workflow.role ?? '' })).toBe('implicitDeny');
    expect(by({ AWS: workflow.arn ?? '' })).toBe('allowed');
    expect(by({ AWS: user.arn ?? '' }, user)).toBe('allowed');
  });
  test('the root of the account needs no policy, but a deny of the resource holds', () => {
    const principal = { arn: 'arn:aws:iam::111122223333:root' };
    expect(decide(put({ principal })).decision).toBe('allowed');
    expect(decide(put({ principal, resourcePolicies: [onResource(deny({ Principal: '*' }))] })).decision).toBe(
      'explicitDeny',
    );
  });
});

describe('Cross-account policy evaluation logic', () => {
  const resourcePolicies = [onResource(allow({ Principal: { AWS: '111122223333' } }))];
  const identityPolicies = [identity(allow())];
  test('both sides must allow', () => {
    expect(decide(put({ sameAccount: false, identityPolicies, resourcePolicies })).decision).toBe('allowed');
    expect(decide(put({ sameAccount: false, identityPolicies })).because).toBe('resource');
    expect(decide(put({ sameAccount: false, resourcePolicies })).because).toBe('identity');
  });
  test.each<[PolicySource, Partial<AccessRequest>]>([
    ['boundary', { permissionsBoundary: identity(allow({ Resource: 'arn:aws:s3:::x' })) }],
    ['session', { sessionPolicies: [identity(allow({ Resource: 'arn:aws:s3:::x' }))] }],
  ])('a %s policy narrows here too', (because, more) => {
    expect(decide(put({ sameAccount: false, identityPolicies, resourcePolicies, ...more })).because).toBe(because);
  });
  test('another account is not meant', () => {
    const other = [onResource(allow({ Principal: { AWS: '444455556666' } }))];
    expect(decide(put({ sameAccount: false, identityPolicies, resourcePolicies: other })).decision).toBe(
      'implicitDeny',
    );
  });
});

describe('AWS JSON policy elements: Principal', () => {
  const invoke = (principal: Caller, Principal: Json, Condition?: Json, context?: AccessRequest['context']) =>
    decide({
      action: 'lambda:InvokeFunction',
      resource: 'arn:aws:lambda:us-east-1:111122223333:function:f',
      principal,
      identityPolicies: [],
      sameAccount: true,
      resourcePolicies: [
        onResource({
          Effect: 'Allow',
          Action: 'lambda:InvokeFunction',
          Resource: 'arn:aws:lambda:us-east-1:111122223333:function:f',
          Principal,
          ...(Condition ? { Condition } : {}),
        }),
      ],
      ...(context ? { context } : {}),
    }).decision;
  const events: Caller = { service: 'events.amazonaws.com' };
  test('a service is meant by its name', () => {
    expect(invoke(events, { Service: 'events.amazonaws.com' })).toBe('allowed');
    expect(invoke(events, { Service: ['s3.amazonaws.com', 'events.amazonaws.com'] })).toBe('allowed');
    expect(invoke(events, { Service: 's3.amazonaws.com' })).toBe('implicitDeny');
    expect(invoke(events, { AWS: '111122223333' })).toBe('implicitDeny');
    expect(
      invoke(
        { service: ['states.amazonaws.com', 'states.us-east-1.amazonaws.com'] },
        { Service: 'states.us-east-1.amazonaws.com' },
      ),
    ).toBe('allowed');
  });
  test('the rule that may invoke is a condition on aws:SourceArn', () => {
    const condition = { ArnLike: { 'AWS:SourceArn': 'arn:aws:events:us-east-1:111122223333:rule/Serverlesspresso/*' } };
    const from = (rule: string) =>
      invoke(events, { Service: 'events.amazonaws.com' }, condition, {
        'aws:SourceArn': `arn:aws:events:us-east-1:111122223333:rule/${rule}`,
      });
    expect([from('Serverlesspresso/NewOrder'), from('NewOrder')]).toEqual(['allowed', 'implicitDeny']);
  });
  test('a caller without credentials, vouched for by a provider', () => {
    expect(
      invoke({ federated: 'cognito-identity.amazonaws.com' }, { Federated: 'cognito-identity.amazonaws.com' }),
    ).toBe('allowed');
    expect(invoke({}, { Federated: 'cognito-identity.amazonaws.com' })).toBe('implicitDeny');
    expect(invoke({}, '*')).toBe('allowed');
  });
  test('a session made without its path is still of its role', () => {
    const principal = { arn: 'arn:aws:sts::111122223333:assumed-role/Plain/x' };
    expect(invoke(principal, { AWS: 'arn:aws:iam::111122223333:role/Plain' })).toBe('allowed');
  });
  test('NotPrincipal denies everybody else', () => {
    const policy = onResource(deny({ NotPrincipal: { AWS: workflow.role ?? '' }, Action: '*', Resource: '*' }));
    const by = (principal: Caller) =>
      decide(put({ principal, identityPolicies: [identity(allow())], resourcePolicies: [policy] })).decision;
    expect([by(workflow), by(user)]).toEqual(['allowed', 'explicitDeny']);
  });
});

describe('Roles: who may assume them', () => {
  const role = 'arn:aws:iam::111122223333:role/OrderRole';
  const assume = (Principal: Json, principal: Caller, more: Partial<AccessRequest> = {}) =>
    decide({
      action: 'sts:AssumeRole',
      resource: role,
      principal,
      identityPolicies: [],
      sameAccount: true,
      resourceMustAllow: true,
      resourcePolicies: [trust({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal })],
      ...more,
    });
  test('the service that the trust policy names, and no other', () => {
    expect(assume({ Service: 'states.amazonaws.com' }, { service: 'states.amazonaws.com' }).decision).toBe('allowed');
    expect(assume({ Service: 'lambda.amazonaws.com' }, { service: 'states.amazonaws.com' })).toMatchObject({
      decision: 'implicitDeny',
      because: 'trust',
    });
  });
  const identityPolicies = [identity({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role })];
  test('an identity policy is not enough without the trust policy', () => {
    expect(assume({ AWS: '444455556666' }, user, { identityPolicies }).because).toBe('trust');
  });
  test('trusting the account leaves it to its policies; trusting the user by name is enough', () => {
    expect(assume({ AWS: '111122223333' }, user).decision).toBe('implicitDeny');
    expect(assume({ AWS: '111122223333' }, user, { identityPolicies }).decision).toBe('allowed');
    expect(assume({ AWS: user.arn ?? '' }, user).decision).toBe('allowed');
  });
});

describe('IAM JSON policy elements: Action and NotAction', () => {
  test.each([
    ['events:PutEvents', true],
    ['EVENTS:putevents', true],
    ['events:Put*', true],
    ['events:Put?vents', true],
    ['events:*Events', true],
    ['*', true],
    ['*:*', true],
    ['events:PutEvent', false],
    ['events:PutRule', false],
    ['event:*', false],
  ])('%s → %s', (Action, expected) => {
    expect(withIdentity(allow({ Action })) === 'allowed').toBe(expected);
  });
  test('NotAction is every other action', () => {
    const { Action: _, ...rest } = allow();
    expect(withIdentity({ ...rest, NotAction: 'iam:*' })).toBe('allowed');
    expect(withIdentity({ ...rest, NotAction: ['iam:*', 'events:*'] })).toBe('implicitDeny');
  });
});

describe('IAM JSON policy elements: Resource and NotResource', () => {
  test.each([
    [bus, bus, true],
    ['*', bus, true],
    ['arn:aws:events:*:*:event-bus/*', bus, true],
    ['arn:aws:events:*', bus, true],
    ['arn:aws:events:us-east-1:111122223333:event-bus/serverlesspresso', bus, false],
    ['arn:aws:events:us-east-1:111122223333:event-bus/Serverlesspress?', bus, true],
    ['arn:aws:events:us-*-1:111122223333:event-bus/*', bus, true],
    ['arn:aws:events:us-*1:event-bus/*', bus, false],
    ['arn:aws:logs:*:*:*', 'arn:aws:logs:us-east-1:1:log-group:/aws/events/x:*', true],
    [
      'arn:aws:logs:us-east-1:1:log-group:/aws/*:*',
      'arn:aws:logs:us-east-1:1:log-group:/aws/events/x:log-stream:y',
      true,
    ],
    ['arn:aws:states:*:*:execution:Order*', 'arn:aws:states:us-east-1:1:execution:OrderProcessor:abc', true],
    ['arn:aws:states:*:*:execution:Order*x:abc', 'arn:aws:states:us-east-1:1:execution:Order:y:x:abc', false],
    ['arn:aws:iot:*:*:topic/serverlesspresso-user-*', 'arn:aws:iot:us-east-1:1:topic/serverlesspresso-user-7', true],
  ])('%s and %s → %s', (Resource, resource, expected) => {
    expect(withIdentity(allow({ Resource }), { resource }) === 'allowed').toBe(expected);
  });
  test('NotResource is every other resource', () => {
    const { Resource: _, ...rest } = allow();
    expect(withIdentity({ ...rest, NotResource: 'arn:aws:events:*:*:event-bus/default' })).toBe('allowed');
    expect(withIdentity({ ...rest, NotResource: bus })).toBe('implicitDeny');
  });
});

describe('IAM policy elements: Variables and tags', () => {
  const topic = (Resource: string, id: string, context: AccessRequest['context']) =>
    withIdentity(allow({ Action: 'iot:Subscribe', Resource }), {
      action: 'iot:Subscribe',
      resource: `arn:aws:iot:us-east-1:1:topicfilter/${id}`,
      ...(context ? { context } : {}),
    });
  const own = 'arn:aws:iot:*:*:topicfilter/user-${cognito-identity.amazonaws.com:sub}';
  test('a variable stands for the value of its key', () => {
    expect(topic(own, 'user-7', { 'cognito-identity.amazonaws.com:sub': '7' })).toBe('allowed');
    expect(topic(own, 'user-8', { 'cognito-identity.amazonaws.com:sub': '7' })).toBe('implicitDeny');
  });
  test('a value that looks like a wildcard is none', () => {
    expect(topic(own, 'user-8', { 'cognito-identity.amazonaws.com:sub': '*' })).toBe('implicitDeny');
  });
  test('without the key nothing fits, but for the default', () => {
    expect(topic(own, 'user-', {})).toBe('implicitDeny');
    const Resource = "arn:aws:iot:*:*:topicfilter/${aws:PrincipalTag/team, 'public'}";
    expect(topic(Resource, 'public', {})).toBe('allowed');
    expect(topic(Resource, 'red', { 'aws:PrincipalTag/Team': 'red' })).toBe('allowed');
  });
  test('${*}, ${?} and ${$} are the characters themselves', () => {
    expect(topic('arn:aws:iot:*:*:topicfilter/${*}${?}${$}', '*?$', {})).toBe('allowed');
    expect(topic('arn:aws:iot:*:*:topicfilter/${*}', 'x', {})).toBe('implicitDeny');
  });
  test('keys with several values are no variables', () => {
    expect(topic(own, 'user-7', { 'cognito-identity.amazonaws.com:sub': ['7', '8'] })).toBe('implicitDeny');
  });
  test('the caller brings keys of its own', () => {
    expect(
      withIdentity(allow({ Resource: 'arn:aws:s3:::home/${aws:username}/*', Action: 's3:GetObject' }), {
        action: 's3:GetObject',
        resource: 'arn:aws:s3:::home/alice/x',
        principal: user,
      }),
    ).toBe('allowed');
    expect(withIdentity(allow({ Condition: { ArnEquals: { 'aws:PrincipalArn': workflow.role ?? '' } } }))).toBe(
      'allowed',
    );
  });
  test('the older Version knows no variables', () => {
    const policy = parsePolicy(
      { Version: '2008-10-17', Statement: [allow({ Resource: 'arn:aws:s3:::${aws:username}', Principal: '*' })] },
      'resource',
    );
    const by = (resource: string) => decide(put({ principal: user, resource, resourcePolicies: [policy] })).decision;
    expect([by('arn:aws:s3:::alice'), by('arn:aws:s3:::${aws:username}')]).toEqual(['implicitDeny', 'allowed']);
  });
});

describe('IAM JSON policy elements: Condition operators', () => {
  const holds = (operator: string, values: Json, had?: string | number | boolean | string[]) =>
    withIdentity(allow({ Condition: { [operator]: { 'my:Key': values } } }), {
      context: had === undefined ? {} : { 'My:key': had },
    }) === 'allowed';
  test.each<[string, Json, string | number | boolean | string[] | undefined, boolean]>([
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a', undefined, false],
    ['StringEquals', '${aws:PrincipalAccount}', '111122223333', true],
    ['StringNotEquals', ['a', 'b'], 'c', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'a', 'A', true],
    ['StringNotEqualsIgnoreCase', 'a', 'A', false],
    ['StringLike', 'a*c?', 'a:b:cd', true],
    ['StringLike', 'a*', 'b', false],
    ['StringNotLike', 'a*', 'b', true],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['NumericEquals', '5', 5, true],
    ['NumericEquals', 5, '5.0', true],
    ['NumericNotEquals', '5', '6', true],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '10', '9', false],
    ['NumericGreaterThanEquals', '10', 'ten', false],
    ['DateLessThan', '2026-01-01T00:00:00Z', '2025-12-31T23:59:59Z', true],
    ['DateGreaterThan', '1767225600', '2026-01-01T00:00:01Z', true],
    ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', true],
    ['DateNotEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', false],
    ['Bool', 'true', true, true],
    ['Bool', 'true', 'FALSE', false],
    ['Bool', true, undefined, false],
    ['BoolIfExists', 'true', undefined, true],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['IpAddress', '203.0.113.0/24', '203.0.113.77', true],
    ['IpAddress', '203.0.113.7', '203.0.113.8', false],
    ['IpAddress', '2001:db8::/32', '2001:db8:1::1', true],
    ['IpAddress', '203.0.113.0/24', '::1', false],
    ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
    ['ArnEquals', 'arn:aws:sns:*:1:top*', 'arn:aws:sns:us-east-1:1:topic', true],
    ['ArnLike', 'arn:aws:sns:*:topic', 'arn:aws:sns:us-east-1:1:topic', false],
    ['ArnLike', '*', 'arn:aws:sns:us-east-1:1:topic', true],
    ['ArnNotLike', 'arn:aws:sns:*:*:topic', 'arn:aws:sqs:us-east-1:1:topic', true],
    ['ArnNotEquals', 'arn:aws:sns:*:*:topic', 'arn:aws:sns:us-east-1:1:topic', false],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'x', false],
    ['Null', 'false', 'x', true],
    ['Null', false, undefined, false],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', ['a', 'b'], undefined, true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
    ['ForAnyValue:StringEquals', ['a', 'b'], undefined, false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAllValues:StringNotLike', ['a*'], ['b', 'ab'], false],
    ['ForAnyValue:StringLikeIfExists', ['a'], undefined, true],
  ])('%s %j, request %j → %s', (operator, values, had, expected) => {
    expect(holds(operator, values, had)).toBe(expected);
  });
  test('all operators and all keys must hold', () => {
    const both = (context: AccessRequest['context']) =>
      withIdentity(
        allow({ Condition: { StringEquals: { a: '1', b: '2' }, Bool: { c: 'true' } } }),
        context ? { context } : {},
      );
    expect(both({ a: '1', b: '2', c: true })).toBe('allowed');
    expect(both({ a: '1', b: '2', c: false })).toBe('implicitDeny');
    expect(both({ a: '1', c: true })).toBe('implicitDeny');
  });
  test('iam:PassedToService: who a role may be handed to', () => {
    const pass = (service: string) =>
      withIdentity(
        allow({
          Action: 'iam:PassRole',
          Resource: '*',
          Condition: { StringEquals: { 'iam:PassedToService': 'states.amazonaws.com' } },
        }),
        { action: 'iam:PassRole', resource: workflow.role ?? '', context: { 'iam:PassedToService': service } },
      );
    expect([pass('states.amazonaws.com'), pass('lambda.amazonaws.com')]).toEqual(['allowed', 'implicitDeny']);
  });
});

describe('Troubleshoot access denied error messages', () => {
  const because = (more: Partial<AccessRequest>) => {
    const request = put(more);
    return deniedMessage(request, decide(request)).replace(
      `User: ${workflow.arn} is not authorized to perform: events:PutEvents on resource: ${bus} `,
      '… ',
    );
  };
  const identityPolicies = [identity(allow())];
  test.each<[string, Partial<AccessRequest>]>([
    ['… because no identity-based policy allows the events:PutEvents action', {}],
    ['… with an explicit deny in an identity-based policy', { identityPolicies: [identity(deny())] }],
    ['… because no resource-based policy allows the events:PutEvents action', { identityPolicies, sameAccount: false }],
    [
      '… with an explicit deny in a resource-based policy',
      { identityPolicies, resourcePolicies: [onResource(deny({ Principal: '*' }))] },
    ],
    [
      '… because no permissions boundary allows the events:PutEvents action',
      { identityPolicies, permissionsBoundary: identity(allow({ Resource: 'arn:aws:s3:::x' })) },
    ],
    ['… with an explicit deny in a permissions boundary', { permissionsBoundary: identity(deny()) }],
    [
      '… because no session policy allows the events:PutEvents action',
      { identityPolicies, sessionPolicies: [identity(allow({ Action: 'events:PutRule' }))] },
    ],
  ])('%s', (sentence, more) => {
    expect(because(more)).toBe(sentence);
  });
  test('a role, and actions without a resource', () => {
    const request = { principal: user, action: 'sts:AssumeRole', resource: 'arn:aws:iam::1:role/R' };
    expect(deniedMessage(request, { decision: 'implicitDeny', because: 'trust' })).toBe(
      'User: arn:aws:iam::111122223333:user/team/alice is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/R because no role trust policy allows the sts:AssumeRole action',
    );
    expect(
      deniedMessage(
        { ...request, action: 'codecommit:ListRepositories', resource: '*' },
        { decision: 'implicitDeny', because: 'identity' },
      ),
    ).toBe(
      'User: arn:aws:iam::111122223333:user/team/alice is not authorized to perform: codecommit:ListRepositories because no identity-based policy allows the codecommit:ListRepositories action',
    );
    expect(deniedMessage(request, { decision: 'implicitDeny', because: 'trust' }, { reason: false })).toMatch(
      /role\/R$/,
    );
  });
});

describe('Grammar of the IAM JSON policy language', () => {
  const refusal = (given: string | Json, kind: PolicyKind = 'identity') => {
    try {
      parsePolicy(given, kind);
    } catch (error) {
      if (error instanceof MalformedPolicyDocument) return error.message;
      throw error;
    }
    return 'accepted';
  };
  const without = (...members: string[]) =>
    document(Object.fromEntries(Object.entries(allow()).filter(([member]) => !members.includes(member))));
  const trusting = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'states.amazonaws.com' } };
  test.each<[string, string | Json, PolicyKind, string]>([
    ['no JSON', '{"Version":', 'identity', 'This policy contains invalid Json'],
    ['no object', [], 'identity', 'Syntax errors in policy.'],
    ['an unknown member', { ...document(allow()), Extra: 1 }, 'identity', 'Syntax errors in policy.'],
    ['no statement', { Version: '2012-10-17' }, 'identity', 'Syntax errors in policy.'],
    ['no Version', { Statement: [allow()] }, 'identity', 'Policy document must be version 2012-10-17 or greater.'],
    ['another Version', { Version: '2020-01-01', Statement: [allow()] }, 'identity', 'Syntax errors in policy.'],
    ['an unknown member of a statement', document(allow({ Actions: 'x' })), 'identity', 'Syntax errors in policy.'],
    ['no Effect', without('Effect'), 'identity', 'Missing required field Effect'],
    ['another Effect', document(allow({ Effect: 'allow' })), 'identity', 'Syntax errors in policy.'],
    ['no Action', without('Action'), 'identity', 'Policy statement must contain actions.'],
    ['an empty list of actions', document(allow({ Action: [] })), 'identity', 'Policy statement must contain actions.'],
    ['Action and NotAction', document(allow({ NotAction: 'a:b' })), 'identity', 'Syntax errors in policy.'],
    [
      'an action without a service',
      document(allow({ Action: 'PutEvents' })),
      'identity',
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'an action with two colons',
      document(allow({ Action: 'a:b:c' })),
      'identity',
      'Actions/Condition can contain only one colon.',
    ],
    ['a service with a wildcard', document(allow({ Action: 'ev*:b' })), 'identity', 'Vendor ev* is not valid'],
    ['no Resource', without('Resource'), 'identity', 'Policy statement must contain resources.'],
    [
      'a resource that is no ARN',
      document(allow({ Resource: 'Serverlesspresso' })),
      'identity',
      'Resource Serverlesspresso must be in ARN format or "*".',
    ],
    [
      'an unknown partition',
      document(allow({ Resource: 'arn:azure:x:::y' })),
      'identity',
      'Partition "azure" is not valid for resource "arn:azure:x:::y".',
    ],
    [
      'a principal on an identity',
      document(allow({ Principal: '*' })),
      'identity',
      'Policy document should not specify a principal.',
    ],
    [
      'two statements of one Sid',
      document(allow({ Sid: 'A' }), allow({ Sid: 'A' })),
      'identity',
      'Statement IDs (SID) in a single policy must be unique.',
    ],
    [
      'an unknown operator',
      document(allow({ Condition: { StringsEquals: { a: 'b' } } })),
      'identity',
      'Syntax errors in policy.',
    ],
    ['no principal on a resource', document(allow()), 'resource', 'Missing required field Principal'],
    [
      'a resource in a trust policy',
      document({ ...trusting, Resource: '*' }),
      'trust',
      'Has prohibited field Resource',
    ],
    [
      'another action in a trust policy',
      document({ ...trusting, Action: 's3:GetObject' }),
      'trust',
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'a service that is none',
      document({ ...trusting, Principal: { Service: 'states' } }),
      'trust',
      'Invalid principal in policy: "SERVICE":"states"',
    ],
    [
      'a principal with a wildcard',
      document({ ...trusting, Principal: { AWS: 'arn:aws:iam::*:root' } }),
      'trust',
      'Invalid principal in policy: "AWS":"arn:aws:iam::*:root"',
    ],
  ])('%s', (_, given, kind, message) => {
    expect(refusal(given, kind)).toBe(message);
  });
  test('the detail says where', () => {
    expect(() => parsePolicy(document(allow({ Condition: { StringsEquals: { a: 'b' } } })))).toThrow(
      expect.objectContaining({ detail: 'Statement[0].Condition.StringsEquals is not a condition operator' }),
    );
  });
  test('one statement without a list, and a trust policy of the older Version', () => {
    expect(refusal({ Version: '2012-10-17', Statement: allow() })).toBe('accepted');
    expect(refusal({ Version: '2008-10-17', Statement: [trusting] }, 'trust')).toBe('accepted');
    expect(
      refusal(document({ ...trusting, Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] }), 'trust'),
    ).toBe('accepted');
  });
});

describe('for any policies', () => {
  const action = fc.constantFrom('events:PutEvents', 'events:*', 'states:*', '*', 's3:GetObject', 'events:Put?vents');
  const resource = fc.constantFrom(bus, '*', 'arn:aws:events:*:*:event-bus/*', 'arn:aws:s3:::x', 'arn:aws:*');
  const condition = fc.constantFrom<Json | undefined>(
    undefined,
    { StringEquals: { k: 'v' } },
    { StringNotLike: { k: 'v*' } },
    { 'ForAllValues:StringEquals': { k: ['v', 'w'] } },
    { Null: { k: 'true' } },
  );
  const statement = fc
    .record({ Effect: fc.constantFrom('Allow', 'Deny'), Action: action, Resource: resource, Condition: condition })
    .map(({ Condition, ...rest }): StatementJson => (Condition === undefined ? rest : { ...rest, Condition }));
  const principal = fc.constantFrom<Json>(
    '*',
    { AWS: '111122223333' },
    { AWS: workflow.role ?? '' },
    { AWS: user.arn ?? '' },
  );
  const request = fc.record({
    identity: fc.array(statement, { minLength: 1, maxLength: 3 }),
    resource: fc.array(fc.tuple(statement, principal), { maxLength: 2 }),
    boundary: fc.option(fc.array(statement, { minLength: 1, maxLength: 2 })),
    sameAccount: fc.boolean(),
    resourceMustAllow: fc.boolean(),
    caller: fc.constantFrom<Caller>(workflow, user, { service: 'events.amazonaws.com' }),
    context: fc.constantFrom<Record<string, string[]>>({}, { k: ['v'] }, { k: ['v', 'x'] }),
  });
  type Drawn = typeof request extends fc.Arbitrary<infer T> ? T : never;
  const made = (drawn: Drawn, extra: StatementJson[] = []): AccessRequest =>
    put({
      principal: drawn.caller,
      context: drawn.context,
      sameAccount: drawn.sameAccount,
      resourceMustAllow: drawn.resourceMustAllow,
      identityPolicies: [identity(...drawn.identity, ...extra)],
      resourcePolicies: drawn.resource.map(([one, Principal]) => onResource({ ...one, Principal })),
      ...(drawn.boundary ? { permissionsBoundary: identity(...drawn.boundary) } : {}),
    });

  test('deny always wins', () => {
    fc.assert(
      fc.property(request, (drawn) => {
        const outcome = decide(made(drawn, [deny({ Action: '*', Resource: '*' })]));
        expect(outcome.decision).toBe('explicitDeny');
      }),
    );
  });
  test('a statement that denies and applies is why the answer is an explicit deny, and only then', () => {
    fc.assert(
      fc.property(request, (drawn) => {
        const outcome = decide(made(drawn));
        const denies = outcome.statements.some((one) => one.effect === 'Deny');
        expect(outcome.decision === 'explicitDeny').toBe(denies);
        expect(outcome.because === undefined).toBe(outcome.decision === 'allowed');
      }),
    );
  });
  test('one more Allow never takes away', () => {
    fc.assert(
      fc.property(request, statement, (drawn, more) => {
        fc.pre(decide(made(drawn)).decision === 'allowed');
        expect(decide(made(drawn, [{ ...more, Effect: 'Allow' }])).decision).toBe('allowed');
      }),
    );
  });
  test('without an Allow nothing is allowed', () => {
    fc.assert(
      fc.property(request, (drawn) => {
        const outcome = decide(made(drawn));
        if (outcome.decision === 'allowed') expect(outcome.statements.some((one) => one.effect === 'Allow')).toBe(true);
      }),
    );
  });
});
