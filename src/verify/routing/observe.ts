/** Reads what routes events: rules and targets, what may use what, and where in doubt what EventBridge says itself. */
import type { Connection } from '../../aws/connection.ts';
import { busArn, listBuses, listRules, listTargets, type Rule, rulesOn, testPattern } from '../../aws/events.ts';
import { isDenied } from '../../aws/failure.ts';
import { functionPolicy } from '../../aws/functions.ts';
import { logGroupExists, logPolicies } from '../../aws/logs.ts';
import { describeStateMachine } from '../../aws/states.ts';
import { nearest } from '../../text.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS, FUNCTION_PARTS, LOG_GROUP, RULES } from '../../workshop.ts';
import type { Facts } from '../facts.ts';
import { askRole } from '../permissions/ask.ts';
import { actionsOn, thingOf } from './reach.ts';
import { type Question, questionKey, type RoutingSeen } from './types.ts';

/** All of it, once for all checks. */
export function observeRouting(facts: Facts): Promise<RoutingSeen> {
  return facts.once('routing', (connection) => read(facts, connection));
}

async function read(facts: Facts, connection: Connection): Promise<RoutingSeen> {
  const [account, workflow, functions, machines, logGroup, policies, bus, ours, strays] = await Promise.all([
    facts.account(),
    facts.workflow(),
    facts.functions(),
    facts.machines(),
    facts.once('log group', (c) => logGroupExists(c, LOG_GROUP)),
    facts.once('log policies', logPolicies),
    facts.once('bus', (c) => busArn(c, BUS_NAME)),
    facts.once('rules', (c) => listRules(c, BUS_NAME)),
    strayRules(connection),
  ]);
  const rules = [...ours, ...strays];
  const machine = workflow.kind === 'found' ? workflow.machine : undefined;
  const targets = rules.flatMap((rule) => rule.targets);
  const named = [...new Set(targets.map(({ arn }) => arn))].filter((arn) => {
    const { kind, name, region, account: owner } = thingOf(arn);
    return (
      kind === 'function' &&
      region === connection.region &&
      owner === account &&
      functions.includes(name) &&
      (name.includes(FUNCTION_PARTS.workflowStarted) || name.includes(FUNCTION_PARTS.waitingCompletion))
    );
  });
  const groups = [
    ...new Set(
      ours.flatMap((rule) =>
        rule.targets.flatMap(({ arn }) => {
          const { kind, name, region, account: owner } = thingOf(arn);
          return kind === 'log group' && name !== LOG_GROUP && region === connection.region && owner === account
            ? [name]
            : [];
        }),
      ),
    ),
  ];
  const roleArns = [...new Set(targets.flatMap(({ roleArn }) => (roleArn ? [roleArn] : [])))];
  const started = ours.flatMap((rule) =>
    rule.targets.flatMap(({ arn }) => {
      const { kind, name, region, account: owner } = thingOf(arn);
      const other =
        machine !== undefined &&
        kind === 'workflow' &&
        name !== machine.name &&
        machines.some((one) => one.name === name);
      return other && region === connection.region && owner === account ? [name] : [];
    }),
  );
  const [functionPolicies, roles, otherGroups, copies] = await Promise.all([
    Promise.all(named.map(async (arn) => [arn, await policyOf(connection, arn)] as const)),
    Promise.all(
      roleArns.map(async (arn) => {
        const asks = targets.filter(({ roleArn }) => roleArn === arn).flatMap((target) => actionsOn(target.arn));
        return [arn, await askRole(facts, arn, unique(asks))] as const;
      }),
    ),
    Promise.all(groups.map(async (name) => ((await logGroupExists(connection, name)) ? [name] : []))),
    copiesAmong(
      connection,
      machines.filter(({ name }) => started.includes(name)),
    ),
  ]);
  return {
    account,
    region: connection.region,
    bus: BUS_NAME,
    busThere: bus !== undefined,
    elsewhere:
      bus === undefined
        ? await facts.elsewhere('bus', async (there) => (await busArn(there, BUS_NAME)) !== undefined)
        : [],
    rulesElsewhere: [],
    cli: `aws --region ${connection.region}${connection.endpoint ? ` --endpoint-url ${connection.endpoint}` : ''}`,
    workflow: machine && { arn: machine.arn, name: machine.name },
    rules,
    functions,
    machines: machines.map(({ name }) => name),
    copies,
    logGroups: [...(logGroup ? [LOG_GROUP] : []), ...otherGroups.flat()],
    logPolicies: policies.map(({ document }) => document),
    functionPolicies: Object.fromEntries(functionPolicies),
    roles: Object.fromEntries(roles),
    confirmed: {},
  };
}

