/**
 * Keeps event source mappings going: each is a loop (for a queue several) that runs while its source has something, and
 * sleeps till it is told.
 */
import { ServiceError } from '../../errors.ts';
import type { Timer } from '../../clock.ts';
import type { Context } from '../../service.ts';
import type { World } from '../../world.ts';
import { findFunction } from './names.ts';
import type { MappingRecord } from './records.ts';
import { runFunction } from './run.ts';
import { queue } from './sources/queue.ts';
import type { BatchResult, EventSource } from './sources/source.ts';
import { tableStream } from './sources/table-stream.ts';

/** Every kind of source: one line each. */
const SOURCES: EventSource[] = [queue, tableStream];

export const sourceOf = (arn: string): EventSource | undefined => SOURCES.find((source) => source.arn.test(arn));

interface Loop {
  running: boolean;
  again: boolean;
  timer?: Timer | undefined;
  /** The timer says when at the latest: news may come first. */
  patient: boolean;
  /** Set when the mapping is followed no longer, or anew. */
  ended: boolean;
  stop(): void;
}

/** The loops of each mapping. */
const loops = new WeakMap<World, Map<string, Loop[]>>();
const mappings = (context: Context) => context.table<MappingRecord>('mappings');

function loopsOf(world: World): Map<string, Loop[]> {
  let found = loops.get(world);
  if (!found) {
    found = new Map();
    loops.set(world, found);
  }
  return found;
}

/** Starts listening to a mapping's source, and looks at once what is there. */
export function follow(mapping: MappingRecord, context: Context): void {
  const source = sourceOf(mapping.source);
  const all = loopsOf(context.world);
  if (!source || all.has(mapping.uuid)) return;
  const crew = Array.from({ length: source.readers?.(mapping) ?? 1 }, () => begin(mapping, source, context));
  all.set(
    mapping.uuid,
    crew.map(({ loop }) => loop),
  );
  for (const { poke } of crew) poke();
}

function begin(mapping: MappingRecord, source: EventSource, context: Context): { loop: Loop; poke(): void } {
  const loop: Loop = { running: false, again: false, patient: false, ended: false, stop: () => {} };
  const poke = (): void => {
    loop.timer?.cancel();
    loop.timer = undefined;
    if (loop.running) loop.again = true;
    else go(mapping.uuid, loop, source, poke, context);
  };
  loop.stop = context.world.listen(source.topic(mapping.source), () => {
    // A batch that failed waits for its time; news does not shorten that.
    if (!loop.timer || loop.patient) poke();
  });
  return { loop, poke };
}

export function unfollow(uuid: string, context: Context): void {
  const all = loopsOf(context.world);
  for (const loop of all.get(uuid) ?? []) {
    loop.ended = true;
    loop.stop();
    loop.timer?.cancel();
  }
  all.delete(uuid);
}

function go(uuid: string, loop: Loop, source: EventSource, poke: () => void, context: Context): void {
  loop.running = true;
  context.world.background(`event source mapping ${uuid}`, async () => {
    try {
      for (;;) {
        loop.again = false;
        const mapping = mappings(context).get(uuid);
        if (mapping?.state !== 'Enabled' || context.world.stopping || loop.ended) return;
        const next = await turn(mapping, source, context);
        if (loop.ended) return;
        if (typeof next === 'object' && loop.again) continue;
        if (typeof next === 'number' || typeof next === 'object') {
          loop.patient = typeof next === 'object';
          loop.timer = context.world.clock.at(typeof next === 'object' ? next.by : next, poke);
          return;
        }
        if (next === 'idle' && !loop.again) return;
      }
    } finally {
      loop.running = false;
    }
  });
}

async function turn(mapping: MappingRecord, source: EventSource, context: Context) {
  let problem = '';
  const run = async (records: unknown[]): Promise<BatchResult> => {
    const record = findFunction({ FunctionName: mapping.functionName }, context);
    const requestId = context.world.uuid();
    const answer = await runFunction(record, { payload: JSON.stringify({ Records: records }), requestId }, context);
    problem = answer.failed ? 'PROBLEM: Function call failed' : 'OK';
    return {
      failed: answer.failed,
      reason: answer.failed ? answer.payload.slice(0, 300) : '',
      response: answer.failed ? undefined : (JSON.parse(answer.payload) as unknown),
    };
  };
  try {
    const next = await source.turn(mapping, run, context);
    said(mapping.uuid, problem, context);
    return next;
  } catch (error) {
    if (context.world.stopping) return 'idle';
    if (!(error instanceof ServiceError)) throw error;
    said(mapping.uuid, `PROBLEM: ${error.message}`, context);
    context.world.log('delivery', `${mapping.source} → ${mapping.functionName}: ${error.message}`);
    return error.code === 'ResourceNotFoundException' ? ('idle' as const) : context.now() + 30_000;
  }
}

/** LastProcessingResult, put only when it changes. */
function said(uuid: string, result: string, context: Context): void {
  const mapping = mappings(context).get(uuid);
  if (mapping && result !== '' && mapping.lastResult !== result)
    mappings(context).put(uuid, { ...mapping, lastResult: result });
}
