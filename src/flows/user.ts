/** `presso user add`: what is missing for somebody to sign in, asked about, made; the password is shown once. */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { PressoError } from '../errors.ts';
import { stepLine } from '../report/solve.ts';
import { applySteps } from '../solve/apply.ts';
import type { Wanted } from '../solve/build.ts';
import { planBuild, type SolveStep } from '../solve/difference.ts';
import { observeBuild } from '../solve/observe.ts';
import { makePassword } from '../solve/password.ts';
import { confirm, paint, say, sayJson } from '../terminal.ts';
import { line } from '../text.ts';
import { ADMIN_GROUP } from '../workshop.ts';

export interface UserWish {
  mail: string;
  customer: boolean;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
}

/** Who gets a password in these steps, and which: nobody but the person at the terminal is told. */
export const newSignIns = (steps: SolveStep[]): { user: string; password: string }[] =>
  steps.flatMap((step) =>
    step.do === 'create-user' || step.do === 'set-password' ? [{ user: step.name, password: makePassword() }] : [],
  );

export const signInLine = ({ user, password }: { user: string; password: string }): string =>
  `  ${line(user)} signs in with the password ${password}   (shown once)`;

export async function addUser(connection: Connection, wish: UserWish): Promise<void> {
  const { mail, json } = wish;
  const command = `presso user add ${line(mail)}${wish.customer ? ' --customer' : ''}`;
  if (!/^[^\s\p{C}@"'\\]+@[^\s\p{C}@"'\\]+$/u.test(mail) || mail.length > 128)
    throw new PressoError('not-a-mail', `"${line(mail.slice(0, 60))}" is not a mail address.`, {
      hint: 'presso user add ann@example.com',
    });
  const user: Wanted = {
    kind: 'user',
    name: mail,
    groups: wish.customer ? [] : [ADMIN_GROUP],
    status: 'CONFIRMED',
    enabled: true,
  };
  const { account } = await whoAmI(connection);
  const { steps } = planBuild([user], await observeBuild(connection, account, [user]));
  if (json && (wish.dryRun || steps.length === 0)) return sayJson({ user: mail, steps, applied: false });
  const next = `  ${paint().dim('Next:')} presso verify module-3`;
  if (!json) {
    if (steps.length === 0) return say(`${line(mail)} can sign in already; nothing was changed.\n${next}`);
    for (const step of steps) say(`  ${stepLine(step)}`);
    if (wish.dryRun) return say(`Nothing was changed.\n  ${paint().dim('Next:')} ${command}`);
  }
  if ((await confirm(`Let ${line(mail)} sign in?`, { yes: wish.yes, command })) === 'no')
    return say('Nothing was changed.');
  const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  const signIn = newSignIns(steps);
  const password = (name: string): string => signIn.find((one) => one.user === name)?.password ?? makePassword();
  for await (const _ of applySteps(connection, steps, { pause, password }));
  if (json) return sayJson({ user: mail, steps, applied: true, signIn });
  for (const one of signIn) say(signInLine(one));
  say(`${paint().green('✓')} ${line(mail)} can sign in${wish.customer ? '' : ', and may serve'}.\n${next}`);
}
