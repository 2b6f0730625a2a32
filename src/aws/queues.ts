/** Amazon SQS queues and what takes their messages, as plain values. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { lambdaClient } from './find.ts';
import { quietly } from './leftovers.ts';

export interface Queue {
  name: string;
  arn: string;
  /** The queue's policy, JSON text. */
  policy?: string;
  /** seconds */
  visibilityTimeout: number;
  /** Messages that wait, and those that somebody is at work on. */
  waiting: number;
  inFlight: number;
  /** ARN of the queue for messages that could not be done. */
  deadLetters?: string;
}

const load = (connection: Connection) =>
  connection.client('sqs', async (config) => {
    const { SQS } = await import('@aws-sdk/client-sqs');
    return new SQS(config);
  });

/** Undefined when there is no queue of that name. */
export async function findQueue(connection: Connection, name: string): Promise<Queue | undefined> {
  const sqs = await load(connection);
  try {
    const { QueueUrl } = await sqs.getQueueUrl({ QueueName: name });
    const { Attributes = {} } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
    const { RedrivePolicy } = Attributes;
    const deadLetters = RedrivePolicy
      ? (JSON.parse(RedrivePolicy) as { deadLetterTargetArn?: string }).deadLetterTargetArn
      : undefined;
    return {
      name,
      arn: Attributes.QueueArn ?? '',
      ...(Attributes.Policy ? { policy: Attributes.Policy } : {}),
      visibilityTimeout: Number(Attributes.VisibilityTimeout),
      waiting: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      ...(deadLetters ? { deadLetters } : {}),
    };
  } catch (error) {
    if (/QueueDoesNotExist|NonExistentQueue/.test(errorName(error))) return undefined;
    throw error;
  }
}

export interface QueueMapping {
  /** name of the function */
  function: string;
  state: string;
  batchSize: number;
  /** seconds */
  window: number;
  /** How many batches at a time, by the mapping or by the function's reserved concurrency; undefined: as many as there are. */
  atOnce?: number;
}

/** What takes a queue's messages. */
export async function queueMappings(connection: Connection, queueArn: string): Promise<QueueMapping[]> {
  const lambda = await lambdaClient(connection);
  const found: QueueMapping[] = [];
  let Marker: string | undefined;
  do {
    const page = await lambda.listEventSourceMappings({ EventSourceArn: queueArn, Marker });
    for (const mapping of page.EventSourceMappings ?? []) {
      const name = mapping.FunctionArn?.split(':')[6] ?? '';
      const atOnce = mapping.ScalingConfig?.MaximumConcurrency ?? (await reserved(connection, name));
      found.push({
        function: name,
        state: mapping.State ?? '',
        batchSize: mapping.BatchSize ?? 0,
        window: mapping.MaximumBatchingWindowInSeconds ?? 0,
        ...(atOnce === undefined ? {} : { atOnce }),
      });
    }
    Marker = page.NextMarker;
  } while (Marker);
  return found;
}

async function reserved(connection: Connection, name: string): Promise<number | undefined> {
  const lambda = await lambdaClient(connection);
  try {
    return (await lambda.getFunctionConcurrency({ FunctionName: name })).ReservedConcurrentExecutions;
  } catch (error) {
    // The sandbox has no reserved concurrency, and a function may just have gone.
    if (/UnknownOperation|ResourceNotFound/.test(errorName(error))) return undefined;
    throw error;
  }
}

export interface QueueNamed {
  /** As CloudFormation knows it. */
  url: string;
  name: string;
  tags: Record<string, string>;
  /** The queue's policy, JSON text; empty where it has none. */
  policy: string;
}

/** Those of these names that are there. */
export async function queuesNamed(connection: Connection, names: readonly string[]): Promise<QueueNamed[]> {
  const sqs = await load(connection);
  const all: string[] = [];
  let NextToken: string | undefined;
  do {
    // Only with a size does the answer come in pages (API page "ListQueues").
    const page = await sqs.listQueues({ MaxResults: 1_000, NextToken });
    all.push(...(page.QueueUrls ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  const wanted = all.flatMap((url) => names.filter((name) => url.endsWith(`/${name}`)).map((name) => ({ url, name })));
  const found = await Promise.all(
    wanted.map(async ({ url, name }): Promise<QueueNamed[]> => {
      try {
        const [{ Tags = {} }, { Attributes = {} }] = await Promise.all([
          sqs.listQueueTags({ QueueUrl: url }),
          sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ['Policy'] }),
        ]);
        return [{ url, name, tags: Tags, policy: Attributes.Policy ?? '' }];
      } catch (error) {
        // Deleted a moment ago, it is still listed.
        if (/QueueDoesNotExist|NonExistentQueue/.test(errorName(error))) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

/** Deletes a queue by its URL; fine when it is already gone. */
export async function deleteQueue(connection: Connection, QueueUrl: string): Promise<void> {
  const sqs = await load(connection);
  await quietly(() => sqs.deleteQueue({ QueueUrl }));
}
