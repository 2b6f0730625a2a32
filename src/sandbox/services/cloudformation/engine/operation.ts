/**
 * An operation on a stack, from one resting state to the next. What comes next is read from the stack's status alone, so
 * an operation that was cut short by the end of the process goes on by calling `drive` again.
 */
import type { Principal } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import {
  names,
  type OperationRecord,
  operations,
  resources,
  type StackRecord,
  setStackStatus,
  stacks,
  wishes,
} from '../records.ts';
import { deleteDoomed, deleteResources, restore } from './backward.ts';
import { goForward } from './forward.ts';
import { actingPrincipal, currentStack, type Run, Stopped } from './run.ts';
import { exportsOf, importerOf } from './scope.ts';

export interface Beginning {
  status: string;
  reason?: string;
  caller: Principal;
  token?: string | undefined;
  retain?: string[];
  force?: boolean;
  skip?: string[];
}

/** Puts the operation and the stack's new status, and starts the work behind the answer. */
export function begin(context: Context, stackId: string, beginning: Beginning): string {
  const operation: OperationRecord = {
    stackId,
    id: context.world.uuid(),
    caller: beginning.caller,
    token: beginning.token,
    started: context.now(),
    retain: beginning.retain ?? [],
    skip: beginning.skip ?? [],
    ...(beginning.force ? { force: true } : {}),
  };
  operations(context).put(stackId, operation);
  setStackStatus(context, stackId, beginning.status, beginning.reason ?? 'User Initiated');
  resume(context, stackId);
  return operation.id;
}

/** Stacks whose operation runs in this process. */
const driven = new WeakMap<object, Set<string>>();

export function resume(context: Context, stackId: string): void {
  const running = driven.get(context.store) ?? new Set<string>();
  driven.set(context.store, running);
  if (running.has(stackId)) return;
  running.add(stackId);
  context.world.background(`cloudformation ${stackId}`, async () => {
    try {
      await drive(context, stackId);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return;
    } finally {
      running.delete(stackId);
      // Who waits for the stack (a stack set's operation) looks again.
      context.world.announce(`cloudformation:${stackId}`);
    }
    // A request may have begun the next operation between the last look and here.
    if (operations(context).has(stackId) && !context.world.stopping) resume(context, stackId);
  });
}

async function drive(context: Context, stackId: string): Promise<void> {
  await context.world.pause();
  for (;;) {
    const stack = stacks(context).get(stackId);
    const operation = operations(context).get(stackId);
    if (!stack || !operation || context.world.stopping) return;
    const step = Object.hasOwn(STEPS, stack.status) ? STEPS[stack.status] : undefined;
    if (!step) {
      operations(context).delete(stackId);
      return;
    }
    let as: Principal;
    try {
      as = await actingPrincipal(context, stack.roleArn, operation.caller);
    } catch (error) {
      setStackStatus(
        context,
        stackId,
        stack.status.replace(/_IN_PROGRESS$/, '_FAILED'),
        String((error as Error).message),
      );
      continue;
    }
    await step({ context, stackId, as });
  }
}

const COMMA = ', ';
const deleteFailure = (failed: string[]): string =>
  `The following resource(s) failed to delete: [${failed.join(COMMA)}]. `;

/** From `status` to the next one, unless a request has turned the stack elsewhere meanwhile (a deletion during the creation). */
function turn(run: Run, status: string, next: string, reason?: string, change: Partial<StackRecord> = {}): boolean {
  if (currentStack(run).status !== status) return false;
  setStackStatus(run.context, run.stackId, next, reason, change);
  return true;
}

