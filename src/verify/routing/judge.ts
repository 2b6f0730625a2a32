/** Judges how events are routed: one check's events to one target, and that none arrives twice. Names never matter. Pure. */
import type { Rule } from '../../aws/events.ts';
import type { Verdict } from '../types.ts';
import { diagnose, type Judged } from './diagnose.ts';
import { isOn, listed, Matching } from './matching.ts';
import { arrivesMangled, type Fault, faultOfTarget, isRight, reaches, thingOf, wantedText } from './reach.ts';
import { EVENTS } from '../../workshop.ts';
import { ALL_EVENTS } from './samples.ts';
import type { RouteExpected, RoutingSeen } from './types.ts';

/** Do these events, and no others of the workshop, reach what they should? */
export function judgeRoute(expected: RouteExpected, seen: RoutingSeen): Judged {
  const wanted = expected.events === 'all' ? ALL_EVENTS : expected.events;
  const target = wantedText(expected, seen);
  const matching = new Matching(seen);
  const done = (status: Verdict['status'], fault: Fault): Judged => ({
    status,
    found: fault.found,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    questions: matching.questions,
  });
  if (!seen.busThere)
    return done('waiting', {
      found: `the bus ${seen.bus} is not in this Region${seen.elsewhere.length > 0 ? `, it is in ${seen.elsewhere.join(', ')}` : ''}`,
      ...(seen.elsewhere[0] ? { hint: `presso verify --region ${seen.elsewhere[0]}` } : { hint: 'presso setup' }),
    });
  if ([expected.function, expected.logGroup, expected.queue].every((one) => one === undefined) && !seen.workflow)
    return done('waiting', {
      found: 'there is no workflow yet that a rule could start',
      hint: 'presso verify module-1',
    });

  const routes = seen.rules
    .filter((rule) => rule.bus === seen.bus && isOn(rule))
    .flatMap((rule) =>
      rule.targets
        .filter((one) => isRight(expected, one, seen) && !faultOfTarget(expected, rule, one, seen))
        .map(() => rule),
    );
  const uncovered = wanted.filter((type) => !routes.some((rule) => matching.taken(rule, type) === 'all'));
  if (uncovered.length > 0) return diagnose(expected, wanted, uncovered, matching, done);
  for (const rule of routes) {
    const extra = ALL_EVENTS.filter((type) => !wanted.includes(type) && matching.taken(rule, type) !== 'none');
    if (extra.length === 0) continue;
    for (const type of extra.slice(0, 3)) matching.rest(rule, type, false);
    const meant = wanted.some((type) => matching.taken(rule, type) !== 'none');
    return done('fail', {
      found: meant
        ? `the rule "${rule.name}" also catches ${listed(extra)}, which must not reach ${target}`
        : `the rule "${rule.name}" brings ${listed(extra)} to ${target}, which must not get it`,
      hint: meant
        ? `Its pattern is too wide. Write out the whole detail-type: "detail-type": ${JSON.stringify(wanted)}.`
        : `Take that target away from the rule "${rule.name}", or delete the rule.`,
    });
  }
  const amiss = startsAmiss(expected, matching);
  if (amiss) return done('fail', amiss);
  const names = [
    ...new Set(
      routes
        .filter((rule) => wanted.some((type) => matching.taken(rule, type) === 'all'))
        .map(({ name }) => `"${name}"`),
    ),
  ];
  return done('pass', { found: `the ${names.length > 1 ? 'rules' : 'rule'} ${names.join(', ')}` });
}

/** Every execution that a rule starts is one: with an input that it cannot use it fails, and takes a place in the queue. */
function startsAmiss(expected: RouteExpected, matching: Matching): Fault | undefined {
  if ([expected.function, expected.logGroup, expected.queue].some((one) => one !== undefined)) return undefined;
  const { seen } = matching;
  for (const rule of seen.rules.filter((one) => one.bus === seen.bus && isOn(one)))
    for (const target of rule.targets) {
      const fault = isRight(expected, target, seen) ? arrivesMangled(expected, rule, target, seen) : undefined;
      const types = fault ? ALL_EVENTS.filter((type) => matching.taken(rule, type) !== 'none') : [];
      if (!fault || types.length === 0) continue;
      for (const type of types.slice(0, 2)) matching.rest(rule, type, false);
      return {
        found: `${fault.found}; it starts one more execution for ${listed(types)}, which fails`,
        hint: `Another rule or target starts the order as it should: take this one away from the rule "${rule.name}".`,
      };
    }
  return undefined;
}

/** An earlier workflow that is still started serves every order once more, with a number of its own. */
function startsACopy(seen: RoutingSeen, matching: Matching): Fault | undefined {
  for (const rule of seen.rules.filter((one) => one.bus === seen.bus && isOn(one)))
    for (const target of rule.targets) {
      const { kind, name } = thingOf(target.arn);
      const copy = kind === 'workflow' && seen.copies?.includes(name) && reaches(rule, target, seen);
      if (!copy || matching.taken(rule, EVENTS.newOrder) === 'none') continue;
      matching.rest(rule, EVENTS.newOrder, false);
      return {
        found: `the rule "${rule.name}" also starts the workflow ${name}, which serves the same order once more`,
        hint: `Take the workflow ${name} away from the targets of the rule "${rule.name}", or delete the rule.`,
      };
    }
  return undefined;
}

/** No event may reach the same target twice: every order would be served twice. A log may hold an event twice. */
export function judgeOnce(routes: readonly RouteExpected[], seen: RoutingSeen): Judged {
  const matching = new Matching(seen);
  const copied = startsACopy(seen, matching);
  if (copied) return { status: 'fail', ...copied, questions: matching.questions };
  for (const expected of routes.filter(({ logGroup }) => logGroup === undefined)) {
    for (const type of ALL_EVENTS) {
      const ways = new Map<string, Rule[]>();
      for (const rule of seen.rules.filter((one) => one.bus === seen.bus && isOn(one)))
        for (const target of rule.targets) {
          if (!isRight(expected, target, seen) || faultOfTarget(expected, rule, target, seen)) continue;
          if (matching.taken(rule, type) === 'none') continue;
          const { name } = thingOf(target.arn);
          ways.set(name, [...(ways.get(name) ?? []), rule]);
        }
      const twice = [...ways.values()].find((rules) => rules.length > 1);
      if (!twice) continue;
      for (const rule of twice.slice(0, 2)) matching.rest(rule, type, false);
      const names = [...new Set(twice.map(({ name }) => `"${name}"`))];
      return {
        status: 'fail',
        found:
          names.length > 1
            ? `the rules ${names.join(' and ')} both bring ${type} to ${wantedText(expected, seen)}`
            : `the rule ${names[0]} has ${wantedText(expected, seen)} as its target twice`,
        hint:
          names.length > 1
            ? 'Delete or disable all of them but one: as it is, everything happens twice.'
            : 'Remove one of the two targets: as it is, everything happens twice.',
        questions: matching.questions,
      };
    }
  }
  return { status: 'pass', found: 'every event arrives once', questions: [] };
}
