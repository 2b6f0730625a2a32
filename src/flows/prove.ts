/**
 * `presso content prove`: the checks are themselves checked. An untouched set-up scores nothing, the solution and its
 * variants pass, every mistake fails exactly the checks it names and the message names the mistake.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { whoAmI } from '../aws/account.ts';
import { type Connection, connect } from '../aws/connection.ts';
import { listFunctions } from '../aws/find.ts';
import { invoke } from '../aws/functions.ts';
import { EXIT, PressoError } from '../errors.ts';
import { checksDir, templatesDir } from '../paths.ts';
import { proofLines } from '../report/prove.ts';
import { startSandbox } from '../sandbox/index.ts';
import { applySeed, difference, observeSeed, readSeed } from '../seed/index.ts';
import { deploy } from '../setup/deploy.ts';
import { observeSetup } from '../setup/observe.ts';
import { planSetup } from '../setup/plan.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { applySteps } from '../solve/apply.ts';
import { type Build, readBuild } from '../solve/build.ts';
import { fillIn, inverse, planBuild } from '../solve/difference.ts';
import { observeBuild } from '../solve/observe.ts';
import { paint, say, sayJson, tell } from '../terminal.ts';
import { nearest } from '../text.ts';
import {
  type Checklist,
  factsOf,
  factsOfDefinition,
  KINDS,
  offlineChecks,
  readChecklists,
  type Result,
  verify,
} from '../verify/index.ts';
import { MODULES } from '../workshop.ts';
import { courseChecks } from './course-checks.ts';

/** What one build showed. `trouble` is empty when its checks said what they should. */
export interface Proof {
  module: string;
  /** `untouched`, `solution`, `variants/jsonata`, `mistakes/placeholder-left` */
  build: string;
  trouble: string[];
  results: Result[];
}

/** What the set-up brings: untouched, it passes. */
const GIVEN = 'setup';
/** Asks that nothing is left: a set-up that is still there must not pass as a whole. */
const GONE = 'cleanup';
const PLACE = { account: '123456789012', region: 'us-east-1' };

/** `solution`, then variants and mistakes by name: what lies in checks/<module>/ with a build.yaml. */
export function buildsOf(module: string, dir = checksDir()): string[] {
  const names = ['solution', ...['variants', 'mistakes'].flatMap((kind) => foldersIn(dir, module, kind))];
  return names.filter((name) => existsSync(path.join(dir, module, name, 'build.yaml')));
}

const foldersIn = (dir: string, module: string, kind: string): string[] => {
  const folder = path.join(dir, module, kind);
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => `${kind}/${name}`)
    : [];
};

export const checklistsOf = (modules: readonly string[], dir = checksDir()): Checklist[] =>
  readChecklists(dir, MODULES, KINDS).filter(({ module }) => modules.includes(module));

/** The workflow of a build, judged as a file; undefined where a file alone cannot show what the build is about. */
export async function proveDefinition(list: Checklist, name: string, dir = checksDir()): Promise<Proof | undefined> {
  const build = readBuild(path.join(dir, list.module, name));
  const [offline] = offlineChecks([list]);
  const ids = new Set(offline?.checks.map(({ id }) => id));
  const workflow = build.resources.find((resource) => resource.kind === 'workflow');
  if (!offline || workflow?.kind !== 'workflow' || !build.fail.every((id) => ids.has(id))) return undefined;
  const facts = factsOfDefinition(fillIn(workflow.definition, PLACE), {
    ...PLACE,
    name: workflow.name,
    type: workflow.type,
  });
  return proofOf(list.module, name, build, await judge(offline, facts));
}

/** The build made in an account that has nothing but the core, judged there, and taken away again. */
export async function proveInAccount(
  connection: Connection,
  list: Checklist,
  name: string,
  dir = checksDir(),
): Promise<Proof> {
  const build = readBuild(path.join(dir, list.module, name));
  return withBuild(connection, build, async () =>
    proofOf(list.module, name, build, await judge(list, factsOf(connection))),
  );
}

/** Makes a build, does the work, and puts back what was there. */
export async function withBuild<T>(
  connection: Connection,
  build: Pick<Build, 'resources'>,
  work: () => Promise<T>,
): Promise<T> {
  const { account } = await whoAmI(connection);
  const { steps } = planBuild(build.resources, await observeBuild(connection, account, build.resources));
  const options = { pause: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)) };
  const done: typeof steps = [];
  try {
    for await (const step of applySteps(connection, steps, options)) done.push(step);
    return await work();
  } finally {
    for await (const _ of applySteps(connection, inverse(done), options));
  }
}

export async function proveUntouched(connection: Connection, list: Checklist): Promise<Proof> {
  const results = await judge(list, factsOf(connection));
  const said = results.map(({ id, status, found }) => ({
    status,
    text: status === 'pass' ? `${id} passes although nothing has been built` : `${id}: ${status}, ${found}`,
  }));
  const wrong =
    list.module === GIVEN
      ? said.filter(({ status }) => status !== 'pass')
      : list.module === GONE
        ? said.filter(({ status }) => status === 'error' || said.every((one) => one.status === 'pass'))
        : said.filter(({ status }) => status === 'pass' || status === 'error');
  const trouble = wrong.map(({ text }) => text);
  return { module: list.module, build: 'untouched', trouble, results };
}

async function judge(list: Checklist, facts: ReturnType<typeof factsOf>): Promise<Result[]> {
  const explain = (error: unknown) => ({ found: error instanceof Error ? error.message : String(error), hint: '' });
  for await (const { checks } of verify([list], facts, explain)) return checks;
  return [];
}

