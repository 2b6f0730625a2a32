import { validateDefinition } from '../../asl/validation/index.ts';
import { ORDER_MANAGER_PART, WORKFLOW_NAME } from '../../workshop.ts';
import { listStateMachines } from '../../aws/find.ts';
import { couldBe, type WorkflowFound } from '../facts.ts';
import { whereElse } from './elsewhere.ts';
import { probe } from './probe.ts';

/** As DefinitionSubstitutions and templates have it: `${CountingTable}`, `${aws_sfn.name}` */
const SUBSTITUTION = /\$\{[A-Za-z][\w.]*\}/;

/** The learner's workflow is there, of the right type, and its definition is one that can be played. */
export const workflow = probe<{ found: WorkflowFound; elsewhere: string[]; fromFile?: boolean }>({
  offline: true,
  async observe(_check, facts) {
    const found = await facts.workflow();
    if (found.kind !== 'none') return { found, elsewhere: [], fromFile: facts.connection === undefined };
    const elsewhere = await facts.elsewhere('workflow', async (there) =>
      (await listStateMachines(there)).some(({ name }) => couldBe(name)),
    );
    return { found, elsewhere };
  },
  judge(check, { found, elsewhere, fromFile }) {
    const type = String(check.expect['type'] ?? 'STANDARD');
    const expected = `a state machine called ${WORKFLOW_NAME} of type ${type}`;
    if (found.kind === 'none') {
      if (found.deleting !== undefined)
        return {
          status: 'error',
          expected,
          found: `${found.deleting} is being deleted, which lasts until its executions have ended`,
          hint: 'Ask again when it is gone, or made anew: presso verify module-1',
        };
      const other = whereElse(elsewhere);
      const others = found.others.filter((name) => !name.includes(ORDER_MANAGER_PART));
      return {
        status: 'fail',
        expected,
        found: `${
          found.others.length === 0
            ? 'no state machine in this Region'
            : `no such state machine${others.length > 0 ? `, only ${others.join(', ')}` : ' in this Region'}`
        }${other.found}`,
        ...(other.hint ? { hint: other.hint } : {}),
      };
    }
    if (found.kind === 'several')
      return {
        status: 'error',
        expected,
        found: `${found.names.length} state machines could be it: ${found.names.join(', ')}`,
        hint: `Rename or delete all but one; the one to judge is called ${WORKFLOW_NAME}.`,
      };
    const { machine } = found;
    if (machine.type !== type)
      return {
        status: 'fail',
        expected,
        found: `${machine.name} is of type ${machine.type}`,
        hint: 'An Express workflow cannot wait for a callback. The type cannot be changed: make a new state machine of type Standard.',
      };
    const [error] = validateDefinition(machine.definition, { type: 'STANDARD' }).filter(
      ({ severity }) => severity === 'ERROR',
    );
    if (error)
      return {
        status: 'fail',
        expected,
        found: `the definition is not valid: ${error.message}${error.location ? ` at ${error.location}` : ''}`,
        hint: 'presso workflow pull, mend it, presso workflow push',
      };
    // A template's file: what SAM, CDK or Terraform puts in there decides what the order does.
    const substitution = fromFile ? SUBSTITUTION.exec(machine.definition)?.[0] : undefined;
    if (substitution)
      return {
        status: 'error',
        expected,
        found: `cannot be judged from the file: ${substitution} is filled in when it is deployed`,
        hint: 'Put the values in, or deploy it and judge what is there: presso verify module-1',
      };
    return {
      status: 'pass',
      expected,
      found: found.renamed
        ? `${machine.name} (you were told to call it ${WORKFLOW_NAME}; it is judged all the same)`
        : `${machine.name}, ${machine.type}`,
    };
  },
});
