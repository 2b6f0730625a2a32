/**
 * The Amazon States Language: a workflow is played from its definition and what is delivered to it, and nothing else.
 * Pure and synchronous, no clock, no dice, no I/O: the sandbox drives it in real time, checks drive it with `simulate`.
 * The same options and the same inputs in the same order lead to the same history, tokens and effects.
 */
import { machineOf, readDefinition } from './definition.ts';
import { Engine, Failure } from './engine.ts';
import { BODIES } from './states/index.ts';
import { runMachine } from './states/run.ts';
import { writeTimestamp } from './timestamp.ts';
import type { Effect, Execution, ExecutionOptions, JsonObject } from './types.ts';
import { Variables } from './variables.ts';

export type * from './types.ts';
export { simulate, type TaskAnswer, type TaskEffect } from './simulate.ts';

/**
 * Starts an execution of a definition (an object, or its text). Never throws: a definition that cannot be played
 * ends at once as FAILED with States.Runtime.
 */
export function startExecution(
  definition: JsonObject | string,
  options: ExecutionOptions,
): { execution: Execution; effects: Effect[] } {
  const engine = new Engine(options);
  const { execution, stateMachine, input, now } = options;
  const context: JsonObject = {
    Execution: {
      Id: execution.arn,
      Input: input,
      Name: execution.name,
      RoleArn: execution.roleArn,
      StartTime: writeTimestamp(now),
      RedriveCount: 0,
    },
    StateMachine: { Id: stateMachine.arn, Name: stateMachine.name },
  };
  let root: JsonObject = {};
  let unreadable: Failure | undefined;
  try {
    root = readDefinition(definition);
  } catch (error) {
    unreadable = new Failure('States.Runtime', error instanceof Error ? error.message : String(error));
  }
  const effects = engine.start(
    function* (fiber) {
      if (unreadable) throw unreadable;
      return yield* runMachine(
        {
          engine,
          fiber,
          variables: new Variables(undefined, options.variables),
          inherited: root.QueryLanguage === 'JSONata' ? 'JSONata' : 'JSONPath',
          context,
        },
        machineOf(root),
        input,
        BODIES,
      );
    },
    typeof root.TimeoutSeconds === 'number' ? root.TimeoutSeconds : undefined,
  );
  return { execution: engine, effects };
}
