import { judgeWalk, type LiveExpected } from '../live/judge.ts';
import type { Walk } from '../live/types.ts';
import { probe } from './probe.ts';

/** A real test order takes the way that the check names. Nothing is placed unless somebody asked for it. */
export const liveOrder = probe<Walk | undefined>({
  live: true,
  observe: async ({ expect }, { live }) => live?.walk((expect as unknown as LiveExpected).path),
  judge(check, walk) {
    const expected = check.title;
    if (!walk) return { status: 'waiting', expected, found: 'needs a real test order', hint: 'presso verify --live' };
    return { expected, ...judgeWalk(check.expect as unknown as LiveExpected, walk) };
  },
});
