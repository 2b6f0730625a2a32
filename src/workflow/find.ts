/** The learner's workflow, and the files it is pulled to and pushed from. Reads the account and the disk. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Connection } from '../aws/connection.ts';
import { listRoles, listStateMachines } from '../aws/find.ts';
import { describeStateMachine, type StateMachine } from '../aws/states.ts';
import { PressoError } from '../errors.ts';
import { nearest, word } from '../text.ts';
import { PROCESSOR_ROLE_PART, WORKFLOW_NAME } from '../workshop.ts';

/**
 * The workflow of this name or ARN; without one, `OrderProcessorWorkflow`, else the only one whose name contains it.
 * Undefined when there is none; refused when several may be meant.
 */
export async function findWorkflow(connection: Connection, said?: string): Promise<StateMachine | undefined> {
  const machines = await listStateMachines(connection);
  const wanted = said ?? WORKFLOW_NAME;
  const exact = machines.find(({ name, arn }) => name === wanted || arn === wanted);
  if (exact) return describeStateMachine(connection, exact.arn);
  if (said !== undefined) {
    const near = nearest(
      said,
      machines.map(({ name }) => name),
    );
    throw new PressoError('no-workflow', `There is no state machine "${said}".`, {
      hint: near ? `presso workflow show --name ${near}` : 'presso workflow show',
    });
  }
  const alike = machines.filter(({ name }) => name.includes(WORKFLOW_NAME));
  if (alike.length > 1)
    throw new PressoError(
      'ambiguous',
      `Several state machines are called like ${WORKFLOW_NAME}: ${alike.map(({ name }) => name).join(', ')}.`,
      {
        hint: `presso workflow show --name ${alike[0]?.name}`,
      },
    );
  const [only] = alike;
  return only && describeStateMachine(connection, only.arn);
}

/** `findWorkflow`, refused where there is none. */
export async function theWorkflow(connection: Connection, said?: string): Promise<StateMachine> {
  const found = await findWorkflow(connection, said);
  if (found) return found;
  throw new PressoError('no-workflow', `There is no state machine ${WORKFLOW_NAME} yet.`, {
    hint: 'presso workflow push FILE   (or: presso lesson module-1)',
  });
}

/** The role that the core prepared for the workflow. */
export async function processorRole(connection: Connection): Promise<{ name: string; arn: string }> {
  const found = (await listRoles(connection)).filter(({ name }) => name.includes(PROCESSOR_ROLE_PART));
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new PressoError(
    only ? 'ambiguous' : 'no-role',
    only
      ? `Several roles are called like ${PROCESSOR_ROLE_PART}: ${found.map(({ name }) => name).join(', ')}.`
      : `The role ${PROCESSOR_ROLE_PART} that the workflow acts as is not there.`,
    { hint: only ? 'presso status' : 'presso setup' },
  );
}

export function readDefinitionFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new PressoError('no-file', `The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso workflow pull   (writes the definition that is there)',
    });
  }
}

/** Writes a new file; an old one only when `force` is given. False when it is there already and says the same. */
export function writeDefinitionFile(file: string, text: string, force: boolean): boolean {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new PressoError('no-file', `The file ${file} cannot be written (${code}).`, {
        hint: 'presso workflow pull FILE',
      });
    if (readDefinitionFile(file) === text) return false;
    throw new PressoError('exists', `The file ${file} is there and says something else; it was left as it is.`, {
      hint: `presso workflow pull ${word(file)} --force`,
    });
  }
}
