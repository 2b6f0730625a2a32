/** Finds the rule that was meant for some events and says, in the learner's own names, what is wrong with it. Pure. */
import type { Rule, RuleTarget } from '../../aws/events.ts';
import { InvalidEventPattern, parsePattern } from '../../event-pattern/index.ts';
import { nearest } from '../../text.ts';
import type { Verdict } from '../types.ts';
import { isOn, listed, type Matching } from './matching.ts';
import { dead, type Fault, faultOfTarget, isRight, thingOf, thingText, wantedText } from './reach.ts';
import { ALL_EVENTS } from './samples.ts';
import type { Question, RouteExpected, RoutingSeen } from './types.ts';

export interface Judged extends Pick<Verdict, 'status' | 'found' | 'hint'> {
  /** The matches on which a failure rests: EventBridge itself is asked before a learner is told. */
  questions: Question[];
  /** Nothing here looks as if it was meant for it. */
  noRule?: boolean;
}

/** Looks for the rule that was meant for it, and says the first thing that is wrong with it. */
export function diagnose(
  expected: RouteExpected,
  wanted: readonly string[],
  uncovered: readonly string[],
  matching: Matching,
  done: (status: Verdict['status'], fault: Fault) => Judged,
): Judged {
  const { seen } = matching;
  const rule = meantFor(expected, wanted, matching);
  const what = expected.events === 'all' ? 'the events of the workshop' : listed(wanted);
  if (!rule) {
    const names = seen.rules.filter(({ bus }) => bus === seen.bus).map(({ name }) => name);
    const near = nearest(expected.rule, names);
    const [region] = seen.rulesElsewhere;
    const fault = {
      found: `no rule brings ${expected.events === 'all' && uncovered.length < wanted.length ? listed(uncovered) : what} to ${wantedText(expected, seen)}${near && near !== expected.rule ? ` (there is a rule "${near}")` : ''}${region ? `; in ${seen.rulesElsewhere.join(' and ')} there are rules of that kind` : ''}`,
      ...(region
        ? { hint: `This is ${seen.region}: work in one Region only, the one that has the core and your workflow.` }
        : {}),
    };
    return { ...done('fail', fault), noRule: true };
  }
  const said = `the rule "${rule.name}"`;
  if (rule.bus !== seen.bus)
    return done('fail', {
      found: `${said} is on the bus "${rule.bus}", where the workshop's events never come`,
      hint: `A rule cannot be moved: create it on the bus ${seen.bus}, and delete this one.`,
    });
  if (!isOn(rule))
    return done('fail', {
      found: `${said} is disabled`,
      hint: `Enable it: ${seen.cli} events enable-rule --event-bus-name ${seen.bus} --name ${rule.name}`,
    });
  const missed = wanted.find((type) => matching.taken(rule, type) !== 'all');
  if (missed !== undefined) {
    for (const type of wanted.filter((one) => matching.taken(rule, one) !== 'all').slice(0, 3))
      matching.rest(rule, type, true);
    return done('fail', patternFault(said, rule, missed, matching));
  }
  if (rule.targets.length === 0)
    return done('fail', {
      found: `${said} catches ${what} and has no target`,
      hint: `Give it a target: ${wantedText(expected, seen)}.`,
    });
  const right = rule.targets.filter((target) => isRight(expected, target, seen));
  if (right.length === 0) return wrongTarget(expected, rule, matching, done);
  const fault = right.map((target) => faultOfTarget(expected, rule, target, seen)).find(Boolean);
  return done(
    'fail',
    fault ?? { found: `${said} does not bring ${listed(uncovered)} to ${wantedText(expected, seen)}` },
  );
}

function wrongTarget(
  expected: RouteExpected,
  rule: Rule,
  { seen }: Matching,
  done: (status: Verdict['status'], fault: Fault) => Judged,
): Judged {
  const hint = `Choose ${wantedText(expected, seen)} as the target of the rule "${rule.name}".`;
  const gone = rule.targets.map((target) => dead(rule, target, seen)).find(Boolean);
  if (gone) return done('fail', { found: gone.found, hint });
  const [target] = rule.targets;
  const through = rule.targets.find(({ arn }) => /^(sqs|sns|events|kinesis|firehose)$/.test(thingOf(arn).service));
  // What lies behind a queue, a topic or another bus may well be the right thing.
  if (through)
    return done('error', {
      found: `the rule "${rule.name}" sends it on to ${through.arn}, and where it goes from there cannot be judged`,
      hint: 'presso verify --live   (places a real test order)',
    });
  return done('fail', {
    found: `the target of the rule "${rule.name}" is ${thingText(target?.arn ?? '')}, not ${wantedText(expected, seen)}`,
    hint,
  });
}

