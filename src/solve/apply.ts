/** Carries out a plan's steps, or puts back what they changed. Changes the account. */
import type { Connection } from '../aws/connection.ts';
import { inRegion } from '../aws/in-region.ts';
import { deleteRule, putRule, putTargets, type Rule, removeTargets } from '../aws/events.ts';
import { errorName } from '../aws/failure.ts';
import { iamClient } from '../aws/find.ts';
import { allowRule, createFunction, deleteFunction, removePermission } from '../aws/functions.ts';
import { createRole, deleteRole, putRolePolicy, setTrust } from '../aws/roles.ts';
import { createStateMachine, deleteStateMachine, describeStateMachine, updateStateMachine } from '../aws/states.ts';
import { deleteUserPool } from '../aws/by-hand.ts';
import { changeParameter } from '../aws/parameters.ts';
import {
  createGroup,
  createPool,
  createUser,
  deleteGroup,
  deleteUser,
  joinGroup,
  leaveGroup,
  setEnabled,
  setPassword,
  userPoolsNamed,
} from '../aws/user-pools.ts';
import { PressoError } from '../errors.ts';
import { MARKER } from '../workshop.ts';
import type { SolveStep, UndoStep } from './difference.ts';
import { makePassword } from './password.ts';
import type { PeopleStep, PeopleUndo, PoolAt } from './people.ts';

const tags = { [MARKER.key]: MARKER.value };

export interface ApplyOptions {
  /** Resolves after that many milliseconds. */
  pause: (ms: number) => Promise<void>;
  /** The password of somebody who is made; without it one that nobody will know. */
  password?: (user: string) => string;
}

/** One step after the other, each told once it is done: what is applied when it stops is known. */
export async function* applySteps<T extends SolveStep | UndoStep>(
  connection: Connection,
  steps: T[],
  options: ApplyOptions,
): AsyncGenerator<T> {
  for (const step of steps) {
    await applyStep(connection, step, options);
    yield step;
  }
}

async function applyStep(connection: Connection, step: SolveStep | UndoStep, options: ApplyOptions): Promise<void> {
  switch (step.do) {
    case 'create-role':
      await createRole(connection, { ...step, tags });
      return;
    case 'change-role':
      await writeRole(connection, step);
      return;
    case 'restore-role': {
      await writeRole(connection, step);
      const iam = await iamClient(connection);
      for (const PolicyName of step.drop) await iam.deleteRolePolicy({ RoleName: step.name, PolicyName });
      return;
    }
    case 'delete-role':
      return deleteRole(connection, step.name);
    case 'create-function':
      return retrying(options, /InvalidParameterValue/, () => createFunction(connection, { ...step, tags }));
    case 'delete-function':
      return deleteFunction(connection, step.name);
    case 'create-workflow':
      return createWorkflow(connection, step, options);
    case 'change-workflow':
    case 'restore-workflow':
      return updateStateMachine(connection, step.arn, { definition: step.definition, roleArn: step.roleArn });
    case 'remake-workflow':
    case 'recreate-workflow':
      await removeWorkflow(connection, step.arn, options);
      return createWorkflow(connection, step, options);
    case 'delete-workflow':
      return removeWorkflow(connection, step.arn, options);
    case 'remove-rule':
      return deleteRule(connection, step.rule.bus, step.rule.name);
    case 'delete-rule':
      return deleteRule(connection, step.bus, step.name);
    case 'create-rule':
      return writeRule(connection, step.rule, [], tags);
    case 'change-rule':
      return writeRule(
        connection,
        step.rule,
        step.before.targets.map(({ id }) => id).filter((id) => !step.rule.targets.some((target) => target.id === id)),
      );
    case 'restore-rule':
      return writeRule(connection, step.rule, step.drop);
    case 'allow':
      // A statement of an earlier, half-finished run goes first: it names the same rule.
      await removePermission(connection, step.function, step.statementId);
      return allowRule(connection, step.function, step.statementId, step.ruleArn);
    case 'disallow':
      return removePermission(connection, step.function, step.statementId);
    case 'change-parameter':
    case 'restore-parameter':
      return changeParameter(connection, step.name, step.value);
    default:
      return applyPeople(connection, step, options.password ?? makePassword);
  }
}

async function applyPeople(
  connection: Connection,
  step: PeopleStep | PeopleUndo,
  password: (user: string) => string,
): Promise<void> {
  const { name } = step;
  const there = inRegion(connection, 'at' in step ? step.at.region : step.region);
  if (step.do === 'create-pool') {
    await createPool(there, name, tags);
    return;
  }
  const pool = await poolAt(there, 'at' in step ? step.at : step);
  if (pool === undefined) return;
  switch (step.do) {
    case 'delete-pool':
      return deleteUserPool(there, pool);
    case 'create-group':
      return createGroup(there, pool, name);
    case 'delete-group':
      return deleteGroup(there, pool, name);
    case 'create-user':
      return createUser(there, pool, { name, password: password(name), temporary: step.temporary });
    case 'delete-user':
      return deleteUser(there, pool, name);
    case 'set-password':
      return setPassword(there, pool, name, password(name));
    case 'enable-user':
    case 'disable-user':
      return setEnabled(there, pool, name, step.do === 'enable-user');
    case 'join-group':
      return joinGroup(there, pool, name, step.group);
    case 'leave-group':
      return leaveGroup(there, pool, name, step.group);
  }
}

/** A pool by its id; one that an earlier step made, by its name. */
const poolAt = async (there: Connection, at: PoolAt): Promise<string | undefined> =>
  'id' in at ? at.id : (await userPoolsNamed(there, at.name))[0];

async function writeRole(
  connection: Connection,
  role: { name: string; trust: unknown; inline: Record<string, unknown> },
): Promise<void> {
  await setTrust(connection, role.name, role.trust);
  for (const [name, document] of Object.entries(role.inline))
    await putRolePolicy(connection, role.name, name, document);
}

async function writeRule(
  connection: Connection,
  rule: Rule,
  drop: string[],
  ruleTags?: Record<string, string>,
): Promise<void> {
  await putRule(connection, { ...rule, ...(ruleTags ? { tags: ruleTags } : {}) });
  await removeTargets(connection, rule.bus, rule.name, drop);
  await putTargets(connection, rule.bus, rule.name, rule.targets);
}

/** A role made a moment ago is not known everywhere yet: AWS refuses it for some seconds. */
async function retrying(options: ApplyOptions, young: RegExp, work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (!young.test(errorName(error)) || tries >= 10) throw error;
      await options.pause(1_000);
    }
  }
}

const createWorkflow = (
  connection: Connection,
  step: { name: string; type: 'STANDARD' | 'EXPRESS'; definition: string; roleArn: string },
  options: ApplyOptions,
): Promise<void> =>
  retrying(options, /StateMachineDeleting|AccessDenied/, () => createStateMachine(connection, { ...step, tags }));

/** Deletes and waits until it is gone: running executions may keep it for a while. */
async function removeWorkflow(connection: Connection, arn: string, { pause }: ApplyOptions): Promise<void> {
  await deleteStateMachine(connection, arn);
  let wait = 50;
  for (let waited = 0; waited < 120_000; waited += wait, wait = Math.min(wait * 2, 3_000)) {
    if (!(await describeStateMachine(connection, arn))) return;
    await pause(wait);
  }
  throw new PressoError(
    'still-deleting',
    'The old workflow is still being deleted because executions of it are running.',
    { hint: 'presso solve module-1   (again, in a minute)' },
  );
}
