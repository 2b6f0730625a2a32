/** What a test order showed, in words, and as a verdict. Pure. */
import { count, cut, duration, line } from '../../text.ts';
import type { Verdict } from '../types.ts';
import type { RunSeen, Stage, Stop, Walk } from './types.ts';

/** The `expect` of a check of kind live-order. */
export interface LiveExpected {
  path: 'served' | 'cancelled' | 'alone';
  /** Which lesson helps where an order stopped; the check's own where none is named. */
  lessons?: Partial<Record<Stage | 'denied', string>>;
}

export interface Words {
  found: string;
  hint?: string;
  /** Key of `lessons`. */
  lesson: Stage | 'denied';
  status: Verdict['status'];
}

const DENIED = /AccessDenied|not authorized|States\.Permissions/i;

export function judgeWalk({ lessons = {} }: LiveExpected, walk: Walk): Omit<Verdict, 'expected'> {
  const left = walk.left.length > 0 ? `; still there: ${walk.left.join(', ')}` : '';
  if (!walk.stop) {
    const how = walk.path === 'cancelled' ? 'was cancelled at the bar' : 'was served';
    const found = `the test order ${how} in ${duration(walk.tookMs)}${walk.number === undefined ? '' : `, as number ${walk.number}`}${left}`;
    // An order that is served and stays behind disturbs a shop: that must not look like a pass.
    return left === ''
      ? { status: 'pass', found }
      : { status: 'error', found, hint: 'Take away by hand what is still there.' };
  }
  const { found, hint, lesson, status } = stopWords(walk.stop);
  const page = lessons[lesson];
  return {
    status,
    found: `${found}${left}`,
    ...(hint === undefined ? {} : { hint }),
    ...(page === undefined ? {} : { lesson: page }),
  };
}

/** Why an order stopped: one sentence without its full stop, and what helps. */
export function stopWords(stop: Stop): Words {
  const words = (found: string, hint?: string, lesson: Words['lesson'] = stop.stage): Words => ({
    status: 'fail',
    found,
    lesson,
    ...(hint === undefined ? {} : { hint }),
  });
  if (stop.now) return { ...words(...NOW[stop.now]), status: 'waiting' };
  if (stop.runs !== undefined)
    return words(
      `one order started ${count(stop.runs, 'execution')} of the workflow`,
      'Two rules, or two targets, bring Validator.NewOrder to the workflow. Take away all but one.',
    );
  const { stage, run, answer, number } = stop;
  if (stage === 'place')
    return { ...words(`the validator refused: ${said(answer?.message)}`, 'presso verify setup'), status: 'error' };
  if (stage === 'start') return notStarted(stop, words);
  if (number)
    return words(
      `the order got the number ${line(number.got) || '""'}, and the counter stood at ${number.counter} before`,
      'Add 1 to IDvalue in the counting table and hand on what the update answers (ReturnValues UPDATED_NEW).',
    );
  if (stage === 'events')
    return words(`the order came to its end, but ${(stop.missing ?? []).join(', ')} never came into the log`);
  if (run && run.status !== 'RUNNING' && (run.status !== 'SUCCEEDED' || stage !== 'end'))
    return ended(stop, run, words);
  if (answer) return words(`${REFUSED[stage] ?? 'the shop refused'}: ${said(answer.message)}`);
  if (stage === 'end')
    return words(
      run?.status === 'RUNNING'
        ? `the order was handed over, but the workflow still runs${inState(run)}`
        : 'the order was handed over, but it is not closed in the order table',
    );
  return neverCame(stop, words);
}

type Say = (found: string, hint?: string, lesson?: Words['lesson']) => Words;

const NOW: Record<NonNullable<Stop['now']>, [string, string]> = {
  'no-workflow': [
    'there is no workflow, or not just one, that could take an order; nothing was placed',
    'presso verify module-1',
  ],
  express: [
    'the workflow is of type EXPRESS, which cannot wait for anybody; nothing was placed',
    'presso verify module-1   (it tells how to make it anew)',
  ],
  closed: [
    'the shop is closed, so an order would be turned away; nothing was placed',
    'presso shop open   (then the same command again)',
  ],
  full: [
    '20 orders are in progress, so one more would be turned away; nothing was placed',
    'presso order show   (serve or cancel some, then the same command again)',
  ],
  'no-drink': ['no drink on the menu can be ordered; nothing was placed', 'presso seed'],
  dry: [
    'the code of this moment has no orders left; nothing was placed',
    'wait for the next code, every 5 minutes   (sandbox: presso sandbox clock advance 5m)',
  ],
};

