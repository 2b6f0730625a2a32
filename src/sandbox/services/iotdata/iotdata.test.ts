import { GetRetainedMessageCommand, IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';
import { matchesFilter, subscribe, type TopicMessage } from '../../iot-topics.ts';
import { World } from '../../world.ts';
import { iam } from '../iam/index.ts';
import { iotdata } from './index.ts';

const where = { account: '123456789012', region: 'us-east-1' };

test('a published message reaches who subscribed to its topic in that account and Region, until they stop', async () => {
  const world = new World({ services: [iotdata] });
  const heard: TopicMessage[] = [];
  const stop = subscribe(world, where, 'serverlesspresso-config', (message) => heard.push(message));
  subscribe(world, { ...where, region: 'eu-west-1' }, '#', () => expect.unreachable());
  const send = (topic: string) =>
    world.call('iotdata', 'Publish', { topic, qos: 1, payload: Buffer.from('{}') }, where);
  await send('serverlesspresso-user-1');
  await send('serverlesspresso-config');
  stop();
  await send('serverlesspresso-config');
  expect(heard.map((message) => [message.topic, message.payload.toString(), message.qos])).toEqual([
    ['serverlesspresso-config', '{}', 1],
  ]);
  await world.close();
});

test.each([
  ['a/+/c', 'a/b/c', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', '$aws/x', false],
  ['serverlesspresso-admin', 'serverlesspresso-admin', true],
  ['serverlesspresso-+', 'serverlesspresso-admin', false],
])('MQTT 4.7: the filter %s and the topic %s: %s', (filter, topic, matches) => {
  expect(matchesFilter(filter, topic)).toBe(matches);
});

test('publishing keeps to the limits of topics and payloads, and retains what is asked', () =>
  withSandbox(async (sandbox) => {
    const iot = new IoTDataPlaneClient(clientConfig(sandbox));
    await iot.send(new PublishCommand({ topic: 'a/b', qos: 1, payload: Buffer.from('kept'), retain: true }));
    const { payload } = await iot.send(new GetRetainedMessageCommand({ topic: 'a/b' }));
    expect(Buffer.from(payload ?? []).toString()).toBe('kept');
    await expect(iot.send(new PublishCommand({ topic: 'a/#' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    await expect(iot.send(new PublishCommand({ topic: 'a', payload: Buffer.alloc(131_073) }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 413 },
    });
    await expect(iot.send(new PublishCommand({ topic: 'a', contentType: 'text/plain' }))).rejects.toThrow(
      'contentType',
    );
  }));

test('a role publishes only to the topics its policy names', async () => {
  const world = new World({ services: [iam, iotdata] });
  const document = (Statement: Record<string, unknown>) =>
    JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...Statement } });
  const RoleName = 'publisher';
  await world.call(
    'iam',
    'CreateRole',
    {
      RoleName,
      AssumeRolePolicyDocument: document({ Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
    },
    where,
  );
  const Resource = 'arn:aws:iot:us-east-1:123456789012:topic/serverlesspresso-*';
  await world.call(
    'iam',
    'PutRolePolicy',
    { RoleName, PolicyName: 'p', PolicyDocument: document({ Action: 'iot:Publish', Resource }) },
    where,
  );
  const roleArn = 'arn:aws:iam::123456789012:role/publisher';
  const as = await world.assume(roleArn, 'lambda.amazonaws.com', 'f', where);
  await world.call('iotdata', 'Publish', { topic: 'serverlesspresso-admin' }, { ...where, as });
  await expect(world.call('iotdata', 'Publish', { topic: 'other' }, { ...where, as })).rejects.toMatchObject({
    code: 'AccessDeniedException',
  });
  await world.close();
});