/** Why a pattern does not take an event, in the learner's own values. */
function patternFault(said: string, rule: Rule, type: string, matching: Matching): Fault {
  const { pattern } = rule;
  if (pattern === undefined)
    return { found: `${said} has a schedule and no event pattern`, hint: 'Create a rule with an event pattern.' };
  const invalid = invalidity(pattern);
  if (invalid)
    return { found: `${said} has a pattern that EventBridge does not take: ${invalid}`, hint: patternHint(type) };
  const why = matching.why(rule, type);
  const faults = why?.faults ?? [];
  const [fault] = faults;
  const reason = (why?.sentence ?? '').replace(/\.$/, '');
  if (!fault) return { found: `${said} does not catch ${type}`, hint: patternHint(type) };
  if (matching.taken(rule, type) === 'some')
    return {
      found: `${said} catches only some ${type} events. ${reason}`,
      hint: `Take the field ${fault.path} out of the pattern: orders differ there.`,
    };
  const hints: Partial<Record<typeof fault.kind, string>> = {
    whitespace: `Take the white space out of the pattern, at ${fault.path}.`,
    case: `Patterns are exact: at ${fault.path} write ${fault.had[0] ?? ''}.`,
    value: /^(source|detail-type)$/.test(fault.path)
      ? `At ${fault.path} write ${fault.had[0] ?? ''}.`
      : `Look at ${fault.path} in the pattern.`,
    elsewhere: `In the pattern put it where the event has it: ${fault.nearest ?? ''}.`,
    missing: fault.nearest
      ? `The field is called ${fault.nearest}.`
      : `Events have no ${fault.path}: take it out of the pattern.`,
  };
  return { found: `${said} does not catch ${type}. ${reason}`, hint: hints[fault.kind] ?? patternHint(type) };
}

const patternHint = (type: string): string =>
  `The pattern is {"source": ["awsserverlessda.serverlesspresso"], "detail-type": ["${type}"]}.`;

/** What is wrong with a pattern that EventBridge refuses; undefined when it is one. */
function invalidity(pattern: string): string | undefined {
  try {
    parsePattern(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidEventPattern)) throw error;
    let value: unknown;
    try {
      value = JSON.parse(pattern);
    } catch {
      return 'it is not JSON';
    }
    if (typeof value === 'string') return 'it is a text that holds JSON, and not a JSON object';
    const single = Object.entries((value ?? {}) as object).find(([, one]) => typeof one !== 'object');
    if (single)
      return `"${single[0]}" is ${JSON.stringify(single[1])}, and must be a list: [${JSON.stringify(single[1])}]`;
    return error.message.split('\n')[0] ?? error.message;
  }
}

/**
 * The rule that the learner meant: by its target, by its name, or by what it catches. Rules that the set-up brought along
 * catch these events too, and send them elsewhere; they are never blamed.
 */
function meantFor(expected: RouteExpected, wanted: readonly string[], matching: Matching): Rule | undefined {
  const { seen } = matching;
  let best: { rule: Rule; score: number } | undefined;
  for (const rule of seen.rules) {
    const score = likeness(expected, wanted, rule, matching);
    if (score > 0 && (!best || score > best.score)) best = { rule, score };
  }
  return best?.rule;
}

function likeness(expected: RouteExpected, wanted: readonly string[], rule: Rule, matching: Matching): number {
  const { seen } = matching;
  const right = rule.targets.some((target) => isRight(expected, target, seen));
  const name = rule.name.toLowerCase();
  const told = expected.rule.toLowerCase();
  const same = name === told;
  const alike = !same && (name.includes(told) || nearest(told, [name]) !== undefined);
  const types = ALL_EVENTS.filter((type) => matching.taken(rule, type) !== 'none');
  const exact = wanted.every((type) => types.includes(type)) && types.length === wanted.length;
  const near = !exact && nearly(rule, wanted, matching);
  const odd = rule.targets.length === 0 || rule.targets.some((target) => isOdd(target, rule, seen));
  if (!(right || same || ((alike || exact || near) && odd))) return 0;
  return (
    (right ? 4 : 0) +
    (same ? 4 : alike ? 2 : 0) +
    (exact ? 3 : near ? 2 : 0) +
    (rule.bus === seen.bus ? 1 : 0) +
    (isOn(rule) ? 1 : 0)
  );
}

/** A near miss: another case, white space, or a slip of the keys away from a wanted event. */
function nearly(rule: Rule, wanted: readonly string[], matching: Matching): boolean {
  const [type] = wanted;
  if (type === undefined || wanted.length > 1 || rule.pattern === undefined) return false;
  if (invalidity(rule.pattern)) return rule.pattern.includes(type);
  const faults = matching.why(rule, type)?.faults ?? [];
  return faults.length === 1 && faults[0]?.nearest !== undefined && /^(source|detail-type)$/.test(faults[0].path);
}

/** A target that nobody but a learner would choose: gone, or meant for another rule of theirs. */
function isOdd(target: RuleTarget, rule: Rule, seen: RoutingSeen): boolean {
  const { kind, name } = thingOf(target.arn);
  return (
    dead(rule, target, seen) !== undefined ||
    kind === 'workflow' ||
    kind === 'log group' ||
    (kind === 'function' && /WorkflowStarted|WaitingCompletion/.test(name))
  );
}
