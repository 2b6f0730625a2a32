/** Do the news of the bar reach every topic: by which rules, which functions, with which rights? */
import type { FunctionSettings } from '../../aws/functions.ts';
import { functionPolicy, functionSettings } from '../../aws/functions.ts';
import { busArn, listRules, type Rule } from '../../aws/events.ts';
import { BUS_NAME } from '../../workshop.ts';
import { appSettings, PUT_BACK } from '../apps/settings.ts';
import { byAppSync, EVENTS_OF, type Topic, topicArn, topicName, TOPICS, topicsOf } from '../apps/topics.ts';
import type { Facts } from '../facts.ts';
import { askRole } from '../permissions/ask.ts';
import type { Ask } from '../permissions/judge.ts';
import { roleName, trusted, trusts } from '../permissions/judge.ts';
import { isOn, listed, Matching } from '../routing/matching.ts';
import { confirm } from '../routing/observe.ts';
import { faultOfTarget, thingOf } from '../routing/reach.ts';
import type { Question, RoutingSeen } from '../routing/types.ts';
import type { Verdict } from '../types.ts';
import { probe } from './probe.ts';

interface Publisher extends FunctionSettings {
  topics: Topic[];
  /** Does it publish to AWS IoT, so that its role can be asked about it? */
  iot: boolean;
}

interface Seen {
  routing: RoutingSeen;
  /** Functions that a rule of the bus has as its target, or that say a topic. */
  publishers: Publisher[];
}

/** Any user's id: what holds for it holds for everybody's. */
const SOMEBODY = '5c2d1a36-7d0e-4b3a-9d57-0a6c1d7f8e21';
const LAMBDA = 'lambda.amazonaws.com';

const asksOf = ({ topics, iot }: Publisher, place: { account: string; region: string }): Ask[] =>
  iot ? topics.map((topic) => ({ action: 'iot:Publish', resource: topicArn(topic, place, SOMEBODY) })) : [];

/** In an official set-up of a year that nobody here knows, its name is all that tells a publisher. */
function asPublisher(one: FunctionSettings, own: boolean): Publisher[] {
  const topics = topicsOf(one.environment);
  if (topics.length > 0) return [{ ...one, topics, iot: !byAppSync(one.environment) }];
  return !own && /publish/i.test(one.name) ? [{ ...one, topics: [...TOPICS], iot: false }] : [];
}

async function observe(facts: Facts): Promise<Seen> {
  const [{ own }, account, bus, rules, settings] = await Promise.all([
    appSettings(facts),
    facts.account(),
    facts.once('bus', (c) => busArn(c, BUS_NAME)),
    facts.once('rules', (c) => listRules(c, BUS_NAME)),
    facts.once('function settings', functionSettings),
  ]);
  const place = { account, region: facts.region };
  const publishers = settings.flatMap((one) => asPublisher(one, own));
  const targets = rules
    .flatMap((rule) => rule.targets)
    .filter(({ arn }) => publishers.some((one) => one.name === thingOf(arn).name));
  // What lies elsewhere is a fault of its own, and has no policy here.
  const here = [...new Set(targets.map(({ arn }) => arn))].filter((arn) => {
    const thing = thingOf(arn);
    return thing.region === facts.region && thing.account === account;
  });
  const roleArns = [
    ...new Set([...publishers.map(({ role }) => role), ...targets.flatMap(({ roleArn }) => roleArn ?? [])]),
  ];
  const [policies, roles] = await Promise.all([
    Promise.all(
      here.map(async (arn) => {
        const { name, qualifier } = thingOf(arn);
        const version = qualifier === '$LATEST' ? undefined : qualifier;
        return [arn, await facts.once(`function policy ${arn}`, (c) => functionPolicy(c, name, version))] as const;
      }),
    ),
    Promise.all(
      roleArns.map(async (arn) => {
        const asks = publishers.filter(({ role }) => role === arn).flatMap((one) => asksOf(one, place));
        const invokes = targets
          .filter(({ roleArn }) => roleArn === arn)
          .map((target) => ({ action: 'lambda:InvokeFunction', resource: target.arn }));
        return [arn, await askRole(facts, arn, [...asks, ...invokes])] as const;
      }),
    ),
  ]);
  const endpoint = facts.connection?.endpoint;
  return {
    publishers,
    routing: {
      ...place,
      bus: BUS_NAME,
      busThere: bus !== undefined,
      elsewhere: [],
      rulesElsewhere: [],
      cli: `aws --region ${facts.region}${endpoint ? ` --endpoint-url ${endpoint}` : ''}`,
      workflow: undefined,
      rules,
      functions: settings.map(({ name }) => name),
      machines: [],
      logGroups: [],
      logPolicies: [],
      functionPolicies: Object.fromEntries(policies),
      roles: Object.fromEntries(roles),
      confirmed: {},
    },
  };
}

type Judged = Pick<Verdict, 'status' | 'found' | 'hint'> & { questions: Question[] };

