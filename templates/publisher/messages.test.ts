import { expect, test } from 'vitest';
import { messagesOf } from './messages.mjs';
import { idTokenOf } from './token.mjs';

const event = (type: string, detail: unknown) => ({ 'detail-type': type, detail });
const read = (messages: { topic: string; message: string }[]) =>
  Object.fromEntries(messages.map(({ topic, message }) => [topic, JSON.parse(message)]));

test('an event of an order goes to the admins and to its customer, without the token', () => {
  const message = { type: 'OrderProcessor.WorkflowStarted', detail: { orderId: '1', userId: 'u-1', Message: 'hello' } };
  expect(read(messagesOf(event(message.type, { ...message.detail, TaskToken: 'secret' }), 'serverlesspresso'))).toEqual(
    { 'serverlesspresso-admin': message, 'serverlesspresso-user-u-1': message },
  );
});

test('a change of menu or opening hours goes to everyone and to no customer in particular', () => {
  const detail = { NewImage: { PK: { S: 'config' }, userId: { S: 'x' } } };
  expect(read(messagesOf(event('ConfigService.ConfigChanged', detail), 'serverlesspresso'))).toEqual({
    'serverlesspresso-config': { type: 'ConfigService.ConfigChanged', detail },
  });
});

test.each(['', undefined, '+', '#', 'a/b', 'admin\u0000'])(
  'a user id that is no plain topic name is not published to: %j',
  (userId) => {
    const topics = messagesOf(event('OrderManager.MakeOrder', { userId }), 'serverlesspresso').map(
      ({ topic }: { topic: string }) => topic,
    );
    expect(topics).toEqual(['serverlesspresso-admin']);
  },
);

test('only an ID token names an identity', () => {
  const call = (token_use: string, authorization?: string) => ({
    headers: { authorization },
    requestContext: { authorizer: { jwt: { claims: { token_use } } } },
  });
  expect(idTokenOf(call('id', 'Bearer abc.def.ghi'))).toBe('abc.def.ghi');
  expect(idTokenOf(call('id', 'abc.def.ghi'))).toBe('abc.def.ghi');
  expect(idTokenOf(call('access', 'Bearer abc.def.ghi'))).toBeUndefined();
  expect(idTokenOf(call('id'))).toBeUndefined();
  expect(idTokenOf({})).toBeUndefined();
});
