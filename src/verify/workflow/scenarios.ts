/** The lines of the contract, each played once per definition under a virtual clock. Pure. */
import {
  type Effect,
  type Execution,
  type Input,
  type Json,
  type JsonObject,
  simulate,
  startExecution,
  type TaskEffect,
} from '../../asl/index.ts';
import { EVENTS, sampleEvent } from '../../workshop.ts';
import type { Taught } from '../live/types.ts';
import { type Happening, openShop, type ShopState } from './shop.ts';
import { type Stock, stockOf } from './tables.ts';

export interface Scene {
  /** How a sentence about it begins: `With the shop closed` */
  title: string;
  storeOpen: boolean | undefined;
  counter: number | undefined;
  running: number;
  /** milliseconds until the answer; `last` is just before their time is up; undefined: never */
  customer: number | 'last' | undefined;
  barista: number | 'last' | undefined;
}

const OPEN: Omit<Scene, 'title'> = { storeOpen: true, counter: 0, running: 1, customer: 5_000, barista: 60_000 };

export const SCENES = {
  open: { ...OPEN, title: 'With the shop open' },
  closed: { ...OPEN, storeOpen: false, title: 'With the shop closed' },
  'no-config': { ...OPEN, storeOpen: undefined, title: 'With no config item in the table' },
  'running-0': { ...OPEN, running: 0, title: 'With the list of running orders a moment behind' },
  'running-1': { ...OPEN, running: 1, title: 'With this order as the only one' },
  'running-20': { ...OPEN, running: 20, title: 'With 20 orders running, this one among them' },
  'running-21': { ...OPEN, running: 21, title: 'With 21 orders running, this one among them' },
  'running-100': { ...OPEN, running: 100, title: 'With 100 orders running' },
  'number-from-41': { ...OPEN, counter: 41, title: 'With the counter at 41' },
  'customer-never': { ...OPEN, customer: undefined, title: 'When the customer never answers' },
  'customer-last-moment': { ...OPEN, customer: 'last', title: 'When the customer answers just before time is up' },
  // The token comes back in the same way; that it was a cancellation is the order manager's business.
  'barista-cancels': { ...OPEN, barista: 20_000, title: 'When the order is cancelled at the bar' },
  'barista-never': { ...OPEN, barista: undefined, title: 'When the barista never answers' },
  'barista-never-after-late-customer': {
    ...OPEN,
    customer: 'last',
    barista: undefined,
    title: 'When the customer answers just before time is up and the barista never does',
  },
  'both-last-moment': {
    ...OPEN,
    customer: 'last',
    barista: 'last',
    title: 'When customer and barista both answer just before time is up',
  },
  'barista-last-moment': { ...OPEN, barista: 'last', title: 'When the barista answers just before time is up' },
} satisfies Record<string, Scene>;

export type SceneName = keyof typeof SCENES;

export interface Outcome {
  scene: string;
  title: string;
  happenings: Happening[];
  /** Every call that was asked for, in order, whatever came of it. */
  tasks: TaskEffect[];
  /** RUNNING: it waits for something that never comes, or it never ends */
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'RUNNING';
  error?: string;
  cause?: string;
  /** The state in which it ended or hangs, and its type. */
  state?: string;
  stateType?: string;
  /** The state behind which the order is no longer in the data, of an execution that failed. */
  lostIn?: string;
  /** Virtual milliseconds from start to end. */
  took: number;
  /** Bounded play ran out: the order goes round and round. */
  endless: boolean;
}

/** More deliveries than this and an order is said never to end (a whole order takes about 20, one that reads its list page by page a hundred more). */
const LONGEST_PLAY = 300;
/** The same for states that ask for nothing: a whole order writes about 60 events, a hundred pages of a list 2,000. */
const LONGEST_HISTORY = 5_000;
const START = Date.UTC(2026, 0, 1);
/** Just before the limit: one second less than the shortest time-out that the state set. */
const MARGIN_MS = 1_000;

export interface Workflow {
  definition: JsonObject;
  arn: string;
  name: string;
  roleArn: string;
}

/** Whose order is played: words that nobody can have written into a definition, or taken for the execution's own name. */
export const ORDER = {
  orderId: '5c0ffee5-7e1b-4d0c-9a64-2f8e13b7d9a0',
  userId: 'b0b5c0de-3f62-4c19-8d57-91ae60c4f2d8',
};
const EXECUTION = 'e7ec0ded-16a4-4b3f-b1c8-06d2f9a5e371_0';