/** Why a function that gets the events cannot publish them; undefined when it can. */
function mute(one: Publisher, topic: Topic, { routing }: Seen): { found: string; hint: string } | undefined {
  const role = routing.roles[one.role];
  const name = roleName(one.role);
  if (!role?.exists) return { found: `the role ${name} of the function ${one.name} is not there`, hint: PUT_BACK };
  if (!trusts(role.trust, LAMBDA, one.role, { arn: one.arn, account: routing.account }))
    return {
      found: `${LAMBDA} may not assume the role ${name} of the function ${one.name}, which trusts ${trusted(role.trust).join(', ') || 'nobody'}`,
      hint: `Its trust policy must name ${LAMBDA}.`,
    };
  const refused = role.refused.find(
    ({ action, resource }) => action === 'iot:Publish' && resource === topicArn(topic, routing, SOMEBODY),
  );
  return refused
    ? {
        found: `the role ${name} of the function ${one.name} may not do iot:Publish on ${topicName(topic)}`,
        hint: `Allow the role iot:Publish on topic/${topicName(topic).replace('…', '*')}.`,
      }
    : undefined;
}

function judge(seen: Seen): Judged {
  const { publishers, routing } = seen;
  const matching = new Matching(routing);
  const done = (status: Verdict['status'], found: string, hint?: string): Judged => ({
    status,
    found,
    ...(hint ? { hint } : {}),
    questions: matching.questions,
  });
  if (!routing.busThere) return done('waiting', `there is no bus ${routing.bus} in ${routing.region}`, 'presso setup');
  const brought: string[] = [];
  for (const topic of TOPICS) {
    const able = publishers.filter(({ topics }) => topics.includes(topic));
    if (able.length === 0) return done('fail', `no function publishes to ${topicName(topic)}`, PUT_BACK);
    const barred = able.map((one) => mute(one, topic, seen));
    const good = able.filter((_, i) => barred[i] === undefined);
    const [bar] = barred;
    if (good.length === 0 && bar) return done('fail', bar.found, bar.hint);
    const aims = (rule: Rule) => rule.targets.filter(({ arn }) => good.some(({ name }) => name === thingOf(arn).name));
    const whole = (rule: Rule): boolean =>
      isOn(rule) &&
      aims(rule).some(
        (target) => !faultOfTarget({ rule: '', events: [...SAMPLE], function: '' }, rule, target, routing),
      );
    const wanted = EVENTS_OF[topic];
    const missed = wanted.filter(
      (type) => !routing.rules.some((rule) => whole(rule) && matching.taken(rule, type) === 'all'),
    );
    if (missed.length === 0) {
      brought.push(...good.map(({ name }) => name));
      continue;
    }
    const meant = routing.rules.filter((rule) => aims(rule).length > 0);
    const what = `${listed(missed)} ${missed.length === 1 ? 'does' : 'do'} not reach ${topicName(topic)}`;
    const off = meant.find((rule) => !isOn(rule) && missed.some((type) => matching.taken(rule, type) !== 'none'));
    if (off)
      return done(
        'fail',
        `${what}: the rule "${off.name}" is disabled`,
        `Enable it: ${routing.cli} events enable-rule --event-bus-name ${routing.bus} --name ${off.name}`,
      );
    for (const rule of meant.filter(isOn)) {
      const fault = aims(rule)
        .map((target) => faultOfTarget({ rule: '', events: [...SAMPLE], function: '' }, rule, target, routing))
        .find((one) => one !== undefined);
      if (fault && missed.some((type) => matching.taken(rule, type) !== 'none'))
        return done('fail', `${what}: ${fault.found}`, fault.hint);
    }
    const [near] = meant.filter(isOn);
    if (near) for (const type of missed.slice(0, 3)) matching.rest(near, type, true);
    return done(
      'fail',
      near
        ? `${what}: no rule catches ${missed.length === 1 ? 'it' : 'them'} for ${good[0]?.name}`
        : `${what}: no rule has ${good.map(({ name }) => name).join(' or ')} as its target`,
      PUT_BACK,
    );
  }
  return done('pass', `${[...new Set(brought)].join(', ')} to ${TOPICS.map(topicName).join(', ')}`);
}

/** An event by which it is judged whether a target gets what it needs: the detail, whole. */
const SAMPLE = ['OrderManager.MakeOrder'] as const;

/** What a module-3 check of kind publisher asks: nothing; every topic has to be reached. */
export const publisher = probe<Seen>({
  async observe(_check, facts) {
    const seen = await observe(facts);
    return { ...seen, routing: await confirm(facts, seen.routing, judge(seen).questions) };
  },
  judge(_check, seen) {
    const { questions: _, ...verdict } = judge(seen);
    return {
      expected: `enabled rules on ${seen.routing.bus} that bring every event to a function which publishes it to ${TOPICS.map(topicName).join(', ')}`,
      ...verdict,
    };
  },
});
