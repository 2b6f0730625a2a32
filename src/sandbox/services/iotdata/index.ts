/** AWS IoT's data plane over HTTP: publish, and the messages that were retained. Subscribers meet in iot-topics.ts. */
import { ServiceError } from '../../errors.ts';
import { publish as deliver } from '../../iot-topics.ts';
import { boolean, integer, must, page, readMembers, text } from '../../members.ts';
import type { Action, Context, Input, Permission, Service } from '../../service.ts';

interface RetainedRecord {
  topic: string;
  /** base64 */
  payload: string;
  qos: number;
  modified: number;
}

/** AWS IoT Core message broker limits: bytes of a payload, bytes of a topic, slashes in it. */
const LARGEST_PAYLOAD = 128 * 1024;
const LONGEST_TOPIC = 256;
const MOST_SLASHES = 7;

const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message, 400);
const read = <S extends Parameters<typeof readMembers>[1]>(input: Input, shape: S) =>
  readMembers(input, shape, 'InvalidRequestException');
const retained = (context: Context) => context.table<RetainedRecord>('retained');
/** Topics in ARNs belong to `iot`, not to this endpoint's own signing name. */
const topicArn = (context: Context, topic: string): string =>
  `arn:aws:iot:${context.region}:${context.account}:topic/${topic}`;

function checkTopic(topic: string): void {
  if (topic === '' || Buffer.byteLength(topic) > LONGEST_TOPIC)
    throw invalid(`Topic must be at least 1 and no more than ${LONGEST_TOPIC} bytes of UTF-8.`);
  if (topic.split('/').length - 1 > MOST_SLASHES)
    throw invalid(`Topic must have no more than ${MOST_SLASHES} forward slashes.`);
  if (/[+#\u0000]/.test(topic)) throw invalid('Topic must not contain wildcards or null characters.');
  if (topic.startsWith('$')) throw invalid(`The sandbox does not carry the reserved topic ${topic}.`);
}

function bytesOf(payload: unknown): Buffer {
  if (payload === undefined || payload === null) return Buffer.alloc(0);
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload instanceof Uint8Array) return Buffer.from(payload);
  throw invalid('The payload must be bytes.');
}

const publish: Action = {
  permissions(input, context) {
    const resource = topicArn(context, String(input['topic'] ?? ''));
    const needed: Permission[] = [{ action: 'iot:Publish', resource }];
    if (String(input['retain']) === 'true') needed.push({ action: 'iot:RetainPublish', resource });
    return needed;
  },
  run({ payload, ...rest }, context) {
    const wanted = read(rest, { topic: must.text(), qos: integer({ min: 0, max: 1 }), retain: boolean() });
    checkTopic(wanted.topic);
    const bytes = bytesOf(payload);
    if (bytes.length > LARGEST_PAYLOAD)
      throw new ServiceError(
        'RequestEntityTooLargeException',
        `The payload exceeds the maximum size of ${LARGEST_PAYLOAD} bytes.`,
        413,
      );
    const qos = wanted.qos === 1 ? 1 : 0;
    if (wanted.retain === true) {
      // MQTT 3.1.1, section 3.3.1.3: an empty retained message takes away the one that is kept.
      if (bytes.length === 0) retained(context).delete(wanted.topic);
      else
        retained(context).put(wanted.topic, {
          topic: wanted.topic,
          payload: bytes.toString('base64'),
          qos,
          modified: context.now(),
        });
    }
    deliver(context.world, {
      account: context.account,
      region: context.region,
      topic: wanted.topic,
      payload: bytes,
      qos,
      retain: wanted.retain === true,
    });
    return {};
  },
};

const getRetainedMessage: Action = {
  permissions: (input, context) => [
    { action: 'iot:GetRetainedMessage', resource: topicArn(context, String(input['topic'] ?? '')) },
  ],
  run(input, context) {
    const { topic } = read(input, { topic: must.text() });
    const found = retained(context).get(topic);
    if (!found)
      throw new ServiceError('ResourceNotFoundException', `No retained message found for topic: ${topic}`, 404);
    return { topic, payload: Buffer.from(found.payload, 'base64'), qos: found.qos, lastModifiedTime: found.modified };
  },
};

const listRetainedMessages: Action = {
  permissions: () => [{ action: 'iot:ListRetainedMessages', resource: '*' }],
  run(input, context) {
    const wanted = read(input, { nextToken: text(), maxResults: integer({ min: 1, max: 200 }) });
    const { items, next } = page(
      [...retained(context).values()],
      wanted.nextToken,
      wanted.maxResults ?? 200,
      'retained',
      () => invalid('Invalid nextToken.'),
    );
    return {
      retainedTopics: items.map(({ topic, payload, qos, modified }) => ({
        topic,
        payloadSize: Buffer.from(payload, 'base64').length,
        qos,
        lastModifiedTime: modified,
      })),
      nextToken: next,
    };
  },
};

export const iotdata: Service = {
  name: 'iotdata',
  protocol: 'rest-json',
  routes: [
    {
      method: 'POST',
      path: '/topics/{topic+}',
      action: 'Publish',
      payload: 'payload',
      // Those of MQTT 5 are read only to be refused by name.
      query: {
        qos: 'qos',
        retain: 'retain',
        contentType: 'contentType',
        responseTopic: 'responseTopic',
        messageExpiry: 'messageExpiry',
      },
      headers: {
        'x-amz-mqtt5-user-properties': 'userProperties',
        'x-amz-mqtt5-payload-format-indicator': 'payloadFormatIndicator',
        'x-amz-mqtt5-correlation-data': 'correlationData',
      },
    },
    { method: 'GET', path: '/retainedMessage/{topic+}', action: 'GetRetainedMessage' },
    {
      method: 'GET',
      path: '/retainedMessage',
      action: 'ListRetainedMessages',
      query: { nextToken: 'nextToken', maxResults: 'maxResults' },
    },
  ],
  actions: {
    Publish: publish,
    GetRetainedMessage: getRetainedMessage,
    ListRetainedMessages: listRetainedMessages,
  },
};
