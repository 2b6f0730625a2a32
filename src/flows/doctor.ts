/** `presso doctor`: each thing presso needs, looked at by itself, with the next command where one is missing. */
import { execFile } from 'node:child_process';
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { explainAwsError } from '../aws/failure.ts';
import { EXIT, PressoError } from '../errors.ts';
import { templatesDir } from '../paths.ts';
import { readStacksFile, runtimeNotice } from '../setup/wanted.ts';
import type { Target } from '../target/index.ts';
import { paint, say, sayJson } from '../terminal.ts';
import { clean } from '../text.ts';

interface Finding {
  what: string;
  state: 'fine' | 'notice' | 'trouble';
  said: string;
  hint?: string;
}

export async function doctor(run: {
  target: () => Promise<Target>;
  connection: () => Promise<Connection>;
  json: boolean;
}): Promise<void> {
  const findings = [node(), runtime(new Date().toISOString()), await awsCli(), ...(await access(run))];
  const trouble = findings.filter(({ state }) => state === 'trouble');
  if (run.json) sayJson({ findings });
  else {
    const c = paint();
    const mark = { fine: c.green('✓'), notice: c.yellow('!'), trouble: c.red('✗') };
    for (const { what, state, said, hint } of findings)
      say(`${mark[state]} ${what.padEnd(12)} ${clean(said)}${hint ? `\n  ${c.dim('Next:')} ${hint}` : ''}`);
  }
  if (trouble.length > 0)
    throw new PressoError('quiet', 'Something stands in the way.', { hint: 'presso doctor', exit: EXIT.no });
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fine = major > 20 || (major === 20 && minor >= 20);
  return {
    what: 'Node.js',
    state: fine ? 'fine' : 'trouble',
    said: process.versions.node,
    ...(fine ? {} : { hint: 'install Node.js 20.20 or newer' }),
  };
}

function runtime(today: string): Finding {
  const file = readStacksFile(templatesDir());
  const notice = runtimeNotice(file, today);
  if (!notice) return { what: 'Runtime', state: 'fine', said: `${file.runtime} for the functions` };
  return {
    what: 'Runtime',
    state: notice.days < 0 ? 'trouble' : 'notice',
    said:
      notice.days < 0
        ? `AWS creates no functions with ${notice.runtime} since ${notice.blockCreate}.`
        : `AWS stops creating functions with ${notice.runtime} on ${notice.blockCreate}, in ${notice.days} days.`,
    hint: 'npm install --global presso@latest',
  };
}

async function awsCli(): Promise<Finding> {
  const text = await new Promise<string>((done) =>
    execFile('aws', ['--version'], { timeout: 10_000 }, (error, stdout) => done(error ? '' : stdout)),
  );
  const found = /aws-cli\/(\d+)\.(\d+)/.exec(text);
  if (!found)
    return { what: 'AWS CLI', state: 'notice', said: 'not found; presso does not need it, some lessons show it' };
  const [major, minor] = [Number(found[1]), Number(found[2])];
  const complaint =
    major < 2
      ? 'goes to AWS with some services whatever AWS_ENDPOINT_URL says; the lessons are written for version 2'
      : major === 2 && minor < 13
        ? 'ignores AWS_ENDPOINT_URL: pass --endpoint-url with every command'
        : '';
  return {
    what: 'AWS CLI',
    state: complaint ? 'notice' : 'fine',
    said: `${major}.${minor} ${complaint}`.trim(),
  };
}

async function access(run: {
  target: () => Promise<Target>;
  connection: () => Promise<Connection>;
}): Promise<Finding[]> {
  let target: Target | undefined;
  try {
    target = await run.target();
    const identity = await whoAmI(await run.connection());
    return [
      { what: 'Target', state: 'fine', said: target.kind },
      { what: 'Account', state: 'fine', said: `${identity.account}, Region ${target.region}, as ${identity.arn}` },
    ];
  } catch (error) {
    const known = explainAwsError(error, {
      sandbox: target?.kind === 'sandbox',
      endpoint: target?.endpoint,
      profile: target?.profile,
    });
    if (!(known instanceof PressoError)) throw known;
    return [{ what: target ? 'Account' : 'Target', state: 'trouble', said: known.message, hint: known.hint }];
  }
}
