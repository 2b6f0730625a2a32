/**
 * The course, walked on a sandbox as a learner would: what a lesson says to write is written, what it says to type is typed,
 * and what it says will be seen is looked for. Once with presso alone, once with the AWS CLI where there is one.
 */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { stopSandbox } from '../sandbox/index.ts';
import { targetValues, type TargetValues } from './facts.ts';
import { checkModules, lessonsFor, openLesson, readChecks, readCourse } from './library.ts';
import { type Block, type CodeBlock, walk } from './tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const content = path.join(root, 'content');
const checks = path.join(root, 'checks');
const course = readCourse(content);
const WORKFLOW_FILE = 'OrderProcessorWorkflow.asl.json';

type Way = 'presso' | 'cli';
type Step = CodeBlock | Extract<Block, { kind: 'checkpoint' }>;

const open = (entry: (typeof course.modules)[number]['lessons'][number], target: TargetValues) =>
  openLesson(entry, { dir: content, checks, target, mark: () => 'open' });

/** What a learner who keeps to one way does, in reading order. */
function* stepsOf(blocks: readonly Block[], way: Way): Generator<Step> {
  for (const block of blocks) {
    if (block.kind === 'code') yield block;
    else if (block.kind === 'checkpoint') {
      yield* stepsOf(block.children, way);
      yield block;
    } else if (block.kind === 'tabs') yield* stepsOf(block.tabs.find((tab) => tab.way === way)?.children ?? [], way);
    else if (block.kind === 'steps') for (const { children } of block.steps) yield* stepsOf(children, way);
    else if (block.kind === 'list') for (const item of block.items) yield* stepsOf(item, way);
    else if (block.kind === 'callout' || block.kind === 'hint' || block.kind === 'quote')
      yield* stepsOf(block.children, way);
  }
}

interface Ran {
  code: number;
  output: string;
}

const HOST = `
import { main } from ${JSON.stringify(new URL('../../dist/main.js', import.meta.url).href)};
process.on('message', async (argv) => {
  let output = '';
  const keep = (text, encoding, done) => {
    output += text;
    (typeof encoding === 'function' ? encoding : done)?.();
    return true;
  };
  process.stdout.write = keep;
  process.stderr.write = keep;
  process.exitCode = 0;
  await main(argv);
  process.send({ code: process.exitCode ?? 0, output });
});
`;

/** A learner's laptop: a folder, a presso, perhaps an AWS CLI. Starting Node a hundred times is what would take the time, so one process runs all. */
class Laptop {
  readonly home = mkdtempSync(path.join(tmpdir(), 'presso-course-'));
  readonly folder = path.join(this.home, 'work');
  #host: ChildProcess;
  #env: NodeJS.ProcessEnv;
  readonly aws: string | undefined;