function proofOf(module: string, name: string, build: Build, results: Result[]): Proof {
  const said = (id: string): string => {
    const result = results.find((one) => one.id === id);
    return result ? `${result.status}, ${result.found}` : 'there is no such check';
  };
  const failed = results.filter(({ status }) => status === 'fail').map(({ id }) => id);
  const trouble = [
    ...build.fail.filter((id) => !failed.includes(id)).map((id) => `${id} should fail: ${said(id)}`),
    ...failed.filter((id) => !build.fail.includes(id)).map((id) => `${id} should not fail: ${said(id)}`),
  ];
  // What only a live order can show is an error here; anything else that is not a pass belongs to a mistake.
  for (const { id, status, found } of results)
    if ((status === 'error' && build.judge !== 'live') || (status === 'waiting' && build.fail.length === 0))
      trouble.push(`${id}: ${status}, ${found}`);
  const words = results.filter(({ status }) => status === 'fail').map(({ found, hint }) => `${found} ${hint}`);
  for (const word of build.says)
    if (!words.some((text) => text.includes(word))) trouble.push(`no message says "${word}": ${words.join(' | ')}`);
  if (name.startsWith('mistakes/') && build.fail.length + build.says.length === 0)
    trouble.push('it names no check that must fail');
  return { module, build: name, trouble, results };
}

/** An account in a sandbox in memory, with the core deployed and seeded. */
export async function openAccount(account = PLACE.account): Promise<{
  connection: Connection;
  sandbox: Awaited<ReturnType<typeof startSandbox>>;
  close: () => Promise<void>;
}> {
  const sandbox = await startSandbox();
  const connection = await connect({
    region: PLACE.region,
    endpoint: sandbox.endpoint,
    credentials: { accessKeyId: account, secretAccessKey: 'sandbox' },
  });
  const close = async (): Promise<void> => {
    connection.close();
    await sandbox.close();
  };
  try {
    await deployCore(connection);
  } catch (error) {
    await close();
    throw error;
  }
  return { connection, sandbox, close };
}

async function deployStacks(connection: Connection, module: string): Promise<void> {
  const wanted = wantedStacks(templatesDir(), module);
  const { steps } = planSetup(wanted, await observeSetup(connection, wanted, { checkRegion: false }));
  const options = {
    signal: new AbortController().signal,
    now: Date.now,
    pause: () => new Promise<void>((done) => setTimeout(done, 5)),
  };
  for await (const event of deploy(connection, wanted, steps, options))
    if (event.kind === 'failed')
      throw new PressoError('not-deployed', `${event.stack}: ${event.cause.sentence}`, { hint: event.cause.hint });
}

/** The stacks that a module brings along, which no build can make, with a few orders counted by them. */
export async function deployModule(
  { connection, sandbox }: Pick<Awaited<ReturnType<typeof openAccount>>, 'connection' | 'sandbox'>,
  module: string,
): Promise<void> {
  if (module === 'setup' || wantedStacks(templatesDir(), module).length === 0) return;
  await deployStacks(connection, module);
  const rush = (await listFunctions(connection)).find((name) => name.includes('EventsLoadTest'));
  if (rush !== undefined) await invoke(connection, rush, { orders: 12 });
  // The window in which the queues gather their batches.
  await sandbox.advance(5_000);
}

async function deployCore(connection: Connection): Promise<void> {
  await deployStacks(connection, 'setup');
  const seed = readSeed(path.join(templatesDir(), 'seed'));
  await applySeed(connection, difference(seed, await observeSeed(connection), {}));
}

export interface ProveOptions {
  module: string | undefined;
  checks: string | undefined;
  /** Judge definitions alone, with no sandbox. */
  fast: boolean;
  json: boolean;
}

export async function prove(options: ProveOptions): Promise<void> {
  const dir = courseChecks(options.checks, 'presso content prove');
  const all = readChecklists(dir, MODULES, KINDS);
  const lists = options.module === undefined ? all : all.filter(({ module }) => module === options.module);
  if (lists.length === 0)
    throw new PressoError('no-module', `There are no checks for "${options.module}".`, {
      hint: `presso content prove ${
        nearest(
          options.module ?? '',
          all.map(({ module }) => module),
        ) ??
        all[0]?.module ??
        ''
      }`,
    });
  const proofs: Proof[] = [];
  const c = paint();
  for await (const proof of options.fast ? definitions(lists, dir) : everything(lists, dir)) {
    proofs.push(proof);
    if (!options.json) tell(`${proof.trouble.length === 0 ? c.green('✓') : c.red('✗')} ${proof.module} ${proof.build}`);
  }
  if (options.json)
    sayJson({
      builds: proofs.map(({ module, build, trouble }) => ({ module, build, right: trouble.length === 0, trouble })),
    });
  else for (const text of proofLines(proofs)) say(text);
  if (proofs.some(({ trouble }) => trouble.length > 0))
    throw new PressoError('quiet', 'Not every build is judged rightly.', { hint: '', exit: EXIT.no });
}

export async function* definitions(lists: Checklist[], dir = checksDir()): AsyncGenerator<Proof> {
  for (const list of lists)
    for (const name of buildsOf(list.module, dir)) {
      const proof = await proveDefinition(list, name, dir);
      if (proof) yield proof;
    }
}

async function* everything(lists: Checklist[], dir: string): AsyncGenerator<Proof> {
  const { connection, sandbox, close } = await openAccount();
  try {
    for (const list of lists) {
      yield await proveUntouched(connection, list);
      await deployModule({ connection, sandbox }, list.module);
      for (const name of buildsOf(list.module, dir)) yield await proveInAccount(connection, list, name, dir);
    }
  } finally {
    await close();
  }
}
