/** `events:putEvents` ("Add EventBridge events with Step Functions"): says where an event comes from, and fails as a whole. */
import type { Json } from '../../../../asl/index.ts';
import {
  asJsonText,
  asObject,
  type Dialect,
  failureOf,
  plain,
  type Task,
  TaskFailure,
  type TaskOutcome,
} from './outcome.ts';

const dialect: Dialect = {
  prefix: 'EventBridge',
  base: 'AmazonEventBridgeException',
  service: 'AmazonEventBridge',
  version: 1,
};

export async function putEvents(task: Task): Promise<TaskOutcome> {
  const { start } = task.live;
  const parameters = asObject(task.effect.parameters);
  const { Entries: given } = parameters;
  const entries = (Array.isArray(given) ? given : []).map((item: Json) => {
    const entry = asObject(item);
    return {
      ...entry,
      ...(entry['Detail'] === undefined ? {} : { Detail: asJsonText(entry['Detail']) }),
      Resources: [...(Array.isArray(entry['Resources']) ? entry['Resources'] : []), start.machineArn, start.arn],
    };
  });
  const requestId = task.driver.context.world.uuid();
  let output: Json;
  try {
    output = plain(await task.call('events', 'PutEvents', { ...parameters, Entries: entries }), (date) =>
      date.getTime(),
    );
  } catch (error) {
    throw failureOf(error, dialect, requestId);
  }
  const { FailedEntryCount: failed, Entries: results } = asObject(output);
  if (typeof failed === 'number' && failed > 0)
    throw new TaskFailure(
      'EventBridge.FailedEntry',
      JSON.stringify({ Entries: results ?? [], FailedEntryCount: failed }),
    );
  return { output: { Entries: results ?? [], FailedEntryCount: 0 } };
}
