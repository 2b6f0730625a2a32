import type { JsonObject } from '../../asl/index.ts';
import { type BehaviourExpected, cannotTell, judgeBehaviour } from '../workflow/judge.ts';
import {
  numberShown,
  type Outcome,
  play,
  playTwo,
  SCENES,
  type SceneName,
  type Workflow,
} from '../workflow/scenarios.ts';
import type { Happening } from '../workflow/shop.ts';
import type { Facts } from '../facts.ts';
import { probe } from './probe.ts';

/** `tried`: real orders were placed to see what the definition does not show. */
type Seen = { outcomes: Outcome[]; tried: boolean } | { missing: string };

const played = new WeakMap<object, Map<string, Outcome>>();

export async function learnersWorkflow(facts: Facts): Promise<Workflow | { missing: string }> {
  const found = await facts.workflow();
  if (found.kind !== 'found') return { missing: 'there is no workflow to judge' };
  try {
    const { machine } = found;
    return { definition: parsed(machine.definition), arn: machine.arn, name: machine.name, roleArn: machine.roleArn };
  } catch {
    return { missing: 'the definition is not JSON' };
  }
}

const texts = new Map<string, JsonObject>();
/** One object a text, so that scenes are played once however many checks ask for them. */
function parsed(text: string): JsonObject {
  let definition = texts.get(text);
  if (!definition) {
    definition = JSON.parse(text) as JsonObject;
    if (texts.size > 200) texts.clear();
    texts.set(text, definition);
  }
  return definition;
}

/** One scene, played once however many checks ask for it. */
export function playOnce(workflow: Workflow, name: SceneName): Outcome {
  let scenes = played.get(workflow.definition);
  if (!scenes) {
    scenes = new Map();
    played.set(workflow.definition, scenes);
  }
  const key = `${workflow.arn} ${name}`;
  let result = scenes.get(key);
  if (!result) {
    result = play(workflow, name);
    scenes.set(key, result);
  }
  return result;
}

/** Plays the definition in the scenes that the check names, and judges what the order did. */
export const workflowBehaviour = probe<Seen>({
  offline: true,
  async observe(check, facts) {
    const workflow = await learnersWorkflow(facts);
    if ('missing' in workflow) return workflow;
    const outcomes: Outcome[] = [];
    for (const name of (check.expect as unknown as BehaviourExpected).scenes) {
      if (!(name in SCENES))
        throw new Error(`There is no scene "${name}"; there are ${Object.keys(SCENES).join(', ')}.`);
      outcomes.push(playOnce(workflow, name as SceneName));
    }
    const again = await taughtOutcomes(outcomes, workflow, facts);
    return { outcomes: again, tried: again !== outcomes };
  },
  judge(check, seen) {
    const expected = check.title;
    if ('missing' in seen) return { status: 'waiting', expected, found: seen.missing };
    const verdict = judgeBehaviour(check.expect as unknown as BehaviourExpected, seen.outcomes);
    return verdict.status === 'error' && seen.tried
      ? {
          expected,
          ...verdict,
          found: `${verdict.found}; a real test order did not show it either`,
          hint: 'Try this situation yourself: presso lesson module-1/test-each-way',
        }
      : { expected, ...verdict };
  },
});

const isUnseen = (happenings: readonly Happening[]): boolean => happenings.some(({ kind }) => kind === 'beyond');

/** Where real orders are allowed, they show what the definition does not: the scenes are played again with that. */
async function taughtOutcomes(outcomes: Outcome[], workflow: Workflow, { live }: Facts): Promise<Outcome[]> {
  if (!live || !outcomes.some(({ happenings }) => isUnseen(happenings))) return outcomes;
  const taught = await live.taught();
  return outcomes.map((outcome) =>
    isUnseen(outcome.happenings) ? play(workflow, outcome.scene as SceneName, taught) : outcome,
  );
}

/** Two orders side by side must not get the same number. */
export const workflowTwoOrders = probe<{ orders: Happening[][] } | { missing: string }>({
  offline: true,
  async observe(_check, facts) {
    const workflow = await learnersWorkflow(facts);
    if ('missing' in workflow) return workflow;
    const orders = playTwo(workflow);
    if (!facts.live || !orders.some(isUnseen)) return { orders };
    // That two numbers differ was seen, or it was not: a task that counts is not believed to do it in one step.
    const taught = await facts.live.taught();
    return { orders: taught && new Set(taught.numbers).size > 1 ? playTwo(workflow, taught) : orders };
  },
  judge(check, seen) {
    const expected = check.title;
    if ('missing' in seen) return { status: 'waiting', expected, found: seen.missing };
    const [first, second] = seen.orders.map(numberShown);
    if (first !== undefined && second !== undefined && first !== second)
      return { status: 'pass', expected, found: `the numbers ${first} and ${second}` };
    const unseen = seen.orders.flat().find((one) => one.kind === 'beyond');
    if (unseen?.kind === 'beyond') return { expected, ...cannotTell(unseen.what) };
    return first === undefined || second === undefined
      ? { status: 'fail', expected, found: 'with two orders at once, one of them gets no number' }
      : {
          status: 'fail',
          expected,
          found: `with two orders at once, both get the number ${first}`,
          hint: 'The number is read first and written afterwards. Add and read it in one update (ReturnValues UPDATED_NEW).',
        };
  },
});
