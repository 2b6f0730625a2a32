/** `presso rule push`: read the file, show the difference, ask, apply. */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { busExists } from '../aws/events.ts';
import { PressoError } from '../errors.ts';
import { stepLine } from '../report/solve.ts';
import { applySteps } from '../solve/apply.ts';
import { planBuild } from '../solve/difference.ts';
import { observeBuild } from '../solve/observe.ts';
import { readRuleFile } from '../solve/rule-file.ts';
import { confirm, paint, say, sayJson, tell } from '../terminal.ts';
import { line } from '../text.ts';

export async function pushRule(
  connection: Connection,
  wish: { file: string; dryRun: boolean; yes: boolean; json: boolean; command: string },
): Promise<void> {
  const { file, json, command } = wish;
  const wanted = readRuleFile(file);
  const rule = wanted.find((one) => one.kind === 'rule');
  if (!rule) return;
  if (!(await busExists(connection, rule.bus)))
    throw new PressoError('no-bus', `There is no bus ${line(rule.bus)} here.`, { hint: 'presso setup' });
  const { account } = await whoAmI(connection);
  const plan = planBuild(wanted, await observeBuild(connection, account, wanted));
  // Another rule of the learner's is theirs to remove; it is only pointed out.
  const steps = plan.steps.filter((step) => step.do !== 'remove-rule');
  const doubled = plan.steps.flatMap((step) => (step.do === 'remove-rule' ? [step.rule.name] : []));
  if (json && (wish.dryRun || steps.length === 0)) return sayJson({ file, steps, doubled, applied: false });
  for (const name of doubled)
    tell(`! ${line(name)} brings the same events to the same target: everything would happen twice.`);
  if (!json) {
    if (steps.length === 0) return say(`${rule.name} is as ${file} says; nothing was changed.`);
    for (const step of steps) say(`  ${stepLine(step)}`);
    if (wish.dryRun) return say(`Nothing was changed.\n  ${paint().dim('Next:')} ${command}`);
  }
  if ((await confirm(`Write the rule ${rule.name}?`, { yes: wish.yes, command })) === 'no')
    return say('Nothing was changed.');
  const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  for await (const _ of applySteps(connection, steps, { pause }));
  if (json) return sayJson({ file, steps, doubled, applied: true });
  say(
    `${paint().green('✓')} Rule ${rule.name} on ${line(rule.bus)}.\n  ${paint().dim('Next:')} presso verify module-2`,
  );
}
