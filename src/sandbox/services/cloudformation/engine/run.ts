/** One stack in work: who acts, and what a provider gets to work with. */
import { ServiceError } from '../../../errors.ts';
import type { Principal } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import {
  doomed,
  operations,
  type ResourceRecord,
  resources,
  type StackRecord,
  setResource,
  stacks,
} from '../records.ts';
import { RESOURCE_TYPES } from '../resources/index.ts';
import { isNotFound, type ResourceType, type Work } from '../resources/type.ts';
import { fromService } from './fault.ts';

export interface Run {
  context: Context;
  stackId: string;
  as: Principal;
}

export function currentStack(run: Run): StackRecord {
  const stack = stacks(run.context).get(run.stackId);
  if (!stack) throw new Error(`stack ${run.stackId} has no record`);
  return stack;
}

/** Under whose rights a stack's resources are made: the role it was given, else whoever called. */
export async function actingPrincipal(
  context: Context,
  roleArn: string | undefined,
  caller: Principal,
): Promise<Principal> {
  if (roleArn === undefined) return caller;
  try {
    return await context.world.assume(roleArn, 'cloudformation.amazonaws.com', 'AWSCloudFormation', {
      account: context.account,
    });
  } catch {
    throw new ServiceError('ValidationError', `Role ${roleArn} is invalid or cannot be assumed`, 400);
  }
}

export function typeOf(name: string): ResourceType {
  const type = RESOURCE_TYPES.get(name);
  if (!type) throw new Error(`resource type ${name} has left the table`);
  return type;
}

/** How often a resource that settles is asked for, before it counts as never settling. */
const ASKS = 2_000;

export interface WorkOptions {
  /** Where what a provider says of its resource is kept. */
  keep(change: Partial<ResourceRecord>): void;
  initiated?(id: string): void;
}

export function makeWork(run: Run, record: ResourceRecord, options: WorkOptions): Work {
  const { context, as } = run;
  const stack = currentStack(run);
  let generated = record.generatedName;
  return {
    account: context.account,
    region: context.region,
    stackName: stack.name,
    stackId: stack.stackId,
    logicalId: record.logicalId,
    token: record.token,
    async call(service, action, input) {
      try {
        return await context.call(service, action, input, { as });
      } catch (error) {
        throw fromService(error, service);
      }
    },
    name(limit, lower = false) {
      if (generated === undefined) {
        generated = physicalName(stack.name, record.logicalId, context.world.suffix(12), limit);
        if (lower) generated = generated.toLowerCase();
        options.keep({ generatedName: generated });
      }
      return generated;
    },
    intend(id) {
      options.keep({ physicalId: id, begun: true });
    },
    made(id) {
      options.keep({ physicalId: id, begun: true, made: true });
      options.initiated?.(id);
    },
    async settled(check) {
      for (let asked = 0; asked < ASKS; asked++) {
        if (await check()) return;
        if (context.world.stopping) throw new Stopped();
        await context.world.pause();
        if (asked > 5) await new Promise<void>((done) => setTimeout(done, 5));
      }
      throw new ServiceError('NotStabilized', `Exceeded attempts to wait`, 400);
    },
  };
}

/** The sandbox stops: nothing is decided, the work goes on after the next start. */
export class Stopped extends Error {}

/** `<stack>-<LogicalId>-<RANDOM12>`; where that is too long, stack and resource give way in equal parts. */
export function physicalName(stack: string, logicalId: string, random: string, limit: number): string {
  const room = limit - random.length - 2;
  const half = Math.floor(room / 2);
  const forStack = stack.slice(0, Math.max(half, room - logicalId.length));
  return `${forStack}-${logicalId.slice(0, room - forStack.length)}-${random}`;
}

/** Deletes what a record stands for; something that is gone already counts as deleted. */
export async function removeResource(run: Run, record: ResourceRecord): Promise<void> {
  const { physicalId } = record;
  if (physicalId === undefined) return;
  const work = makeWork(run, record, { keep: () => {} });
  try {
    await typeOf(record.type).delete(physicalId, record.properties, work);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

export function operationOf(run: Run) {
  return operations(run.context).get(run.stackId);
}

export function recordOf(run: Run, logicalId: string): ResourceRecord | undefined {
  return resources(run.context, run.stackId).get(logicalId);
}

export function putRecord(run: Run, record: ResourceRecord): void {
  resources(run.context, run.stackId).put(record.logicalId, record);
}

export function doom(run: Run, record: ResourceRecord): void {
  doomed(run.context, run.stackId).put(`${record.logicalId}/${record.physicalId}`, { ...record, before: undefined });
}

export function show(run: Run, record: ResourceRecord, reason?: string): ResourceRecord {
  return setResource(run.context, currentStack(run), record, reason);
}
