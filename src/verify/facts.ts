/**
 * What an account shows, read once for all checks that ask: each question is one promise, asked when the first check needs
 * it. Only reads.
 */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { busArn } from '../aws/events.ts';
import { listFunctions, listRoles, listStateMachines } from '../aws/find.ts';
import { describeStateMachine, type StateMachine } from '../aws/states.ts';
import { listTables } from '../aws/tables.ts';
import { BUS_NAME, TABLES, WORKFLOW_NAME, WORKSHOP_REGIONS } from '../workshop.ts';

/** The learner's workflow: found by its name, else the one candidate; or why none can be judged. */
export type WorkflowFound =
  | { kind: 'found'; machine: StateMachine /** another name than the learner was told to use */; renamed: boolean }
  | { kind: 'none'; others: string[] }
  | { kind: 'several'; names: string[] };

/** What of the workshop another Region holds. */
export interface OtherRegion {
  region: string;
  /** The workshop's bus is there. */
  bus: boolean;
  /** Those of the workshop's tables that are there. */
  tables: string[];
  /** Its state machines that could be the learner's workflow. */
  workflows: string[];
}

export interface Facts {
  readonly account: () => Promise<string>;
  readonly region: string;
  readonly workflow: () => Promise<WorkflowFound>;
  readonly functions: () => Promise<string[]>;
  readonly machines: () => Promise<{ name: string; arn: string; type: string }[]>;
  /** Other Regions that hold something of the workshop: asked only when something is missing here. */
  readonly elsewhere: () => Promise<OtherRegion[]>;
  readonly roles: () => Promise<{ name: string; arn: string }[]>;
  /** undefined when a definition is judged with no account at all. */
  readonly connection: Connection | undefined;
  /** Any other question, asked once under that name. */
  once<T>(name: string, ask: (connection: Connection) => Promise<T>): Promise<T>;
}

export function factsOf(connection: Connection): Facts {
  const asked = new Map<string, Promise<unknown>>();
  const once = <T>(name: string, ask: (connection: Connection) => Promise<T>): Promise<T> => {
    let answer = asked.get(name);
    if (!answer) {
      answer = ask(connection);
      asked.set(name, answer);
    }
    return answer as Promise<T>;
  };
  return {
    region: connection.region,
    connection,
    once,
    account: () => once('account', async (c) => (await whoAmI(c)).account),
    workflow: () => once('workflow', async (c) => findWorkflow(c, await once('machines', listStateMachines))),
    functions: () => once('functions', listFunctions),
    machines: () => once('machines', listStateMachines),
    elsewhere: () => once('elsewhere', lookElsewhere),
    roles: () => once('roles', listRoles),
  };
}

/** A definition from a file, judged with no account at all. */
export function factsOfDefinition(definition: string): Facts {
  const arn = `arn:aws:states:us-east-1:123456789012:stateMachine:${WORKFLOW_NAME}`;
  const machine: StateMachine = {
    name: WORKFLOW_NAME,
    arn,
    type: 'STANDARD',
    status: 'ACTIVE',
    definition,
    roleArn: 'arn:aws:iam::123456789012:role/file',
  };
  const nothing = (): Promise<never> => Promise.reject(new Error('There is no account behind a definition file.'));
  return {
    region: 'us-east-1',
    connection: undefined,
    once: nothing,
    account: () => Promise.resolve('123456789012'),
    workflow: () => Promise.resolve({ kind: 'found', machine, renamed: false }),
    functions: nothing,
    machines: nothing,
    elsewhere: () => Promise.resolve([]),
    roles: nothing,
  };
}

const couldBe = (name: string): boolean => /order[-_ ]?processor/i.test(name);

async function lookElsewhere(connection: Connection): Promise<OtherRegion[]> {
  const regions = WORKSHOP_REGIONS.filter((region) => region !== connection.region);
  const found = await Promise.all(
    regions.map(async (region): Promise<OtherRegion | undefined> => {
      const there = connection.inRegion(region);
      try {
        const [bus, tables, machines] = await Promise.all([
          busArn(there, BUS_NAME),
          listTables(there),
          listStateMachines(there),
        ]);
        return {
          region,
          bus: bus !== undefined,
          tables: Object.values(TABLES).filter((name) => tables.includes(name)),
          workflows: machines.map(({ name }) => name).filter(couldBe),
        };
      } catch {
        // A Region that is switched off, or that the caller may not enter, holds nothing that could be told about.
        return undefined;
      }
    }),
  );
  return found.filter(
    (one) => one !== undefined && (one.bus || one.tables.length > 0 || one.workflows.length > 0),
  ) as OtherRegion[];
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
  if (!machine || machine.status === 'DELETING') return { kind: 'none', others: [] };
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