  constructor(aws?: string) {
    this.aws = aws;
    mkdirSync(this.folder);
    mkdirSync(path.join(this.home, 'bin'));
    if (aws) symlinkSync(aws, path.join(this.home, 'bin', 'aws'));
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(AWS_|PRESSO_|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|VITEST|DEBUG$)/.test(name),
    );
    this.#env = { ...Object.fromEntries(kept), PRESSO_HOME: this.home };
    const host = path.join(this.home, 'host.mjs');
    writeFileSync(host, HOST);
    this.#host = fork(host, [], { cwd: this.folder, env: this.#env, execArgv: [], stdio: 'ignore' });
    this.#env['PATH'] = `${path.join(this.home, 'bin')}:${process.env['PATH'] ?? ''}`;
  }

  presso(argv: string[]): Promise<Ran> {
    return new Promise((done, fail) => {
      const ended = (): void => fail(new Error(`presso ${argv.join(' ')} ended the process.`));
      this.#host.once('exit', ended);
      this.#host.once('message', (ran: Ran) => {
        this.#host.off('exit', ended);
        done(ran);
      });
      this.#host.send(argv);
    });
  }

  async takeEnvironment(): Promise<void> {
    const { output } = await this.presso(['env', '--json']);
    const said = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as Record<string, unknown>;
    const values = (said['set'] ?? said['variables'] ?? said) as Record<string, unknown>;
    for (const [name, value] of Object.entries(values)) if (typeof value === 'string') this.#env[name] = value;
  }

  shell(command: string): Promise<Ran> {
    return new Promise((done) => {
      execFile('/bin/sh', ['-c', command], { cwd: this.folder, env: this.#env }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) || 1 : 0, output: stdout + stderr }),
      );
    });
  }

  async close(): Promise<void> {
    this.#host.kill();
    await stopSandbox(path.join(this.home, 'sandbox'));
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** The words of a command line, as a shell takes them apart; command blocks of presso use no more of a shell than quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, double: string | undefined, single: string | undefined) =>
      double === undefined ? (single ?? '') : double.replace(/\\(["\\$`])/g, '$1'),
    ),
  );
}

const linesOf = (text: string): string[] =>
  text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** What only looks may be asked again: on AWS as here, a result may be a moment late. */
const LOOKS =
  /^(presso (verify|status|menu|shop status|order show|workflow (show|graph)|events tail)|aws \S+ (get|list|describe|query|scan)\b)/;

const PRESSO_LOOKS = /^presso (verify|menu|status|shop status|order show|workflow|events (tail|send .*--dry-run))/;

async function runBlock(laptop: Laptop, block: CodeBlock, where: string): Promise<void> {
  const { expect: wanted = [], fails = false, saves } = block.command ?? {};
  const lines = linesOf(block.text);
  const until = Date.now() + (lines.every((line) => LOOKS.test(line)) ? 10_000 : 0);
  for (;;) {
    let output = '';
    let last: Ran = { code: 0, output: '' };
    for (const line of lines) {
      expect(last, `${where}: ${line}`).toMatchObject({ code: 0 });
      expect(line, `${where}: a command of presso or of the AWS CLI`).toMatch(/^(presso|aws) /);
      last = line.startsWith('presso ') ? await laptop.presso(words(line).slice(1)) : await laptop.shell(line);
      output += last.output;
    }
    const missing = wanted.filter((text) => !output.includes(text));
    if (missing.length === 0 && (last.code !== 0) === fails) {
      if (saves) writeFileSync(path.join(laptop.folder, saves), last.output);
      return;
    }
    if (Date.now() > until)
      throw new Error(
        `${where}:\n${block.text}\nended with ${last.code}${fails ? ', though it should fail' : ''}${missing.map((text) => `\nand did not say ${JSON.stringify(text)}`).join('')}:\n${output}`,
      );
    await new Promise((again) => setTimeout(again, 200));
  }
}

interface Definition {
  StartAt: string;
  States: Record<string, { Type?: string }>;
}

const definitionOf = (laptop: Laptop): Definition =>
  JSON.parse(readFileSync(path.join(laptop.folder, WORKFLOW_FILE), 'utf8')) as Definition;
const keep = (laptop: Laptop, definition: Definition): void =>
  writeFileSync(path.join(laptop.folder, WORKFLOW_FILE), JSON.stringify(definition, null, 2));

/** Puts a piece into the learner's definition where a person would. */
function paste(laptop: Laptop, block: CodeBlock): void {
  const definition = definitionOf(laptop);
  for (const [key, value] of Object.entries(JSON.parse(`{${block.text}}`) as Record<string, unknown>))
    if (typeof value === 'object' && value !== null && 'Type' in value)
      definition.States[key] = value as Definition['States'][string];
    else (definition as unknown as Record<string, unknown>)[key] = value;
  keep(laptop, definition);
}

/** The lesson says which placeholder to delete: the one that nobody leads to any more. */
function deletePlaceholders(laptop: Laptop): void {
  const definition = definitionOf(laptop);
  const text = JSON.stringify([definition.StartAt, definition.States]);
  // `t":"…` is the end of both Next and Default.
  for (const [name, { Type }] of Object.entries(definition.States))
    if (Type === 'Pass' && !text.startsWith(`["${name}"`) && !text.includes(`t":"${name}"`))
      delete definition.States[name];
  keep(laptop, definition);
}

/** A whole definition in a lesson is what the learner has by then. */
function compare(laptop: Laptop, block: CodeBlock, where: string): void {
  const { Comment: _, ...shown } = JSON.parse(block.text) as Definition & { Comment?: string };
  const { Comment: __, ...has } = definitionOf(laptop) as Definition & { Comment?: string };
  expect(has, `${where}: the definition as the lessons built it`).toEqual(shown);
}

/** What verify says of the module of these checks. */
async function statuses(laptop: Laptop, ids: string[]): Promise<Map<string, string>> {
  const module = ids[0]?.split('.')[0] ?? '';
  const { output } = await laptop.presso(['verify', module, '--json']);
  if (!output.includes('"modules"')) throw new Error(`presso verify ${module} says nothing of it:\n${output}`);
  const { modules } = JSON.parse(output.slice(output.search(/\{\s*"target"/), output.lastIndexOf('}') + 1)) as {
    modules: { checks: { id: string; status: string }[] }[];
  };
  return new Map(modules.flatMap((one) => one.checks).map(({ id, status }) => [id, status]));
}

/** What is still missing once nothing is, or after a while: sums and metrics are a moment late. */
async function eventually(look: () => Promise<string[]>): Promise<string[]> {
  for (const until = Date.now() + 10_000; ; ) {
    const missing = await look();
    if (missing.length === 0 || Date.now() > until) return missing;
    await new Promise((again) => setTimeout(again, 300));
  }
}

/** Lessons in which the learner builds what their checkpoint asks for. */
const BUILT = /^(module-1\/|module-2\/(?!test-the-routing)|module-3\/who|module-4\/orders-through-a-queue)/;

const SHARED = /^(module-3\/(?!how|who|what)|cleanup\/)/;
/** Each call of the AWS CLI starts Python: in the suite the learner goes as far as module 1 with it, in the soak to the end. */
const LATER = process.env['PRESSO_COURSE'] === 'whole' ? undefined : /^module-[234]\//;

async function walkCourse(laptop: Laptop, way: Way): Promise<void> {
  // Where the sandbox is, is known after the lesson that starts it.
  let target = targetValues({ kind: 'sandbox' });
  for (const entry of lessonsFor(course, 'sandbox')) {
    const steps = [...stepsOf(open(entry, target).blocks, way)];
    // The same on both ways, and nothing later needs it: once is enough.
    if (way === 'cli' && (SHARED.test(entry.id) || LATER?.test(entry.id))) continue;
    const ids = steps.flatMap((step) => (step.kind === 'checkpoint' ? step.checks.map(({ id }) => id) : []));
    if (way === 'presso' && BUILT.test(entry.id) && ids.length > 0) {
      const before = await statuses(laptop, ids);
      expect(
        ids.filter((id) => before.get(id) !== 'pass'),
        `${entry.id}: its checkpoint passes before the lesson was done`,
      ).not.toEqual([]);
    }
    for (const step of steps) {
      if (step.kind === 'checkpoint') {
        const wanted = step.checks.map(({ id }) => id);
        const open = await eventually(async () => {
          const now = await statuses(laptop, wanted);
          // What cannot be judged yet may wait, if a later lesson asks for it again.
          return wanted.filter((id) => now.get(id) !== 'pass' && !(now.get(id) === 'waiting' && later(entry.id, id)));
        });
        expect(open, `${entry.id}: checks that should pass at its checkpoint`).toEqual([]);
        continue;
      }
      if (step.file) writeFileSync(path.join(laptop.folder, step.file), step.text);
      else if (step.title === WORKFLOW_FILE) paste(laptop, step);
      else if (step.origin !== undefined && !step.fragment && !/rule|·/.test(step.origin))
        compare(laptop, step, entry.id);
      // A look through presso at what the AWS CLI made is the checkpoint's, and was tried on the other way.
      if (step.command && !(way === 'cli' && linesOf(step.text).every((line) => PRESSO_LOOKS.test(line)))) {
        if (step.text.includes(WORKFLOW_FILE)) deletePlaceholders(laptop);
        await runBlock(laptop, step, entry.id);
        if (/^presso setup --sandbox/.test(step.text)) {
          await laptop.takeEnvironment();
          target = await whereItIs(laptop);
          // The rest of this lesson names the endpoint, which is known only now.
          steps.splice(0, steps.length, ...stepsOf(open(entry, target).blocks, way));
        }
      }
    }
  }
}

/** Whether a lesson after this one names the check, too. */
function later(lesson: string, check: string): boolean {
  const entries = lessonsFor(course, 'sandbox');
  return entries
    .slice(entries.findIndex(({ id }) => id === lesson) + 1)
    .some(({ file }) => readFileSync(file, 'utf8').includes(`"${check}"`));
}

async function whereItIs(laptop: Laptop): Promise<TargetValues> {
  const { output } = await laptop.presso(['sandbox', 'status', '--json']);
  const endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
  return targetValues({ kind: 'sandbox', account: '000000000000', region: 'us-east-1', endpoint });
}

const laptops: Laptop[] = [];
afterAll(async () => {
  for (const laptop of laptops) await laptop.close();
});

async function awsCli(): Promise<string | undefined> {
  for (const name of ['aws', '/usr/bin/aws', '/usr/local/bin/aws']) {
    const version = await new Promise<string>((done) => {
      execFile(name, ['--version'], (error, stdout) => done(error ? '' : stdout));
    });
    if (!/^aws-cli\/([2-9]|\d\d)\./.test(version)) continue;
    if (name.startsWith('/')) return name;
    return new Promise((done) => {
      execFile('/bin/sh', ['-c', 'command -v aws'], (_, stdout) => done(stdout.trim()));
    });
  }
  return undefined;
}

test.each(['sandbox', 'self-hosted', 'aws-hosted'])('every lesson can be opened by a learner on %s', (kind) => {
  const target = targetValues({ kind, account: '123456789012', region: 'eu-west-1' });
  for (const entry of lessonsFor(course, kind)) {
    const { blocks } = open(entry, target);
    const missing = [...walk(blocks)].filter((block) => block.kind === 'missing');
    expect(missing, entry.id).toEqual([]);
    expect(
      blocks.flatMap((block) => (block.kind === 'heading' && block.level === 2 ? [block.id] : [])),
      `${entry.id}: what one will do, and a recap`,
    ).toEqual(expect.arrayContaining([expect.stringMatching(/^what-you-/), 'recap']));
  }
});

test('the page on the modules says how long each takes', () => {
  const minutes = new Map<string, number>();
  for (const { module, minutes: own } of lessonsFor(course, 'self-hosted'))
    minutes.set(module, (minutes.get(module) ?? 0) + own);
  const text = readFileSync(path.join(content, 'introduction', '04-the-modules.md'), 'utf8');
  const said = [...text.matchAll(/^\| \[[^\]]+\]\(\/([\w-]+)\/.*\| (\d+) minutes \|$/gm)];
  expect(said.length).toBeGreaterThan(4);
  for (const [, module = '', about] of said) {
    // Of setup's three ways a learner goes one.
    const sum = module === 'setup' ? 25 : (minutes.get(module) ?? 0);
    expect(Math.abs(Number(about) - sum), `${module}: ${sum} minutes`).toBeLessThanOrEqual(Math.max(5, sum * 0.2));
  }
});

test('each check is named by a checkpoint of its lesson', () => {
  const target = targetValues({ kind: 'sandbox' });
  const lessons = new Map(lessonsFor(course, 'sandbox').map((entry) => [entry.id, entry]));
  for (const module of checkModules(checks))
    for (const check of readChecks(checks, module)) {
      const [id = ''] = check.lesson.split('#');
      const entry = lessons.get(id);
      expect(entry, `the lesson of ${check.id}, ${id}`).toBeDefined();
      const named = entry
        ? [...walk(open(entry, target).blocks)].flatMap((block) =>
            block.kind === 'checkpoint' ? block.checks.map((one) => one.id) : [],
          )
        : [];
      expect(named, `checkpoints of ${id}`).toContain(check.id);
    }
});

test('a learner with an editor and presso gets through the course', { timeout: 300_000 }, async () => {
  const laptop = new Laptop();
  laptops.push(laptop);
  await walkCourse(laptop, 'presso');
});

test('a learner with the AWS CLI gets through the course', { timeout: 300_000 }, async (context) => {
  const aws = await awsCli();
  if (!aws) context.skip('there is no AWS CLI from version 2 on');
  const laptop = new Laptop(aws);
  laptops.push(laptop);
  await walkCourse(laptop, 'cli');
});
