import { expect, test } from 'vitest';
import type { Target } from './records.ts';
import { checkTransform, targetInput } from './transform.ts';

const event = JSON.stringify({
  id: 'e1',
  'detail-type': 'Validator.NewOrder',
  time: '2026-01-01T00:00:00Z',
  resources: ['arn:a', 'arn:b'],
  detail: { orderId: '7', count: 3, 'a b': true, items: [{ drink: 'Latte "large"' }] },
});
const delivered = { ruleArn: 'arn:aws:events:us-east-1:1:rule/r', ruleName: 'r', accepted: 0 };
const got = (target: Partial<Target>): string => targetInput({ Id: '1', Arn: 'x', ...target }, event, delivered);
const refused = (target: Partial<Target>): string => {
  try {
    checkTransform({ Id: '1', Arn: 'x', ...target });
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};
const template = (InputTemplate: string, InputPathsMap: Record<string, string> = {}): Partial<Target> => ({
  InputTransformer: { InputTemplate, InputPathsMap },
});

test('all of the event, a constant, or the part a path points at ("Amazon EventBridge input transformation")', () => {
  expect(got({})).toBe(event);
  expect(got({ Input: '{"always":1}' })).toBe('{"always":1}');
  expect(got({ InputPath: '$' })).toBe(event);
  expect(got({ InputPath: '$.detail.orderId' })).toBe('"7"');
  expect(got({ InputPath: '$.resources[1]' })).toBe('"arn:b"');
  expect(got({ InputPath: "$.detail['a b']" })).toBe('true');
  expect(got({ InputPath: '$.detail.nothing' })).toBe('{}');
});

test('a template is filled with JSON outside of quotes and with text inside of them', () => {
  const paths = { type: '$.detail-type', n: '$.detail.count', items: '$.detail.items', none: '$.detail.none' };
  expect(got(template('"Event of <type> type, no <none>"', paths))).toBe('"Event of Validator.NewOrder type, no "');
  expect(JSON.parse(got(template('{"t": <type>, "n": <n>, "all": <items>, "in": "a <n> b"}', paths)))).toEqual({
    t: 'Validator.NewOrder',
    n: 3,
    all: [{ drink: 'Latte "large"' }],
    in: 'a 3 b',
  });
  expect(JSON.parse(got(template('{"text": "<items>"}', paths)))).toEqual({ text: '[{"drink":"Latte \\"large\\""}]' });
  expect(JSON.parse(got(template('{"rule": <aws.events.rule-name>, "event": <aws.events.event.json>}')))).toEqual({
    rule: 'r',
    event: JSON.parse(event),
  });
});

test('what cannot be filled is refused when the target is put', () => {
  expect(refused({ Input: '{}', InputPath: '$' })).toBe(
    'Only one of Input, InputPath, or InputTransformer must be provided for target 1.',
  );
  expect(refused({ Input: 'plain' })).toBe('JSON syntax error in input for target 1.');
  expect(refused({ InputPath: 'detail' })).toMatch(/InputPath/);
  expect(refused(template('{"a": <b>}', { a: '$.a' }))).toBe(
    'InputTemplate for target 1 contains invalid placeholder b.',
  );
  expect(refused(template('{"a": <a>', { a: '$.a' }))).toMatch(/^Invalid InputTemplate for target 1/);
  expect(refused(template('{"a": <a>, "b": "<a>"}', { a: '$.a' }))).toBe('accepted');
  expect(refused(template('"one <a>"\n"two"', { a: '$.a' }))).toBe('accepted');
});
