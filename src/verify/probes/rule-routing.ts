import { confirm, observeRouting, rulesElsewhere } from '../routing/observe.ts';
import type { Judged } from '../routing/diagnose.ts';
import { judgeOnce, judgeRoute } from '../routing/judge.ts';
import { wantedText } from '../routing/reach.ts';
import type { RouteExpected, RoutingSeen } from '../routing/types.ts';
import type { Facts } from '../facts.ts';
import type { Check, Verdict } from '../types.ts';
import { probe } from './probe.ts';

/** Reads the routing; where it would fail by our engine's word alone, EventBridge is asked first. */
async function observed(facts: Facts, judge: (seen: RoutingSeen) => Judged): Promise<RoutingSeen> {
  const seen = await observeRouting(facts);
  const { questions, noRule } = judge(seen);
  return noRule ? { ...seen, rulesElsewhere: await rulesElsewhere(facts) } : confirm(facts, seen, questions);
}

const verdict = (expected: string, { status, found, hint }: Judged): Verdict => ({
  status,
  expected,
  found,
  ...(hint === undefined ? {} : { hint }),
});

const routeOf = ({ expect }: Check): RouteExpected => expect as unknown as RouteExpected;

/** The right events, and no others of the workshop, reach what they should. */
export const ruleRouting = probe<RoutingSeen>({
  observe: (check, facts) => observed(facts, (seen) => judgeRoute(routeOf(check), seen)),
  judge(check, seen) {
    const expected = routeOf(check);
    const events = expected.events === 'all' ? 'every event of the workshop' : expected.events.join(', ');
    return verdict(
      `an enabled rule on ${seen.bus} that brings ${events} to ${wantedText(expected, seen)}`,
      judgeRoute(expected, seen),
    );
  },
});

const routesOf = ({ expect }: Check): RouteExpected[] => (expect['routes'] ?? []) as RouteExpected[];

/** No event reaches the same target twice. */
export const ruleOnce = probe<RoutingSeen>({
  observe: (check, facts) => observed(facts, (seen) => judgeOnce(routesOf(check), seen)),
  judge: (check, seen) => verdict(check.title, judgeOnce(routesOf(check), seen)),
});
