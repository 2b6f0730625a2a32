/** Judges what an order did against what the contract asks. State names never matter. Pure. */
import type { Json } from '../../asl/index.ts';
import { nearest } from '../../text.ts';
import { BUS_NAME, EVENT_SOURCE, EVENTS } from '../../workshop.ts';
import type { Verdict } from '../types.ts';
import { hintForFailure } from './reasons.ts';
import { ORDER, type Outcome } from './scenarios.ts';
import { arrives, type Emitted } from './shop.ts';

/** The `expect` of a check of kind workflow-behaviour. */
export interface BehaviourExpected {
  scenes: string[];
  /** Events of the workshop in this order, and no others of it. */
  emits?: string[];
  /** The first events only; what comes after them is another check's business. */
  begins?: string[];
  /** Events that must not be emitted. */
  never?: string[];
  /** It has looked at the config item, at its own executions. */
  reads?: ('config' | 'executions')[];
  /** It gets past that question without failing; what comes after may be unfinished. */
  passes?: 'config' | 'executions';
  /** The order must come to an end without an error. */
  ends?: 'well';
  /** The order number that the barista is told; `none`: no number may be used up. */
  number?: number | 'none';
  /** cause of OrderTimeOut */
  cause?: string;
  /** How long it may wait for the answer to this event, in seconds. */
  patience?: { event: string; from: number; to: number };
}

/** What each event must carry (workshop page "Events on the bus") and whether it waits for its token. */
const CONTRACT: Record<string, { carries: string[]; waits: boolean }> = {
  [EVENTS.workflowStarted]: { carries: ['TaskToken', 'orderId', 'userId'], waits: true },
  [EVENTS.processorWaiting]: { carries: ['TaskToken', 'orderId', 'orderNumber', 'userId'], waits: true },
  [EVENTS.shopUnavailable]: { carries: ['userId'], waits: false },
  [EVENTS.orderTimeOut]: { carries: ['orderId', 'userId', 'cause'], waits: false },
  [EVENTS.orderFinished]: { carries: ['orderId', 'userId'], waits: false },
};
const OF_THE_WORKSHOP: ReadonlySet<string> = new Set(Object.values(EVENTS));

/** The first thing that is wrong in the outcomes, in words; `error` where it may be the work of what nobody can see. */
export function judgeBehaviour(
  expected: BehaviourExpected,
  outcomes: Outcome[],
): Pick<Verdict, 'status' | 'found' | 'hint'> {
  for (const outcome of outcomes) {
    const fault = firstFault(expected, outcome);
    if (!fault) continue;
    const unseen = outcome.happenings.find((one) => one.kind === 'beyond');
    if (unseen?.kind === 'beyond') return cannotTell(unseen.what);
    return {
      status: 'fail',
      found: `${outcome.title}, ${fault.found}.`,
      ...(fault.hint ? { hint: fault.hint } : {}),
    };
  }
  return { status: 'pass', found: 'as expected' };
}

export const cannotTell = (what: string) => ({
  status: 'error' as const,
  found: `cannot be judged from the definition: what ${what} answers cannot be known from it`,
  hint: 'presso verify --live   (places a real test order)',
});

interface Fault {
  found: string;
  hint?: string;
}

function firstFault(expected: BehaviourExpected, outcome: Outcome): Fault | undefined {
  const events = outcome.happenings.filter((one) => one.kind === 'event');
  return (
    startsItself(expected, outcome) ??
    unread(expected, outcome) ??
    stopped(expected, outcome) ??
    wrongEvents(expected, outcome, events) ??
    badNumber(expected, outcome, events) ??
    badPatience(expected, events) ??
    badEnd(expected, outcome)
  );
}

function startsItself({ emits }: BehaviourExpected, { happenings }: Outcome): Fault | undefined {
  const self = happenings.find((one) => one.kind === 'self');
  return emits && self?.kind === 'self'
    ? {
        found: `the state "${self.state}" starts this workflow again, so this order never ends`,
        hint: 'Take that state out: the rule NewOrder starts the workflow, once an order.',
      }
    : undefined;
}

