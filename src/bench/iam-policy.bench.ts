import { expect, test } from 'vitest';
import { type AccessRequest, decide, parsePolicy } from '../iam-policy/index.ts';

const region = 'us-east-1:111122223333';
/** The role of the workshop's workflow, and a resource policy beside it. */
const identityPolicies = [
  parsePolicy({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'events:PutEvents', Resource: `arn:aws:events:${region}:event-bus/Serverlesspresso` },
      {
        Effect: 'Allow',
        Action: 'dynamodb:GetItem',
        Resource: `arn:aws:dynamodb:${region}:table/serverlesspresso-config-table`,
      },
      {
        Effect: 'Allow',
        Action: 'dynamodb:UpdateItem',
        Resource: `arn:aws:dynamodb:${region}:table/serverlesspresso-counting-table`,
      },
      { Effect: 'Allow', Action: 'states:ListExecutions', Resource: `arn:aws:states:${region}:stateMachine:*` },
      {
        Effect: 'Allow',
        Action: ['logs:*', 'xray:Put*'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:RequestedRegion': ['us-east-1', 'eu-west-1'] } },
      },
      {
        Effect: 'Deny',
        Action: 'iam:*',
        Resource: '*',
        Condition: { StringNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/admin-*' } },
      },
    ],
  }),
];
const resourcePolicies = [
  parsePolicy(
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: '111122223333' },
          Action: 'events:PutEvents',
          Resource: `arn:aws:events:${region}:event-bus/*`,
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: '*',
          Resource: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    },
    'resource',
  ),
];
const request = (action: string, resource: string): AccessRequest => ({
  action,
  resource,
  principal: { arn: 'arn:aws:sts::111122223333:assumed-role/OrderRole/x' },
  context: { 'aws:RequestedRegion': 'us-east-1', 'aws:SecureTransport': true },
  identityPolicies,
  resourcePolicies,
  sameAccount: true,
});
const requests = [
  request('events:PutEvents', `arn:aws:events:${region}:event-bus/Serverlesspresso`),
  request('states:ListExecutions', `arn:aws:states:${region}:stateMachine:OrderProcessorWorkflow`),
  request('xray:PutTraceSegments', '*'),
  request('dynamodb:DeleteItem', `arn:aws:dynamodb:${region}:table/serverlesspresso-config-table`),
  request('iam:PassRole', 'arn:aws:iam::111122223333:role/x'),
];

test('a decision in under 50 µs', () => {
  const rounds = 20_000;
  const decisions = requests.map((one) => decide(one).decision);
  expect(decisions).toEqual(['allowed', 'allowed', 'allowed', 'implicitDeny', 'explicitDeny']);
  for (let i = 0; i < rounds / 10; i++) for (const one of requests) decide(one);
  const start = performance.now();
  for (let i = 0; i < rounds; i++) for (const one of requests) decide(one);
  const micros = ((performance.now() - start) * 1000) / (rounds * requests.length);
  console.log(`IAM: ${micros.toFixed(2)} µs a decision`);
  expect(micros).toBeLessThan(50);
});
