/** What the reader does for a learner outside its screen: open a link, run a block of commands, run checks. */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import path from 'node:path';
import type { Connection } from '../aws/connection.ts';
import { PressoError } from '../errors.ts';
import { recordChecks } from '../lesson/index.ts';
import { packageRoot } from '../paths.ts';
import { paint } from '../terminal.ts';
import type { CourseFlags, Desk } from './lesson.ts';

export function openInBrowser(href: string): void {
  if (!/^https?:\/\//i.test(href) || !URL.canParse(href)) return;
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', href]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', href]
        : ['xdg-open', href];
  const child = spawn(program as string, args, { stdio: 'ignore', detached: true });
  // Without such a program the address stays in the status line.
  child.on('error', () => {});
  child.unref();
}

/** Runs a block in the learner's folder and shell; its output stays on the ordinary screen until a key is pressed. */
export async function runBlock(text: string, desk: Desk): Promise<string> {
  const env = { ...process.env };
  if (desk.place.kind === 'sandbox')
    Object.assign(env, {
      AWS_ACCESS_KEY_ID: desk.target.account,
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_REGION: desk.target.region,
      AWS_ENDPOINT_URL: desk.target.endpoint,
      AWS_PAGER: '',
    });
  process.stdout.write(`${paint().dim(`$ ${text.replaceAll('\n', '\n$ ')}`)}\n`);
  // The program that is run gets Ctrl-C; the reader must outlive it.
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  const code = await new Promise<number>((resolve) => {
    const child = spawn(`${thisPresso()}${text}`, { shell: true, stdio: 'inherit', env });
    child.once('error', () => resolve(127));
    child.once('close', (status) => resolve(status ?? 130));
  });
  process.off('SIGINT', ignore);
  process.stdin.setRawMode(true);
  forgetTypedAhead();
  process.stdout.write(`${paint().dim(`── ended with ${code} · any key: back to the lesson `)}`);
  process.stdin.resume();
  await new Promise<void>((resolve) => process.stdin.once('data', () => resolve()));
  process.stdout.write('\n');
  return code === 0 ? 'The commands ran.' : `The last command ended with ${code}.`;
}

/** `presso` in a block is the one that shows it, installed or not. */
function thisPresso(): string {
  if (process.platform === 'win32') return '';
  const quoted = [process.execPath, path.join(packageRoot(), 'bin', 'run.js')]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ');
  return `presso() { ${quoted} "$@"; }\n`;
}

/**
 * Keys that were pressed while a command ran are still in the terminal's hands; taken for the key that is asked for, they
 * would take the output away before it was read (a slow `aws` that fails was seen to "not wait").
 */
function forgetTypedAhead(): void {
  let tty: number;
  try {
    tty = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return;
  }
  try {
    while (readSync(tty, Buffer.alloc(1_024)) > 0);
  } catch {
    // EAGAIN: nothing is left.
  } finally {
    closeSync(tty);
  }
}

/** Runs some checks and those that they need; what is wrong is said below each. */
export async function judge(
  ids: string[],
  desk: Desk,
  flags: CourseFlags,
  connection: () => Promise<Connection>,
): Promise<{ results: Map<string, string[]>; message: string }> {
  const [{ explainAwsError }, { factsOf, KINDS, readChecklists, verify }, { MODULES }] = await Promise.all([
    import('../aws/failure.ts'),
    import('../verify/index.ts'),
    import('../workshop.ts'),
  ]);
  const lists = readChecklists(flags.checks ?? desk.checks, MODULES, KINDS);
  const all = new Map(lists.flatMap(({ checks }) => checks.map((check) => [check.id, check] as const)));
  const wanted = new Set<string>();
  const need = (id: string): void => {
    const check = all.get(id);
    if (!check || wanted.has(id)) return;
    wanted.add(id);
    for (const one of check.needs) need(one);
  };
  for (const id of ids) need(id);
  const facts = factsOf(await connection());
  const account = await facts.account();
  const chosen = lists.map((list) => ({ ...list, checks: list.checks.filter(({ id }) => wanted.has(id)) }));
  const results = new Map<string, string[]>();
  let passed = 0;
  const explain = (error: unknown): { found: string; hint: string } => {
    const told = explainAwsError(error, { sandbox: desk.place.kind === 'sandbox' });
    if (!(told instanceof PressoError)) throw told;
    return { found: told.message, hint: told.hint };
  };
  for await (const { checks } of verify(
    chosen.filter(({ checks: some }) => some.length > 0),
    facts,
    explain,
  )) {
    recordChecks(desk.home, { ...desk.place, account }, checks, new Date());
    for (const { id, status, expected, found, hint } of checks) {
      if (!ids.includes(id)) continue;
      if (status === 'pass') passed++;
      else
        results.set(id, [`expected: ${expected}`, `found: ${found}`, hint === '' ? '' : `→ ${hint}`].filter(Boolean));
    }
  }
  desk.place = { ...desk.place, account };
  return { results, message: passed === ids.length ? `✓ All ${ids.length} pass.` : `${passed} of ${ids.length} pass.` };
}