/** Who tells the customer that an order has started serves orders, under whatever name. */
async function copiesAmong(connection: Connection, machines: { name: string; arn: string }[]): Promise<string[]> {
  const found = await Promise.all(
    machines.slice(0, MOST_COPIES).map(async ({ name, arn }) => {
      try {
        const machine = await describeStateMachine(connection, arn);
        return machine?.definition.includes(EVENTS.workflowStarted) ? [name] : [];
      } catch (error) {
        if (isDenied(error)) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}
const MOST_COPIES = 5;

const unique = (asks: { action: string; resource: string }[]) =>
  asks.filter((ask, i) => asks.findIndex((one) => one.action === ask.action && one.resource === ask.resource) === i);

function policyOf(connection: Connection, arn: string): Promise<unknown[]> {
  const { name, qualifier } = thingOf(arn);
  return functionPolicy(connection, name, qualifier === '$LATEST' ? undefined : qualifier);
}

/** Rules of the default bus, and of a bus of nearly our name, that look as if they were meant for ours. */
async function strayRules(connection: Connection): Promise<Rule[]> {
  const buses = (await listBuses(connection)).filter(
    (name) => name === 'default' || (name !== BUS_NAME && nearest(name, [BUS_NAME]) !== undefined),
  );
  const found = await Promise.all(buses.map((bus) => rulesOn(connection, bus)));
  const ours = found.flat().filter((rule) => {
    const text = `${rule.pattern ?? ''}`.toLowerCase();
    return (
      text.includes(EVENT_SOURCE) ||
      /validator\.|orderprocessor\.|ordermanager\./.test(text) ||
      RULES.some((name) => name.toLowerCase() === rule.name.toLowerCase())
    );
  });
  return Promise.all(
    ours.slice(0, 20).map(async (rule) => ({ ...rule, targets: await listTargets(connection, rule.bus, rule.name) })),
  );
}

/** Other Regions in which somebody made a rule that the workshop asks for. */
export function rulesElsewhere(facts: Facts): Promise<string[]> {
  return facts.elsewhere('rules', async (there) =>
    (await rulesOn(there, BUS_NAME)).some(({ name }) =>
      RULES.some((told) => told.toLowerCase() === name.toLowerCase()),
    ),
  );
}

/** Checks of module 2 share EventBridge's patience: this many questions each. */
const MOST_QUESTIONS = 4;

/**
 * What EventBridge itself says to the matches that a failure rests upon. Where it may not be asked our engine's word stands.
 */
export async function confirm(facts: Facts, seen: RoutingSeen, questions: Question[]): Promise<RoutingSeen> {
  if (questions.length === 0) return seen;
  const answers = await Promise.all(
    questions.slice(0, MOST_QUESTIONS).map(async (question) => {
      const key = questionKey(question);
      const said = await facts.once(`test ${key}`, async (connection) => {
        try {
          return await testPattern(connection, question.pattern, question.event);
        } catch (error) {
          if (isDenied(error)) return undefined;
          throw error;
        }
      });
      return said === undefined ? [] : [[key, said] as const];
    }),
  );
  return { ...seen, confirmed: { ...seen.confirmed, ...Object.fromEntries(answers.flat()) } };
}
