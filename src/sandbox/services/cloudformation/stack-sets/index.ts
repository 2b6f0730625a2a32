/**
 * StackSets: one template, stacks in many accounts and Regions. A set, its instances and its operations lie with the
 * administrator's account; the stacks with the accounts they are in, made by CloudFormation's own actions there. The
 * operation itself is drive.ts; how an account is entered, and who may, is enter.ts.
 */
import type { Action, Context } from '../../../service.ts';
import { accessActions } from './access.ts';
import { resumeSet } from './drive.ts';
import { instanceActions } from './instances.ts';
import { operationActions } from './operations.ts';
import { underWay } from './records.ts';
import { setActions } from './sets.ts';

export const stackSetActions: Record<string, Action> = {
  ...setActions,
  ...instanceActions,
  ...operationActions,
  ...accessActions,
};

/** After a restart: operations that were under way go on. */
export function resumeSets(context: Context): void {
  for (const [setId] of [...underWay(context).entries()]) resumeSet(context, setId);
}
