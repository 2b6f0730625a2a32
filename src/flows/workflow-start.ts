/** `presso workflow start`: one execution by hand, with an order as the validator would send it, told until it waits or ends. */
import { readFileSync } from 'node:fs';
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { listRules } from '../aws/events.ts';
import { startExecution } from '../aws/states.ts';
import { EXIT, PressoError } from '../errors.ts';
import { judgeRules, meantType } from '../events/index.ts';
import { type Order, readOrder } from '../order/index.ts';
import { nextFor } from '../report/order.ts';
import { stepLine } from '../report/workflow.ts';
import { confirm, onInterrupt, paint, say, sayJson } from '../terminal.ts';
import { cut, line, nearest } from '../text.ts';
import { followExecution, type RunStep, theWorkflow } from '../workflow/index.ts';
import { BUS_NAME, EVENTS, FUNCTION_PARTS, sampleEvent } from '../workshop.ts';
import { realTime } from './order.ts';

export interface StartWish {
  /** A file with JSON, or `-` for standard input. */
  input?: string | undefined;
  /** detail-type of the workshop's sample that is the input; the validator's new order without it. */
  event?: string | undefined;
  /** Name or ARN of the workflow. */
  name?: string | undefined;
  /** Name of the execution; Step Functions makes one up without it. */
  execution?: string | undefined;
  follow: boolean;
  yes: boolean;
  json: boolean;
  sandbox: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

type Ended = Extract<RunStep, { kind: 'ended' }>;
type Waits = Extract<RunStep, { kind: 'waits' }>;

export async function start(connection: Connection, wish: StartWish): Promise<void> {
  const { json, execution } = wish;
  // What cannot be sent is refused before anything is asked or looked up.
  if (execution !== undefined && !/^[\w-]{1,80}$/.test(execution))
    throw new PressoError('usage', `"${execution}" cannot be the name of an execution.`, {
      hint: 'presso workflow start --execution my-first   (letters, digits, - and _, at most 80)',
    });
  const given = wish.input === undefined ? undefined : readInput(wish.input);
  const type = eventType(wish.event);
  const machine = await theWorkflow(connection, wish.name);
  if (machine.type === 'EXPRESS')
    throw new PressoError(
      'express',
      `${line(machine.name)} is EXPRESS: it cannot wait, and keeps no history to follow.`,
      {
        hint: 'presso solve module-1   (makes it anew as STANDARD)',
      },
    );
  const input = given ?? newOrder(type, { account: (await whoAmI(connection)).account, region: connection.region });
  const detail = (input as { detail?: { orderId?: unknown } })['detail'];
  const orderId = typeof detail?.orderId === 'string' ? detail.orderId : undefined;
  if (!json)
    say(`${line(machine.name)} gets ${given ? line(wish.input ?? '') : type}: ${JSON.stringify(detail ?? input)}`);
  if ((await confirm('Start it?', { yes: wish.yes, command: wish.command })) === 'no') {
    say('Nothing was started.');
    return;
  }
  const arn = await startExecution(connection, machine.arn, JSON.stringify(input), execution).catch(taken(execution));
  if (!json) say(arn);
  if (!wish.follow) {
    if (json) sayJson({ execution: arn, orderId, status: 'RUNNING' });
    else say(`  ${paint().dim('Next:')} presso workflow show`);
    return;
  }
  const states: string[] = [];
  const stop = new AbortController();
  const over = onInterrupt(() => stop.abort());
  let last: Ended | Waits | undefined;
  try {
    for await (const step of followExecution(connection, arn, machine.definition, realTime, stop.signal)) {
      if (step.kind === 'entered') states.push(step.state);
      else last = step;
      if (!json) say(stepLine(step));
    }
  } finally {
    over();
  }
  if (!last)
    throw new PressoError('interrupted', 'No longer followed; the execution goes on.', {
      hint: 'presso workflow show',
      exit: EXIT.interrupted,
    });
  const said = last.kind === 'waits' ? await nextStep(connection, last, orderId, wish.sandbox) : afterEnd(last);
  if (json) {
    const { kind: _, ...rest } = last;
    sayJson({
      execution: arn,
      orderId,
      states,
      ...(last.kind === 'waits' ? { status: 'RUNNING', waits: rest } : rest),
      next: said.next,
    });
  } else {
    if (said.sentence !== '') say(`  ${said.sentence}`);
    say(`  ${paint().dim('Next:')} ${said.next}`);
  }
  if (last.kind === 'ended' && last.status !== 'SUCCEEDED')
    throw new PressoError('quiet', `It ended as ${last.status}.`, { hint: said.next, exit: EXIT.no });
}

function eventType(said: string | undefined): string {
  const type = said ?? EVENTS.newOrder;
  if ((Object.values(EVENTS) as string[]).includes(type)) return type;
  const bare = nearest(
    type.replace(/^.*\./, ''),
    Object.values(EVENTS).map((one) => one.replace(/^.*\./, '')),
  );
  const meant = meantType(type) ?? Object.values(EVENTS).find((one) => one.endsWith(`.${bare}`));
  throw new PressoError('no-event', `"${type}" is no event of the workshop.`, {
    hint: `presso workflow start --event ${meant ?? EVENTS.newOrder}`,
  });
}

/** The sample of the workshop as an order of its own, so that two in a row are not the same one. */
function newOrder(type: string, where: { account: string; region: string }): Record<string, unknown> {
  const event = sampleEvent(type, where);
  const detail = event['detail'] as Record<string, unknown>;
  return {
    ...event,
    id: realTime.id(),
    time: new Date(realTime.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    detail: 'orderId' in detail ? { ...detail, orderId: realTime.id() } : detail,
  };
}

function readInput(file: string): Record<string, unknown> {
  const hint = 'presso workflow start   (with an order of the workshop; or --input FILE)';
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new PressoError('no-file', `The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint,
    });
  }
  // StartExecution, API Reference: at most 262,144 bytes in UTF-8.
  if (Buffer.byteLength(text) > 262_144)
    throw new PressoError('too-large', `${file} has more than the 262,144 bytes that an execution takes.`, { hint });
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new PressoError('bad-json', `${file} is not JSON: ${line((error as Error).message)}.`, { hint });
  }
  throw new PressoError('bad-json', `The input of the workflow is a JSON object; ${file} holds something else.`, {
    hint,
  });
}

const taken =
  (execution: string | undefined) =>
  (error: unknown): never => {
    if (execution !== undefined && (error as Error).name === 'ExecutionAlreadyExists')
      throw new PressoError('name-taken', `An execution called ${execution} is there already, with another input.`, {
        hint: `presso workflow start --execution ${execution}-2`,
        exit: EXIT.no,
      });
    throw error;
  };

/** Who is waited for, and what a learner types to go on. */
async function nextStep(
  connection: Connection,
  { state, forToken, event, limit }: Waits,
  orderId: string | undefined,
  sandbox: boolean,
): Promise<{ sentence: string; next: string }> {
  const seconds = /^(\d+) s$/.exec(limit ?? '')?.[1];
  const later = sandbox
    ? `presso sandbox clock advance ${seconds ? `${Math.ceil(Number(seconds) / 60)}m` : '15m'}   (lets its time run out)`
    : `presso workflow show   (its time runs out after ${limit ?? 'a year'})`;
  if (!forToken || event === undefined) return { sentence: '', next: later };
  const rules = judgeRules(
    await listRules(connection, BUS_NAME),
    sampleEvent(event, { account: '', region: connection.region }),
  ).filter(({ matches, disabled, targets }) => matches && !disabled && targets.some((one) => isKeeper(one, event)));
  if (rules.length === 0)
    return { sentence: `No rule carries ${event} to anybody yet, so nobody will return the token.`, next: later };
  const order = orderId === undefined ? undefined : await orderThatWaits(connection, orderId, event);
  if (!order)
    return {
      sentence: `The rule ${rules.map(({ rule }) => line(rule)).join(', ')} takes ${event}, but the order with its token has not come to the order table.`,
      next: 'presso verify module-2',
    };
  return {
    sentence: `Its token lies in the order table; ${line(state)} goes on when somebody returns it.`,
    next: nextFor(order),
  };
}

/** Whether a target is the function that keeps the token of this event; others only listen. */
const isKeeper = (target: string, event: string): boolean =>
  target.includes(event === EVENTS.workflowStarted ? FUNCTION_PARTS.workflowStarted : FUNCTION_PARTS.waitingCompletion);

/** The order once the function behind the rule has written it; a moment is given to it. */
async function orderThatWaits(connection: Connection, orderId: string, event: string): Promise<Order | undefined> {
  for (let tries = 0; tries < 30; tries++) {
    const order = await readOrder(connection, orderId);
    if (order?.waits && (event !== EVENTS.processorWaiting || order.number !== undefined)) return order;
    await realTime.sleep(300);
  }
  return undefined;
}

function afterEnd({ status, state, error, cause }: Ended): { sentence: string; next: string } {
  const why = line(cause ?? '');
  if (status === 'SUCCEEDED') return { sentence: '', next: 'presso workflow graph   (the way it took)' };
  return {
    sentence: `It failed in ${line(state)}${error ? `: ${line(error)}` : ''}${why ? `. ${cut(why, 400)}` : ''}`,
    next: 'presso verify module-1   (says which part of the definition it is)',
  };
}
