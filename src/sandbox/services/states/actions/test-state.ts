/** TestState: one state, its task called for real under the given role unless it is mocked. */
import { type TestStateRequest, testState as play, TestStateError } from '../../../../asl/test-state.ts';
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, must, readMembers, structure, text } from '../../../members.ts';
import type { Action, Input, Permission } from '../../../service.ts';
import { driverOf, liveStandIn } from '../driver.ts';
import { passRole } from '../machine-checks.ts';
import { runTask, TaskFailure } from '../integrations/index.ts';

// Lengths and words are judged with the rest of the request, where AWS words them its own way.
const shape = {
  definition: must.text(),
  roleArn: text(),
  input: text(),
  inspectionLevel: text(),
  revealSecrets: boolean(),
  variables: text(),
  stateName: text(),
  mock: structure({
    result: text(),
    errorOutput: structure({ error: text(), cause: text() }),
    fieldValidationMode: text(),
  }),
  context: text(),
  stateConfiguration: structure({
    retrierRetryCount: integer(),
    errorCausedByState: text(),
    mapIterationFailureCount: integer(),
    mapItemReaderData: text(),
  }),
};

/** "IAM permissions for using TestState API": the role is passed only where something is called for real. */
const permissions = (input: Input): Permission[] => [
  { action: 'states:TestState', resource: '*' },
  ...(input['revealSecrets'] === true ? [{ action: 'states:RevealSecrets', resource: '*' }] : []),
  ...(input['mock'] === undefined ? passRole(input) : []),
];

export const testState: Action = {
  permissions,
  async run(input, context) {
    // The table leaves out what was not given; the engine takes the API's own shape.
    const request = readMembers(input, shape) as TestStateRequest;
    const { world } = context;
    const name = world.uuid();
    const execution = { arn: context.arn(`express:TestState:${name}`), name };
    const stateMachine = { arn: context.arn('stateMachine:TestState'), name: 'TestState' };
    const driver = driverOf(context);
    const seed = world.suffix(22);
    try {
      const result = await play(request, {
        now: context.now(),
        seed,
        execution,
        stateMachine,
        task: async (effect) => {
          const live = liveStandIn({
            id: '',
            arn: execution.arn,
            name,
            machineArn: stateMachine.arn,
            roleArn: request.roleArn ?? '',
            definition: '',
            input: request.input ?? '{}',
            started: context.now(),
            seed,
          });
          try {
            const outcome = await runTask(driver, live, effect, undefined);
            if ('output' in outcome) return { output: outcome.output };
            return { error: 'States.Runtime', cause: 'The sandbox tests a state that waits only with a mock.' };
          } catch (error) {
            if (error instanceof TaskFailure) return { error: error.error, cause: error.cause };
            throw error;
          }
        },
      });
      return { ...result };
    } catch (error) {
      if (error instanceof TestStateError) throw new ServiceError(error.code, error.message);
      throw error;
    }
  },
};
