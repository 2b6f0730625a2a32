/**
 * Judges modules by behaviour: checks as data, probes as code, observe and judge apart.
 * Promise: reads only, but for test orders where somebody asked for them (live/); never says "done" when it is not, never
 * fails what serves the order rightly; what could not be found out is an error, not a fail. facts.ts reads the account,
 * checklist.ts the disk; judges and scenarios are pure.
 */
import type { Facts } from './facts.ts';
import { PROBES } from './probes/index.ts';
import type { Check, Checklist, ModuleResult, Result, Verdict } from './types.ts';

export { readChecklists, withLiveChecks } from './checklist.ts';
export { type Facts, factsOf, factsOfDefinition } from './facts.ts';
export { KINDS } from './probes/index.ts';
export type { Hands, Live, LiveStep, LiveTime, Path, Taught, Walk } from './live/types.ts';
export { taughtBy } from './live/taught.ts';
export { Interrupted, TEST_NAME } from './live/trip.ts';
export { walkOrder } from './live/walk.ts';
export { metricsThere } from './probes/metrics.ts';
export type { Checklist, ModuleResult, Result, Status } from './types.ts';

/** A connection problem or a lack of rights: shown as it is, since every other check would say the same. */
export type Explain = (error: unknown) => { found: string; hint: string };

/**
 * Yields a module's result as soon as it is known. Checks run side by side; one whose needs failed waits, one that could not
 * be judged is an error and the rest goes on.
 */
export async function* verify(lists: Checklist[], facts: Facts, explain: Explain): AsyncGenerator<ModuleResult> {
  const known = new Map<string, Promise<Result>>();
  const all = new Map(lists.flatMap(({ checks }) => checks.map((check) => [check.id, check] as const)));
  const judge = (check: Check): Promise<Result> => {
    let result = known.get(check.id);
    if (!result) {
      result = judgeOne(check, facts, explain, (id) => {
        const needed = all.get(id);
        return needed && judge(needed);
      });
      known.set(check.id, result);
    }
    return result;
  };
  const started = lists.map(({ module, checks }) => ({ module, results: Promise.all(checks.map(judge)) }));
  for (const { module, results } of started) {
    const checks = await results;
    const count = (status: Result['status']): number => checks.filter((result) => result.status === status).length;
    yield {
      module,
      passed: count('pass'),
      failed: count('fail'),
      waiting: count('waiting'),
      error: count('error'),
      checks,
    };
  }
}

async function judgeOne(
  check: Check,
  facts: Facts,
  explain: Explain,
  need: (id: string) => Promise<Result> | undefined,
): Promise<Result> {
  const finish = (verdict: Verdict): Result => ({
    id: check.id,
    title: check.title,
    status: verdict.status,
    expected: verdict.expected,
    found: verdict.found,
    hint: verdict.status === 'pass' ? '' : (verdict.hint ?? check.hints[0] ?? ''),
    lesson: verdict.lesson ?? check.lesson,
  });
  for (const id of check.needs) {
    const needed = await need(id);
    if (needed?.status === 'error' && PROBES[check.kind]?.live) continue;
    if (needed && needed.status !== 'pass')
      return finish({
        status: needed.status === 'error' ? 'error' : 'waiting',
        expected: check.title,
        found: `waits for: ${needed.title}`,
        hint: needed.hint,
      });
  }
  const probe = PROBES[check.kind];
  if (!probe) return finish({ status: 'error', expected: check.title, found: `there is no probe "${check.kind}"` });
  try {
    return finish(probe.judge(check, (await probe.observe(check, facts)) as never));
  } catch (error) {
    return finish({ status: 'error', expected: check.title, ...explain(error) });
  }
}

/** Those checks that a definition alone can answer. */
export function offlineChecks(lists: Checklist[]): Checklist[] {
  return lists
    .map(({ module, checks }) => {
      const kept = checks.filter(({ kind }) => PROBES[kind]?.offline);
      const ids = new Set(kept.map(({ id }) => id));
      return { module, checks: kept.map((check) => ({ ...check, needs: check.needs.filter((id) => ids.has(id)) })) };
    })
    .filter(({ checks }) => checks.length > 0);
}
