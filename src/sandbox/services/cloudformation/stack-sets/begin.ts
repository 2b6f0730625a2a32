/** Starts an operation on a set, or answers that it cannot. */
import { ServiceError } from '../../../errors.ts';
import type { Context } from '../../../service.ts';
import { resumeSet } from './drive.ts';
import { ADMINISTRATION_ROLE, EXECUTION_ROLE } from './enter.ts';
import { setArn } from './input.ts';
import {
  type OperationAction,
  placeOf,
  type Preferences,
  results,
  type SetOperationRecord,
  setOperations,
  type StackSetRecord,
  type Targets,
  underWay,
} from './records.ts';
import type { Meant } from './targets.ts';

export interface Beginning {
  id: string;
  action: OperationAction;
  fingerprint: string;
  preferences: Preferences;
  retainStacks?: boolean;
  targets?: Targets | undefined;
}

/**
 * The operation of that id if the same request was answered before.
 * @throws ServiceError OperationIdAlreadyExistsException · OperationInProgressException
 */
export function answeredBefore(
  context: Context,
  set: StackSetRecord,
  id: string,
  fingerprint: string,
): SetOperationRecord | undefined {
  const there = setOperations(context, set.id).get(id);
  if (there) {
    if (there.fingerprint === fingerprint) return there;
    throw new ServiceError('OperationIdAlreadyExistsException', `Operation ${id} already exists`, 409);
  }
  const busy = underWay(context).get(set.id);
  if (busy !== undefined && !set.managedExecution)
    throw new ServiceError(
      'OperationInProgressException',
      `Another Operation on StackSet ${setArn(context, set)} is in progress: ${busy}`,
      409,
    );
  return undefined;
}

export function beginOperation(
  context: Context,
  set: StackSetRecord,
  beginning: Beginning,
  places: (Meant & { region: string })[],
): void {
  const self = set.permissionModel === 'SELF_MANAGED';
  const busy = underWay(context).has(set.id);
  for (const { account, region, unit } of places)
    results(context, set.id, beginning.id).put(placeOf(account, region), { account, region, status: 'PENDING', unit });
  setOperations(context, set.id).put(beginning.id, {
    id: beginning.id,
    stackSetId: set.id,
    action: beginning.action,
    status: busy ? 'QUEUED' : 'RUNNING',
    preferences: beginning.preferences,
    retainStacks: beginning.retainStacks,
    administrationRoleArn: self
      ? (set.administrationRoleArn ?? `arn:aws:iam::${context.account}:role/${ADMINISTRATION_ROLE}`)
      : undefined,
    executionRoleName: self ? (set.executionRoleName ?? EXECUTION_ROLE) : undefined,
    targets: beginning.targets,
    fingerprint: beginning.fingerprint,
    caller: context.caller,
    created: context.now(),
  });
  if (!busy) underWay(context).put(set.id, beginning.id);
  resumeSet(context, set.id);
}
