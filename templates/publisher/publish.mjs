import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { messagesOf } from './messages.mjs';

const iot = new IoTDataPlaneClient({ cacheMiddleware: true });

export async function handler(event) {
  await Promise.all(
    messagesOf(event, process.env.TOPIC_PREFIX).map(({ topic, message }) =>
      iot.send(new PublishCommand({ topic, qos: 0, payload: Buffer.from(message) })),
    ),
  );
}