const REFUSED: Partial<Record<Stage, string>> = {
  drink: "the order manager refused the customer's drink",
  make: 'the order manager refused the barista who claims the order',
  complete: 'the order manager refused to complete the order',
  cancel: 'the order manager refused to cancel the order',
};

/** What the workflow should have been waiting for, or doing, in this stage. */
const MEANT: Partial<Record<Stage, string>> = {
  known: 'before the order was known to the order manager',
  drink: 'and did not wait for the customer',
  number: 'after the customer had ordered, before a barista could be told',
  make: 'and did not wait for the barista',
  complete: 'and did not wait for the barista',
  cancel: 'and did not wait for the barista',
  end: "after the barista's answer",
};

const EVENT_OF: Partial<Record<Stage, string>> = {
  known: 'OrderProcessor.WorkflowStarted',
  number: 'OrderProcessor.WaitingCompletion',
};

const said = (text: string | undefined): string => line(text ?? '').replace(/[.\s]+$/, '') || 'it does not say why';
const inState = ({ state }: RunSeen): string => (state === undefined ? '' : `, in the state "${line(state)}"`);
const within = ({ waitedMs }: Stop): string => (waitedMs === undefined ? '' : ` within ${duration(waitedMs)}`);

function notStarted(stop: Stop, words: Say): Words {
  const { rule, other } = stop;
  const sent = `no execution of the workflow started${within(stop)} after Validator.NewOrder was sent`;
  if (other !== undefined)
    return words(
      `${sent}: the workflow ${line(other)} was started instead`,
      'Give the rule your own workflow as target.',
    );
  return words(`${sent}${why(stop, 'start the workflow')}`, rule?.hint);
}

/** `: the rule NewOrder did not …, since …`, by what the routing shows. */
function why({ rule }: Stop, did: string): string {
  if (!rule) return '';
  return rule.status === 'pass'
    ? `; ${rule.found} ought to ${did}: has it been there for some seconds? (EventBridge takes a moment, its metric FailedInvocations counts what it could not deliver)`
    : `: ${rule.found}`;
}

function ended(stop: Stop, run: RunSeen, words: Say): Words {
  const { stage } = stop;
  const meant = MEANT[stage] ?? '';
  if (run.status === 'SUCCEEDED')
    return words(
      `the workflow came to its end${inState(run)} ${meant}`.trim(),
      stage === 'known' || stage === 'drink'
        ? 'The event OrderProcessor.WorkflowStarted must wait for its task token (putEvents with .waitForTaskToken).'
        : stage === 'end'
          ? undefined
          : 'The event OrderProcessor.WaitingCompletion must wait for its task token (putEvents with .waitForTaskToken).',
    );
  const reason = [run.error, run.cause].filter((text) => text !== undefined && text !== '').map((text) => said(text));
  const text = `the workflow ended as ${run.status}${inState(run)}, ${meant.replace(/^and did/, 'as it did')}: ${cut(reason.join(': ') || 'it does not say why', 400)}`;
  if (DENIED.test(reason.join(' ')))
    return words(
      text,
      "The workflow's role may not do this. Choose the role that was prepared: its name contains 01OrderProcessorRole.",
      'denied',
    );
  return words(text, `Look at the execution ${line(run.name)} of the workflow, at the state that failed.`);
}

function neverCame(stop: Stop, words: Say): Words {
  const { stage, run } = stop;
  if (stop.alone)
    return words(
      `the workflow gave out no task token for ${stage === 'known' ? 'the customer' : 'the barista'}${within(stop)}${run ? inState(run) : ''}`,
      `${EVENT_OF[stage]} must carry $$.Task.Token and wait for it (putEvents with .waitForTaskToken).`,
    );
  const event = EVENT_OF[stage];
  const what =
    stage === 'known' ? 'the order did not come into the order table' : 'the order got no number in the order table';
  if (!event) return words(`the order did not get any further${within(stop)}`);
  const where = run ? ` (the workflow is ${run.status}${inState(run)})` : '';
  return words(
    `${event} had no effect${within(stop)}: ${what}${where}${why(stop, 'bring it to its function')}`,
    stop.rule?.status === 'pass'
      ? 'Look into the log of that function: it may have failed. What it writes when Lambda tries it again goes with the next --live.'
      : stop.rule?.hint,
  );
}