/** The order fails, or goes in circles, where it should have gone on. */
function stopped({ passes }: BehaviourExpected, outcome: Outcome): Fault | undefined {
  if (passes === undefined || outcome.status === 'SUCCEEDED') return undefined;
  const self = outcome.happenings.find((one) => one.kind === 'self');
  if (outcome.status === 'RUNNING' && !outcome.endless && !self) return undefined;
  const events = outcome.happenings.some(({ kind }) => kind === 'event');
  const listed = outcome.happenings.some((one) => one.kind === 'list');
  const refused = outcome.happenings.some((one) => one.kind === 'call' && /:listExecutions$/.test(one.resource));
  const past =
    passes === 'config'
      ? listed || events
      : events || (listed && !refused && outcome.stateType !== 'Choice' && !outcome.endless);
  if (past) return undefined;
  return self ? startsItself({ scenes: [], emits: [] }, outcome) : ending(outcome);
}

function unread({ reads = [] }: BehaviourExpected, outcome: Outcome): Fault | undefined {
  if (reads.includes('config') && !outcome.happenings.some(({ kind }) => kind === 'config-read'))
    return {
      found: `the order never reads the config item${howItEnds(outcome)}`,
      hint: 'Read the item {"PK": {"S": "config"}} of serverlesspresso-config-table with dynamodb:getItem.',
    };
  const lists = outcome.happenings.filter((one) => one.kind === 'list');
  if (!reads.includes('executions')) return undefined;
  if (lists.length === 0)
    return {
      found: `the order never lists the running executions${howItEnds(outcome)}`,
      hint: 'List the executions of your own workflow with the SDK integration sfn:listExecutions and StatusFilter RUNNING.',
    };
  const foreign = lists.find(({ own }) => !own);
  return foreign && listsOthers(foreign.arn);
}