export function orderInput(workflow: Workflow): JsonObject {
  const [region = '', account = ''] = workflow.arn.split(':').slice(3, 5);
  const event = sampleEvent(EVENTS.newOrder, { account, region }) as JsonObject;
  return { ...event, detail: { ...(event['detail'] as JsonObject), ...ORDER } };
}

const optionsOf = (workflow: Workflow, order: string) => {
  const [region = '', account = ''] = workflow.arn.split(':').slice(3, 5);
  return {
    now: START,
    maxEvents: LONGEST_HISTORY,
    seed: order,
    execution: {
      arn: `arn:aws:states:${region}:${account}:execution:${workflow.name}:${order}`,
      name: order,
      roleArn: workflow.roleArn,
    },
    stateMachine: { arn: workflow.arn, name: workflow.name },
  };
};

const shopState = (
  workflow: Workflow,
  scene: Omit<Scene, 'title'>,
  stock: Stock,
  order: string,
  taught?: Taught,
): ShopState => ({
  // A task that was seen in an open shop with room may answer otherwise in another.
  taught: scene.storeOpen && scene.running <= 2 ? taught?.answers : undefined,
  stock,
  dropsResult: (name) => dropsResult(workflow.definition, name),
  running: scene.running,
  arn: workflow.arn,
  execution: order,
  customer: (effect) => patience(scene.customer, effect),
  barista: (effect) => patience(scene.barista, effect),
});

/** The named state, wherever it is nested, does nothing with what its task answers. */
function dropsResult(definition: JsonObject, name: string): boolean {
  const found = findState(definition, name, definition['QueryLanguage'] === 'JSONata');
  if (!found) return false;
  const { state, jsonata } = found;
  if (!jsonata) return state['ResultPath'] === null && state['Assign'] === undefined;
  const kept = JSON.stringify([state['Output'] ?? '$states.result', state['Assign'] ?? null]);
  return !/\$states\s*(\.\s*result|\[|[^.\w\s]|$)/.test(kept);
}

function findState(
  value: Json | undefined,
  name: string,
  jsonata: boolean,
): { state: JsonObject; jsonata: boolean } | undefined {
  if (!value || typeof value !== 'object') return undefined;
  const states = Array.isArray(value) ? undefined : value['States'];
  const state = states && typeof states === 'object' && !Array.isArray(states) ? states[name] : undefined;
  if (state && typeof state === 'object' && !Array.isArray(state)) {
    const own = state['QueryLanguage'];
    return { state, jsonata: own === undefined ? jsonata : own === 'JSONata' };
  }
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    const found = findState(inner, name, jsonata);
    if (found) return found;
  }
  return undefined;
}

/** `taught`: what live orders have shown of tasks that the definition does not explain. */
export function play(workflow: Workflow, name: SceneName, taught?: Taught): Outcome {
  const scene: Scene = SCENES[name];
  const stock = stockOf(scene.storeOpen, scene.counter);
  const shop = openShop(shopState(workflow, scene, stock, EXECUTION, taught), START);
  const { execution, now, inputs, tasks } = simulate(workflow.definition, {
    ...optionsOf(workflow, EXECUTION),
    input: orderInput(workflow),
    maxInputs: LONGEST_PLAY,
    task: shop.answer,
  });
  const last = execution.history.findLast((event) => event['stateEnteredEventDetails'] !== undefined);
  const stateName = (last?.['stateEnteredEventDetails'] as { name?: string } | undefined)?.name;
  return {
    scene: name,
    title: scene.title,
    happenings: shop.happenings,
    tasks,
    status: execution.status,
    ...(execution.error === undefined ? {} : { error: execution.error }),
    ...(execution.cause === undefined ? {} : { cause: execution.cause }),
    ...(stateName === undefined ? {} : { state: stateName, stateType: last?.type.replace('StateEntered', '') ?? '' }),
    ...lostIn(execution),
    took: now - START,
    endless: inputs.length >= LONGEST_PLAY || /maximum number of history events/.test(execution.cause ?? ''),
  };
}

