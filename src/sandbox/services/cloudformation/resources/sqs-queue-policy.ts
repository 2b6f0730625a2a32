import { STRINGS } from './shape.ts';
import { isNotFound, jsonText, type ResourceType, type Work } from './type.ts';

async function put(queues: string[], document: string, work: Work): Promise<void> {
  for (const QueueUrl of queues)
    await work.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: document } });
}

async function clear(queues: string[], work: Work): Promise<void> {
  for (const queue of queues)
    try {
      await put([queue], '', work);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
}

export const queuePolicy: ResourceType = {
  properties: { 'PolicyDocument!': 'json', 'Queues!': STRINGS },
  replaces: [],
  attributes: ['Id'],
  async create(properties, work) {
    const id = work.name(100);
    work.made(id);
    await put(properties['Queues'], jsonText(properties['PolicyDocument']), work);
    return { id, attributes: { Id: id } };
  },
  async update(id, properties, before, work) {
    await put(properties['Queues'], jsonText(properties['PolicyDocument']), work);
    await clear(
      (before['Queues'] as string[]).filter((queue) => !properties['Queues'].includes(queue)),
      work,
    );
    return { id, attributes: { Id: id } };
  },
  async delete(_id, properties, work) {
    await clear(properties['Queues'], work);
  },
};
