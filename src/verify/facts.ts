/**
 * What an account shows, read once for all checks that ask: each question is one promise, asked when the first check needs
 * it. Only reads.
 */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { isAwsError } from '../aws/failure.ts';
import { listFunctions, listRoles, listStateMachines } from '../aws/find.ts';
import { describeStateMachine, type StateMachine } from '../aws/states.ts';
import { WORKFLOW_NAME, WORKSHOP_REGIONS } from '../workshop.ts';
import type { Live } from './live/types.ts';

/** The learner's workflow: found by its name, else the one candidate; or why none can be judged. */
export type WorkflowFound =
  | { kind: 'found'; machine: StateMachine /** another name than the learner was told to use */; renamed: boolean }
  | { kind: 'none'; others: string[] /** its name, when AWS is still deleting it */; deleting?: string }
  | { kind: 'several'; names: string[] };

export interface Facts {
  /** Real test orders; only where somebody asked for them. */
  readonly live?: Live | undefined;
  readonly account: () => Promise<string>;
  readonly region: string;
  readonly workflow: () => Promise<WorkflowFound>;
  readonly functions: () => Promise<string[]>;
  readonly machines: () => Promise<{ name: string; arn: string; type: string }[]>;
  /** The workshop's other Regions in which `has` finds what is missing here; asked once under that name. */
  elsewhere(name: string, has: (there: Connection) => Promise<boolean>): Promise<string[]>;
  readonly roles: () => Promise<{ name: string; arn: string }[]>;
  /** undefined when a definition is judged with no account at all. */
  readonly connection: Connection | undefined;
  /** Any other question, asked once under that name. */
  once<T>(name: string, ask: (connection: Connection) => Promise<T>): Promise<T>;
}

/** `live` gives what places test orders; it is asked for with the facts that it follows them by. */
export function factsOf(connection: Connection, live?: (facts: Facts) => Live): Facts {
  const asked = new Map<string, Promise<unknown>>();
  const once = <T>(name: string, ask: (connection: Connection) => Promise<T>): Promise<T> => {
    let answer = asked.get(name);
    if (!answer) {
      answer = ask(connection);
      asked.set(name, answer);
    }
    return answer as Promise<T>;
  };
  const facts: Facts = {
    region: connection.region,
    connection,
    once,
    account: () => once('account', async (c) => (await whoAmI(c)).account),
    workflow: () => once('workflow', async (c) => findWorkflow(c, await once('machines', listStateMachines))),
    functions: () => once('functions', listFunctions),
    machines: () => once('machines', listStateMachines),
    elsewhere: (name, has) => once(`${name} elsewhere`, (c) => lookElsewhere(c, has)),
    roles: () => once('roles', listRoles),
  };
  return live ? { ...facts, live: live(facts) } : facts;
}

export interface DefinitionPlace {
  name: string;
  type: 'STANDARD' | 'EXPRESS';
  account: string;
  region: string;
}

/**
 * A definition from a file, judged with no account at all. Where it belongs is what its ARNs say, unless the caller knows:
 * an own ARN that was pasted must not look foreign only because the file does not say whose it is.
 */
export function factsOfDefinition(definition: string, known: Partial<DefinitionPlace> = {}): Facts {
  const { name, type, account, region } = { ...placeOf(definition), ...known };
  const machine: StateMachine = {
    name,
    arn: `arn:aws:states:${region}:${account}:stateMachine:${name}`,
    type,
    status: 'ACTIVE',
    definition,
    roleArn: `arn:aws:iam::${account}:role/file`,
  };
  const nothing = (): Promise<never> => Promise.reject(new Error('There is no account behind a definition file.'));
  return {
    region,
    connection: undefined,
    once: nothing,
    account: () => Promise.resolve(account),
    workflow: () => Promise.resolve({ kind: 'found', machine, renamed: name !== WORKFLOW_NAME }),
    functions: nothing,
    machines: nothing,
    elsewhere: () => Promise.resolve([]),
    roles: nothing,
  };
}

/** The place that most of the ARNs in a definition name; the workflow's own ARN, where it stands there, decides. */
function placeOf(definition: string): DefinitionPlace {
  const votes = new Map<string, number>();
  let own: string | undefined;
  for (const [, service, region, account, kind, name] of definition.matchAll(
    /arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]+):(\d{12}):([A-Za-z-]+)[:/]([\w-]+)/g,
  )) {
    const mine = service === 'states' && kind === 'stateMachine' && couldBe(name ?? '');
    if (mine) own ??= name;
    const place = `${region} ${account}`;
    votes.set(place, (votes.get(place) ?? 0) + (mine ? 1_000 : 1));
  }
  const [best = 'us-east-1 123456789012'] = [...votes].sort(([, a], [, b]) => b - a).map(([place]) => place);
  const [region = '', account = ''] = best.split(' ');
  return { name: own ?? WORKFLOW_NAME, type: 'STANDARD', account, region };
}

/** A name that a learner's workflow may have beside the one that was asked for. */
export const couldBe = (name: string): boolean => /order[-_ ]?processor/i.test(name);

async function lookElsewhere(connection: Connection, has: (there: Connection) => Promise<boolean>): Promise<string[]> {
  const found = await Promise.all(
    WORKSHOP_REGIONS.filter((region) => region !== connection.region).map(async (region) => {
      try {
        return (await has(connection.inRegion(region))) ? [region] : [];
      } catch (error) {
        // A Region that is switched off, or that the caller may not enter, holds nothing that could be told about.
        if (!isAwsError(error)) throw error;
        return [];
      }
    }),
  );
  return found.flat();
}

async function findWorkflow(connection: Connection, machines: { name: string; arn: string }[]): Promise<WorkflowFound> {
  const exact = machines.find(({ name }) => name === WORKFLOW_NAME);
  // A template's own suffix (OrderProcessorWorkflow-AbC123), else any one that nobody else of the workshop made.
  const named = machines.filter(({ name }) => couldBe(name));
  const others = machines.filter(({ name }) => !/OrderManagerStateMachine|ReviewWorkflow/i.test(name));
  const candidates = exact ? [exact] : named.length > 0 ? named : await ofTheWorkshop(connection, others);
  const [only] = candidates;
  if (!only) return { kind: 'none', others: machines.map(({ name }) => name) };
  if (candidates.length > 1) return { kind: 'several', names: candidates.map(({ name }) => name) };
  const machine = await describeStateMachine(connection, only.arn);
  if (!machine) return { kind: 'none', others: [] };
  if (machine.status === 'DELETING') return { kind: 'none', others: [], deleting: machine.name };
  return { kind: 'found', machine, renamed: machine.name !== WORKFLOW_NAME };
}

/** In an account with state machines of other purposes: those that speak of the workshop. */
async function ofTheWorkshop<T extends { arn: string }>(connection: Connection, machines: T[]): Promise<T[]> {
  if (machines.length < 2) return machines;
  const described = await Promise.all(
    machines.slice(0, 20).map(async (one) => ({ one, machine: await describeStateMachine(connection, one.arn) })),
  );
  return described.filter(({ machine }) => /serverlesspresso/i.test(machine?.definition ?? '')).map(({ one }) => one);
}