/** Where a path was not found: the last state that was given the order in `detail` and handed on something without it. */
function lostIn({ status, cause, history }: Execution): { lostIn?: string } {
  if (status !== 'FAILED' || !/\$\.detail/.test(cause ?? '')) return {};
  const has = (text: Json | undefined): boolean => {
    const data = typeof text === 'string' ? (JSON.parse(text) as { detail?: JsonObject } | null) : undefined;
    return Object.keys(data?.detail ?? {}).some((name) => name in ORDER);
  };
  let given: string | undefined;
  let lost: string | undefined;
  for (const event of history) {
    const entered = event['stateEnteredEventDetails'];
    const exited = event['stateExitedEventDetails'];
    if (entered && has(entered['input'])) given = String(entered['name']);
    if (exited && exited['name'] === given && !has(exited['output'])) lost = given;
  }
  return lost === undefined ? {} : { lostIn: lost };
}

/** `last`: one second before this task's own limit runs out. */
function patience(wish: Scene['customer'], effect: TaskEffect): number | undefined {
  if (wish !== 'last') return wish;
  const limit = Math.min(
    effect.timeoutSeconds ?? Number.POSITIVE_INFINITY,
    effect.heartbeatSeconds ?? Number.POSITIVE_INFINITY,
  );
  // Who limits the wait in another way than on the state still has to wait for five minutes.
  return Math.max(0, (Number.isFinite(limit) ? limit : 300) * 1_000 - MARGIN_MS);
}

/**
 * Two orders side by side, one task at a time in turns, so that a counter that is read and then written hands out the
 * same number twice. Answers with what each did.
 */
export function playTwo(workflow: Workflow, taught?: Taught): Happening[][] {
  const scene = { ...OPEN, running: 2 };
  const stock = stockOf(true, 0);
  const orders = ['order-1', 'order-2'].map((name) => {
    const shop = openShop(shopState(workflow, scene, stock, name, taught), START);
    const input = orderInput(workflow);
    const { execution, effects } = startExecution(workflow.definition, {
      ...optionsOf(workflow, name),
      input: { ...input, detail: { ...(input['detail'] as JsonObject), orderId: name } },
    });
    return { shop, execution, waiting: [...effects] as Effect[] };
  });
  for (let turn = 0; turn < LONGEST_PLAY; turn++) {
    let moved = false;
    for (const order of orders) {
      const effect = nextEffect(order.waiting);
      if (!effect || order.execution.status !== 'RUNNING') continue;
      moved = true;
      for (const input of answers(order.shop, effect)) order.waiting.push(...order.execution.deliver(input));
      for (const cancelled of order.waiting.filter((one) => one.kind === 'cancel'))
        order.waiting = order.waiting.filter((one) => one.id !== cancelled.id);
    }
    if (!moved) break;
  }
  return orders.map(({ shop }) => shop.happenings);
}

/** Tasks before timers: everybody answers in time. */
function nextEffect(waiting: Effect[]): Exclude<Effect, { kind: 'cancel' }> | undefined {
  const at = waiting.findIndex(({ kind }) => kind === 'task');
  const chosen = at >= 0 ? at : waiting.findIndex(({ kind }) => kind === 'timer');
  const [effect] = chosen < 0 ? [] : waiting.splice(chosen, 1);
  return effect as Exclude<Effect, { kind: 'cancel' }> | undefined;
}

function answers(shop: ReturnType<typeof openShop>, effect: Exclude<Effect, { kind: 'cancel' }>): Input[] {
  const now = START + 1;
  if (effect.kind === 'timer') return [{ kind: 'timer', id: effect.id, now: Math.max(now, effect.at) }];
  const answer = shop.answer(effect, now);
  const inputs: Input[] =
    answer.submitted === undefined ? [] : [{ kind: 'task-submitted', id: effect.id, now, output: answer.submitted }];
  if ('output' in answer) inputs.push({ kind: 'task-succeeded', id: effect.id, now, output: answer.output });
  else if ('error' in answer)
    inputs.push({
      kind: 'task-failed',
      id: effect.id,
      now,
      error: answer.error,
      ...(answer.cause === undefined ? {} : { cause: answer.cause }),
    });
  return inputs;
}

/** The number that the barista was told, as text, or that was counted. */
export function numberShown(happenings: Happening[]): string | undefined {
  const told = happenings.find((one) => one.kind === 'event' && one.detailType === EVENTS.processorWaiting);
  if (told?.kind === 'event' && told.detail['orderNumber'] !== undefined) return String(told.detail['orderNumber']);
  const counted = happenings.find((one) => one.kind === 'count');
  return counted?.kind === 'count' ? String(counted.number) : undefined;
}
