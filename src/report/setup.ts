/** A set-up in words: its plan, its progress, its end. Pure. */
import type { DeployEvent } from '../setup/deploy.ts';
import type { PlanStep, SetupPlan } from '../setup/plan.ts';
import { line } from '../text.ts';

const VERB: Record<PlanStep['action'], string> = {
  create: '+ create',
  update: '~ update',
  recreate: '± delete and create again',
  repair: '~ repair and update',
  wait: '… wait for',
  keep: '= keep',
  refuse: '✗ cannot use',
};

/** The plan as lines: what, why, and what it will cost in words. */
export function planLines(plan: SetupPlan): string[] {
  const widest = Math.max(...plan.steps.map(({ stack }) => stack.length), 0);
  const steps = plan.steps.map(({ stack, action, why, description }) => {
    const what = `  ${VERB[action].padEnd(9)} ${stack.padEnd(widest + 1)} ${description}`;
    return action === 'keep' || action === 'create' ? what : `${what}\n            because ${line(why)}`;
  });
  const costly = plan.steps.filter(({ action }) => action === 'create' || action === 'recreate');
  const cost =
    costly.length === 0
      ? []
      : [
          '',
          'What it costs on AWS while it stands (the sandbox costs nothing):',
          ...costly.map(({ stack, cost: words }) => `  ${stack.padEnd(widest + 1)} ${words}`),
        ];
  const trouble = plan.trouble.map(
    ({ severity, sentence, hint }) => `${severity === 'refused' ? '✗' : '!'} ${line(sentence)}\n  Next: ${hint}`,
  );
  return [...steps, ...cost, ...(trouble.length > 0 ? ['', ...trouble] : [])];
}

/** One event of a deployment as news of its stack. */
export function deployNews(event: DeployEvent): {
  id: string;
  state: 'started' | 'news' | 'done' | 'failed' | 'skipped';
  text?: string;
} {
  const id = event.stack;
  if (event.kind === 'resource') {
    const { logicalId, status, reason } = event.event;
    return {
      id,
      state: 'news',
      text: `${logicalId} ${status.toLowerCase().replaceAll('_', ' ')}${/FAILED/.test(status) && reason ? `: ${line(reason)}` : ''}`,
    };
  }
  if (event.kind === 'failed') return { id, state: 'failed', text: event.cause.sentence };
  if (event.kind === 'outputs') return { id, state: 'news' };
  if (event.kind === 'signed-out')
    return {
      id,
      state: 'news',
      text: 'the sign-in has expired: sign in again in another terminal (aws sso login), this goes on by itself',
    };
  const state = (
    {
      waiting: 'started',
      deleting: 'started',
      repairing: 'started',
      deploying: 'started',
      done: 'done',
      kept: 'done',
      skipped: 'skipped',
    } as const
  )[event.state];
  const text = {
    waiting: event.why,
    deleting: 'deleting what an earlier attempt left',
    repairing: event.why,
    deploying: undefined,
    done: undefined,
    kept: 'unchanged',
    skipped: event.why,
  }[event.state];
  return text === undefined ? { id, state } : { id, state, text };
}