/** What each passing status does, until it has set the next one. */
const STEPS: Record<string, (run: Run) => Promise<void>> = {
  async CREATE_IN_PROGRESS(run) {
    const ending = await goForward(run);
    if (ending.done) return void turn(run, 'CREATE_IN_PROGRESS', 'CREATE_COMPLETE');
    const { disableRollback, onFailure } = currentStack(run);
    if (disableRollback || onFailure === 'DO_NOTHING')
      return void turn(run, 'CREATE_IN_PROGRESS', 'CREATE_FAILED', ending.reason);
    if (onFailure === 'DELETE')
      return void turn(run, 'CREATE_IN_PROGRESS', 'DELETE_IN_PROGRESS', `${ending.reason}Delete requested by user.`);
    turn(run, 'CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', `${sentence(ending.reason)}Rollback requested by user.`);
  },

  async ROLLBACK_IN_PROGRESS(run) {
    const { context, stackId } = run;
    const failed = await deleteResources(run, true);
    if (failed.length > 0) return void turn(run, 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_FAILED', deleteFailure(failed));
    wishes(context, stackId).delete('deployed');
    turn(run, 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE', undefined, { outputs: [], imports: [] });
  },

  async DELETE_IN_PROGRESS(run) {
    const { context, stackId } = run;
    for (const { Name, ExportingStackId } of exportsOf(context).values()) {
      if (ExportingStackId !== stackId) continue;
      const user = importerOf(context, Name);
      if (user)
        return void turn(
          run,
          'DELETE_IN_PROGRESS',
          'DELETE_FAILED',
          `Delete canceled. Cannot delete export ${Name} as it is in use by ${user.name}.`,
        );
    }
    const failed = await deleteResources(run, false);
    if (failed.length > 0) return void turn(run, 'DELETE_IN_PROGRESS', 'DELETE_FAILED', deleteFailure(failed));
    const turned = turn(run, 'DELETE_IN_PROGRESS', 'DELETE_COMPLETE', undefined, {
      deleted: context.now(),
      imports: [],
    });
    const { name } = currentStack(run);
    if (turned && names(context).get(name) === stackId) names(context).delete(name);
  },

  async UPDATE_IN_PROGRESS(run) {
    const ending = await goForward(run);
    if (ending.done) return void turn(run, 'UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    const { disableRollback } = currentStack(run);
    if (disableRollback && !ending.cancelled)
      return void turn(run, 'UPDATE_IN_PROGRESS', 'UPDATE_FAILED', ending.reason);
    turn(run, 'UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', ending.cancelled ? 'User Initiated' : ending.reason);
  },

  async UPDATE_COMPLETE_CLEANUP_IN_PROGRESS(run) {
    const failed = await deleteDoomed(run);
    const reason = failed.length > 0 ? deleteFailure(failed).trim() : undefined;
    turn(run, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE', reason, { updated: run.context.now() });
  },

  async UPDATE_ROLLBACK_IN_PROGRESS(run) {
    const failed = await restore(run);
    if (failed.length > 0)
      return void turn(
        run,
        'UPDATE_ROLLBACK_IN_PROGRESS',
        'UPDATE_ROLLBACK_FAILED',
        `The following resource(s) failed to update: [${failed.join(COMMA)}]. `,
      );
    turn(run, 'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  },

  async UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS(run) {
    const failed = await deleteDoomed(run);
    const reason = failed.length > 0 ? deleteFailure(failed).trim() : undefined;
    turn(run, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE', reason);
  },
};

function sentence(reason: string): string {
  const text = reason.trim();
  return text === '' ? '' : `${text}${text.endsWith('.') ? '' : '.'} `;
}

/** Before an update starts anew: what an earlier one left in the records counts no longer. */
export function clearSteps(context: Context, stackId: string, keepBefore: boolean): void {
  for (const record of [...resources(context, stackId).values()]) {
    if (record.status === 'DELETE_COMPLETE') resources(context, stackId).delete(record.logicalId);
    else if (record.step !== undefined || record.before !== undefined)
      resources(context, stackId).put(record.logicalId, {
        ...record,
        step: undefined,
        before: keepBefore ? record.before : undefined,
      });
  }
}
