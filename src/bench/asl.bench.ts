import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Json, type JsonObject, simulate, type TaskAnswer, type TaskEffect } from '../asl/index.ts';

const workflow = readFileSync(
  new URL('../../checks/module-1/solution/order-processor.asl.json', import.meta.url),
  'utf8',
);
const order: Json = { detail: { orderId: '1', userId: 'customer' }, source: 'awsserverlessda.serverlesspresso' };

/** A shop that is open and empty; every token comes back after a minute. */
function answer({ resource }: TaskEffect): TaskAnswer {
  if (resource.endsWith('getItem')) return { output: { Item: { storeOpen: { BOOL: true } } } };
  if (resource.endsWith('listExecutions')) return { output: { Executions: [{ ExecutionArn: 'own' }] } };
  if (resource.endsWith('updateItem')) return { output: { Attributes: { IDvalue: { N: '7' } } } };
  const sent = { Entries: [{ EventId: '1' }], FailedEntryCount: 0 };
  return resource.endsWith('.waitForTaskToken') ? { submitted: sent, output: {}, after: 60_000 } : { output: sent };
}

function millisecondsPerRun(rounds: number, run: () => void): number {
  for (let i = 0; i < rounds / 10; i++) run();
  const start = performance.now();
  for (let i = 0; i < rounds; i++) run();
  return (performance.now() - start) / rounds;
}

test("one run of the workshop's workflow takes less than 2 ms", () => {
  const took = millisecondsPerRun(500, () => {
    const { execution } = simulate(workflow, { input: order, task: answer });
    if (execution.status !== 'SUCCEEDED') throw new Error(`${execution.error}: ${execution.cause}`);
  });
  console.log(`workshop workflow: ${took.toFixed(3)} ms a run`);
  expect(took).toBeLessThan(2);
});

const counter = (query: 'JSONPath' | 'JSONata'): JsonObject => ({
  QueryLanguage: query,
  StartAt: 'Add',
  States: {
    Add:
      query === 'JSONPath'
        ? { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'Again' }
        : { Type: 'Pass', Output: { n: '{% $states.input.n + 1 %}' }, Next: 'Again' },
    Again: { Type: 'Pass', Next: 'Add' },
  },
});

test.each(['JSONPath', 'JSONata'] as const)('a loop in %s ends with 25,000 events as on AWS', (query) => {
  const definition = counter(query);
  const short = millisecondsPerRun(200, () => {
    simulate({ ...definition, States: { Add: { Type: 'Pass', End: true } } }, { input: { n: 0 } });
  });
  const start = performance.now();
  const { execution } = simulate(definition, { input: { n: 0 } });
  const took = performance.now() - start;
  expect(execution.history).toHaveLength(25_000);
  expect(execution.history.at(-1)?.type).toBe('ExecutionFailed');
  // Time grows with the number of events, not with its square: 25,000 events are 6,250 times the four of one state.
  console.log(`25,000 events in ${query}: ${took.toFixed(0)} ms, ${(took / short).toFixed(0)} times one state`);
  expect(took / short).toBeLessThan(25_000);
});