function listsOthers(arn: string): Fault {
  const hint = 'Use $$.StateMachine.Id: it is the ARN of the workflow that runs.';
  if (/YOUR_|<|\$\{/.test(arn)) return { found: `the placeholder "${arn}" was left in ListExecutions`, hint };
  if (arn.startsWith('$'))
    return { found: `ListExecutions is given the text "${arn}"`, hint: howToReach('StateMachineArn', arn) };
  if (!arn.startsWith('arn:'))
    return { found: `ListExecutions is given ${arn ? `"${arn}", which is no ARN` : 'no ARN of a workflow'}`, hint };
  return { found: `it lists the executions of ${arn} and not its own`, hint };
}

function wrongEvents(expected: BehaviourExpected, outcome: Outcome, events: Emitted[]): Fault | undefined {
  for (const type of expected.never ?? []) {
    const wrong = events.find(({ detailType }) => detailType === type);
    // Who has listed the executions has let the order past the first question: another check asks about the second.
    if (wrong && expected.passes === 'config' && listedBefore(outcome, wrong)) continue;
    if (wrong) return { found: `the state "${wrong.state}" emits ${type}`, hint: turnedRound(type, outcome) };
  }
  const wanted = expected.emits ?? expected.begins;
  if (!wanted) return undefined;
  const seen = withoutRepeats(events.filter((event) => OF_THE_WORKSHOP.has(event.detailType) && arrives(event)));
  for (const [i, type] of wanted.entries()) {
    const event = seen[i];
    if (event?.detailType !== type) return missing(type, event, events, outcome);
    const fault =
      faultOf(event, expected) ?? tooEarly(wanted[i - 1], event, outcome) ?? tooLate(wanted[i - 1], event, outcome);
    if (fault) return fault;
  }
  const extra = expected.emits ? seen[wanted.length] : undefined;
  if (expected.emits && outcome.endless) return ending(outcome);
  if (extra)
    return {
      found: `the state "${extra.state}" then emits ${extra.detailType}, which does not belong here`,
      hint: 'Look at where the states before it lead.',
    };
  return undefined;
}

const listedBefore = ({ happenings }: Outcome, event: Emitted): boolean =>
  happenings.slice(0, happenings.indexOf(event)).some(({ kind }) => kind === 'list');

/** A state that waits and is tried again emits its event again: the order is told anew, with a token that counts. */
const withoutRepeats = (events: Emitted[]): Emitted[] =>
  events.filter((event, i) => {
    const before = events[i - 1];
    return !(before?.waits && before.state === event.state && before.detailType === event.detailType);
  });

/** Goes on although nobody has answered the event before. */
function tooEarly(before: string | undefined, event: Emitted, { happenings }: Outcome): Fault | undefined {
  if (before === undefined || !CONTRACT[before]?.waits || event.detailType === EVENTS.orderTimeOut) return undefined;
  const answered = happenings.some((one) => one.kind === 'answer' && one.to === before && one.at <= event.at);
  return answered
    ? undefined
    : {
        found: `the state "${event.state}" emits ${event.detailType} before anybody has answered ${before}`,
        hint: `Only when ${before} has been answered may the order go on.`,
      };
}

/** Pauses on the way are nobody's business, as long as people who wait for the next step do not give up. */
const LONGEST_PAUSE = 60;

/** Rests although nobody is waited for. How long it waits for somebody is the business of `patience`. */
function tooLate(before: string | undefined, event: Emitted, { happenings }: Outcome): Fault | undefined {
  if (event.detailType === EVENTS.orderTimeOut) return undefined;
  const answer = happenings.findLast((one) => one.kind === 'answer' && one.to === before && one.at <= event.at);
  if (before !== undefined && !answer) return undefined;
  const rested = Math.round((event.at - (answer?.at ?? 0)) / 1_000);
  return rested <= LONGEST_PAUSE
    ? undefined
    : {
        found: `the state "${event.state}" emits ${event.detailType} only ${rested} seconds after ${before === undefined ? 'the order has begun' : `the answer to ${before}`}`,
        hint: 'Take the Wait state out, or let it be short: people wait for what comes next.',
      };
}

/** The order is let in or turned away, and should not be. */
function turnedRound(type: string, outcome: Outcome): string {
  if (type !== EVENTS.shopUnavailable && outcome.scene !== 'closed' && !outcome.scene.startsWith('running'))
    return ELSEWHERE;
  const blind = dropsWhatItReads(outcome);
  if (blind !== undefined)
    return `The state "${blind}" drops its answer, so the Choice has nothing to look at: give it a ResultPath that is not null (JSONata: an Output with $states.result).`;
  if (outcome.scene === 'closed' || !listedAtAll(outcome))
    return 'storeOpen true must go on, and false must end in ShopUnavailable: look at what the Choice compares, and with what.';
  const [list] = outcome.happenings.filter((one) => one.kind === 'list');
  if (list && list.filter !== 'RUNNING')
    return 'List only the executions that are RUNNING (StatusFilter): orders that have ended take no place.';
  if (list?.limit !== undefined && list.limit < 21)
    return `A page of ${list.limit} (MaxResults) has no 21st entry: ask for 100.`;
  return 'Twenty-one or more means full: Executions[20] of the answer is present. Look at the Choice that asks, and at its path.';
}

/** The state that asks the table or lists the executions, where nothing is kept of its answer. */
function dropsWhatItReads({ happenings }: Outcome): string | undefined {
  const asked = happenings.findLast((one) => one.kind === 'config-read' || one.kind === 'list');
  return asked?.dropped ? asked.state : undefined;
}

const listedAtAll = ({ happenings }: Outcome): boolean => happenings.some(({ kind }) => kind === 'list');

const ELSEWHERE = 'Look at the DetailType of that state, and at the transition that leads to it.';

/** Who has been told that the order has started is not turned away by the two questions any more. */
const isPastTheDoor = (event: Emitted, events: Emitted[]): boolean =>
  events.slice(0, events.indexOf(event)).some(({ detailType }) => detailType === EVENTS.workflowStarted);

const lastWord = (detailType: string): string | undefined => detailType.trim().toLowerCase().split('.').at(-1);

/** An expected event that did not come: astray, one of nearly its name, another instead, or the order ended before. */
function missing(type: string, instead: Emitted | undefined, events: Emitted[], outcome: Outcome): Fault {
  const astray = events.find((event) => event.detailType === type && !arrives(event));
  if (astray)
    return faultOf(astray, { scenes: [] }) ?? { found: `the event of the state "${astray.state}" is refused` };
  const near = events.find(
    ({ detailType }) =>
      !OF_THE_WORKSHOP.has(detailType) &&
      (nearest(detailType.trim(), [type]) === type || lastWord(detailType) === lastWord(type)),
  );
  if (near)
    return {
      found: `the state "${near.state}" emits "${near.detailType}", and nothing emits ${type}`,
      hint: `The detail-type is exactly ${type}, upper and lower case included, without spaces.`,
    };
  if (instead && CONTRACT[instead.detailType] === undefined)
    return {
      found: `the state "${instead.state}" emits ${instead.detailType} where ${type} was expected`,
      hint: `${instead.detailType} is not an event of the workflow; its own begin with OrderProcessor.`,
    };
  if (instead)
    return {
      found: `the state "${instead.state}" emits ${instead.detailType} where ${type} was expected`,
      hint:
        type !== EVENTS.shopUnavailable && isPastTheDoor(instead, events)
          ? ELSEWHERE
          : turnedRound(type === EVENTS.shopUnavailable ? type : instead.detailType, outcome),
    };
  const failedCall = outcome.happenings.findLast((one) => one.kind === 'call');
  if (failedCall?.kind === 'call' && outcome.status !== 'SUCCEEDED')
    return {
      found: `${type} is not emitted: the state "${failedCall.state}" fails (${short(failedCall.error)})`,
      ...hintForFailure(outcome),
    };
  return { found: `${type} is not emitted${howItEnds(outcome)}`, ...hintForFailure(outcome) };
}

const TOKEN_HINT =
  'The detail carries the token: "TaskToken.$": "$$.Task.Token" (JSONata: "{% $states.context.Task.Token %}").';

function faultOf(event: Emitted, expected: BehaviourExpected): Fault | undefined {
  const contract = CONTRACT[event.detailType];
  const at = `the state "${event.state}" emits ${event.detailType}`;
  if (event.error)
    return {
      found: `EventBridge refuses the ${event.detailType} of the state "${event.state}": ${event.error}`,
      hint: 'An entry has Source, DetailType, EventBusName, and a Detail that is a JSON object.',
    };
  if (event.bus !== BUS_NAME)
    return {
      found: `${at} on the bus "${event.bus}"`,
      hint:
        event.bus === 'default'
          ? `Name the bus: "EventBusName": "${BUS_NAME}".`
          : `The bus is called exactly ${BUS_NAME}.`,
    };
  if (event.source !== EVENT_SOURCE)
    return { found: `${at} with the source "${event.source}"`, hint: `The source is exactly ${EVENT_SOURCE}.` };
  if (contract?.waits && !event.waits)
    return {
      found: `${at} without waiting for the answer`,
      hint: 'Use putEvents.waitForTaskToken, and put the token into the detail.',
    };
  if (contract && !contract.waits && event.waits)
    return {
      found: `${at} and waits for a token that nobody returns, so the order hangs`,
      hint: 'Use plain putEvents here: wait for a callback only where somebody answers.',
    };
  for (const name of contract?.carries ?? []) {
    const value = event.detail[name];
    const hint = name === 'TaskToken' ? TOKEN_HINT : undefined;
    if (value === undefined || value === null || value === '')
      return { found: `${at} without ${name} in its detail`, hint: hint ?? `Add ${name} to the Detail.` };
    const right = { TaskToken: event.token, ...ORDER }[name];
    if (right !== undefined && value !== right)
      return {
        found: `${at} with the wrong ${name} (${JSON.stringify(value).slice(0, 60)})`,
        hint: hint ?? howToReach(name, value),
      };
  }
  if (
    expected.cause !== undefined &&
    event.detailType === EVENTS.orderTimeOut &&
    event.detail['cause'] !== expected.cause
  )
    return {
      found: `${at} with the cause ${JSON.stringify(event.detail['cause'])}`,
      hint: `The cause is exactly "${expected.cause}".`,
    };
  return undefined;
}

/** Values that were meant as a path or an expression, and stand there as text. */
function howToReach(name: string, value: Json): string {
  if (typeof value === 'string' && value.startsWith('$states'))
    return `JSONata stands between {% and %}: "${name}": "{% ${value} %}".`;
  if (typeof value === 'string' && value.startsWith('$'))
    return `The name of a field that holds a path ends in .$, as in "${name}.$": "${value}".`;
  return `It stands in the event that started the workflow: $.detail.${name}.`;
}

function badNumber({ number }: BehaviourExpected, outcome: Outcome, events: Emitted[]): Fault | undefined {
  if (number === undefined) return undefined;
  const counts = outcome.happenings.filter((one) => one.kind === 'count');
  if (number === 'none')
    return counts.length > 0
      ? {
          found: `the state "${counts[0]?.state}" takes an order number although nobody orders`,
          hint: 'Take the number after the customer has answered, or numbers are used up by people who never order.',
        }
      : undefined;
  if (counts.length === 0)
    return {
      found: `no order number is taken from the counter${howItEnds(outcome)}`,
      hint: 'Add 1 to IDvalue of {"PK": {"S": "orderID"}} in serverlesspresso-counting-table.',
      ...hintForFailure(outcome),
    };
  if (counts.length > 1)
    return { found: `${counts.length} order numbers are taken for one order`, hint: 'Update the counter once.' };
  const started = events.find(({ detailType }) => detailType === EVENTS.workflowStarted);
  const [first] = counts;
  const ordered = outcome.happenings.some(
    (one) => one.kind === 'answer' && one.to === EVENTS.workflowStarted && first && one.at <= first.at,
  );
  if (started && !ordered)
    return {
      found: 'the order number is taken before the customer has ordered',
      hint: 'Take the number after the customer has answered, or numbers are used up by people who never order.',
    };
  if (first && first.number !== number)
    return { found: `the counter goes to ${first.number} and not to ${number}`, hint: 'Add exactly 1 to IDvalue.' };
  const told = events.find(({ detailType }) => detailType === EVENTS.processorWaiting);
  // That nobody is told at all is the business of another check.
  if (!told) return undefined;
  if (String(told.detail['orderNumber']) !== String(number))
    return {
      found: `the barista is told order number ${JSON.stringify(told.detail['orderNumber'])} and not ${number}`,
      hint: 'The new number is in the answer of the update: ReturnValues UPDATED_NEW, then Attributes.IDvalue.N.',
    };
  return undefined;
}

function badPatience({ patience }: BehaviourExpected, events: Emitted[]): Fault | undefined {
  if (!patience) return undefined;
  const asked = events.find(({ detailType }) => detailType === patience.event);
  if (!asked) return undefined;
  const gaveUp = events.find(({ detailType }) => detailType === EVENTS.orderTimeOut);
  if (!gaveUp) return undefined;
  const waits = events.filter(({ detailType }) => detailType === patience.event);
  const waited = waitedFor(waits, (gaveUp.at - asked.at) / 1_000);
  if (waited >= patience.from && waited <= patience.to) return undefined;
  if (waited > patience.to && waits.length > 1)
    return {
      found: `it waits ${waited} seconds for the answer to ${patience.event}, ${waits.length} times one after the other`,
      hint: `A Retry for States.ALL or States.Timeout begins the wait anew. Between ${patience.from} and ${patience.to} seconds in all are right.`,
    };
  return {
    found: `it waits ${waited} seconds for the answer to ${patience.event}`,
    hint: `Between ${patience.from} and ${patience.to} seconds are right: HeartbeatSeconds or TimeoutSeconds on the state "${asked.state}".`,
  };
}

/** Seconds are few enough to be steps on the way, and no waiting for anybody. */
const A_MOMENT = 30;

/** As long as its states say, where they do: what the order does between giving up and telling of it is no patience. */
function waitedFor(waits: Emitted[], inAll: number): number {
  const limits = waits.map(({ timeoutSeconds, heartbeatSeconds }) =>
    Math.min(timeoutSeconds ?? Number.POSITIVE_INFINITY, heartbeatSeconds ?? Number.POSITIVE_INFINITY),
  );
  const said = limits.reduce((sum, limit) => sum + limit, 0);
  return said <= inAll && inAll - said <= A_MOMENT ? said : inAll;
}

const badEnd = ({ ends }: BehaviourExpected, outcome: Outcome): Fault | undefined =>
  ends === undefined || outcome.status === 'SUCCEEDED' ? undefined : ending(outcome);

const ending = (outcome: Outcome): Fault => ({
  found: howItEnds(outcome).replace(/^: /, ''),
  ...hintForFailure(outcome),
});

/** `: the execution fails in "X" (States.Runtime: …)`; nothing where it ends well. */
function howItEnds(outcome: Outcome): string {
  const where = outcome.state ? ` in the state "${outcome.state}"` : '';
  if (outcome.endless) return ': this order never ends, it goes round and round';
  if (outcome.status === 'SUCCEEDED') return '';
  if (outcome.status === 'RUNNING') return `: the order hangs${where}, waiting for an answer that never comes`;
  if (outcome.status === 'TIMED_OUT') return `: the execution runs out of time${where}`;
  return `: the execution fails${where} (${outcome.error ?? outcome.status}${outcome.cause ? `: ${short(outcome.cause)}` : ''})`;
}

const short = (text: string): string => (text.length > 220 ? `${text.slice(0, 217)}…` : text).replace(/\.+$/, '');
