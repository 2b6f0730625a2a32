/**
 * Mutants of a build: one small change each, made by operators at every place where they apply, never chosen by hand.
 * A seed decides which of them are taken and what they become. Pure.
 */
import type { Json, JsonObject } from '../asl/index.ts';
import type { RuleWanted, Wanted } from '../solve/build.ts';

export interface Mutant {
  /** `drop-state Take order number` */
  name: string;
  operator: string;
  resources: Wanted[];
}

/** Numbers from a seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Roll = () => number;
const pick = <T>(roll: Roll, from: readonly T[]): T => from[Math.floor(roll() * from.length)] as T;

/** All mutants of a build's workflow and of its routing, in an order that the seed shuffles. */
export function mutantsOf(resources: Wanted[], seed: number): Mutant[] {
  const roll = dice(seed);
  const mutants = [...workflowMutants(resources, roll), ...routingMutants(resources, roll)];
  for (let i = mutants.length - 1; i > 0; i--) {
    const j = Math.floor(roll() * (i + 1));
    [mutants[i], mutants[j]] = [mutants[j] as Mutant, mutants[i] as Mutant];
  }
  return mutants;
}

type States = Record<string, JsonObject>;
interface Place {
  holder: JsonObject | Json[];
  key: string | number;
  value: Json;
  /** names on the way, for the mutant's own name */
  path: string[];
}

function placesIn(value: Json, path: string[] = []): Place[] {
  if (!value || typeof value !== 'object') return [];
  const entries: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, inner]) => {
    const at = [...path, String(key)];
    return [{ holder: value, key, value: inner, path: at }, ...placesIn(inner, at)];
  });
}

/** The places of a definition where the order's way can go on. */
const isTransition = ({ key, value }: Place): boolean =>
  (key === 'Next' || key === 'Default' || key === 'StartAt') && typeof value === 'string';

const PATH_KEY = /\.\$$|^(Variable|ResultPath|InputPath|OutputPath|ItemsPath)$/;
const COMPARISONS = ['BooleanEquals', 'IsPresent', 'IsNull', 'IsBoolean', 'StringEquals', 'NumericEquals'];

function workflowMutants(resources: Wanted[], roll: Roll): Mutant[] {
  const at = resources.findIndex(({ kind }) => kind === 'workflow');
  const workflow = resources[at];
  if (workflow?.kind !== 'workflow') return [];
  const original = JSON.parse(workflow.definition) as JsonObject;
  const mutants: Mutant[] = [];
  const add = (operator: string, where: string, change: (definition: JsonObject) => boolean | undefined): void => {
    const definition = structuredClone(original);
    if (change(definition) === false) return;
    prune(definition);
    const text = JSON.stringify(definition, null, 2);
    if (text === JSON.stringify(original, null, 2)) return;
    const changed = [...resources];
    changed[at] = { ...workflow, definition: text };
    mutants.push({ name: `${operator} ${where}`, operator, resources: changed });
  };
  const statesOf = (definition: JsonObject): States => definition['States'] as States;
  for (const name of Object.keys(statesOf(original)))
    add('drop-state', name, (definition) => dropState(definition, name));
  const names = Object.keys(statesOf(original));
  for (const place of placesIn(original)) {
    const where = place.path.join('/');
    const put = (operator: string, value: Json | undefined): void =>
      add(operator, `${where}${value === undefined ? '' : ` = ${JSON.stringify(value)}`}`, (definition) => {
        const holder = valueAt(definition, place.path.slice(0, -1));
        if (value === undefined) {
          if (Array.isArray(holder)) holder.splice(Number(place.key), 1);
          else delete (holder as JsonObject)[String(place.key)];
        } else (holder as JsonObject)[String(place.key)] = value;
        return true;
      });
    if (isTransition(place)) {
      for (let i = 0; i < 2; i++)
        put(
          'retarget',
          pick(
            roll,
            names.filter((name) => name !== place.value),
          ),
        );
      continue;
    }
    const { key, value } = place;
    if (key === 'Comment') continue;
    if (['Catch', 'Retry', 'ResultPath', 'ResultSelector', 'HeartbeatSeconds', 'Parameters'].includes(String(key)))
      put(`drop-${String(key).toLowerCase()}`, undefined);
    else if (place.path.includes('Parameters') && !Array.isArray(place.holder)) put('drop-parameter', undefined);
    if (key === 'Resource' && typeof value === 'string')
      put(
        'resource-suffix',
        value.endsWith('.waitForTaskToken') ? value.replace('.waitForTaskToken', '') : `${value}.waitForTaskToken`,
      );
    else if (typeof value === 'string' && PATH_KEY.test(String(key)) && value.startsWith('$'))
      put('path', otherPath(value, roll));
    else if (typeof value === 'string' && key !== 'Type')
      for (let i = 0; i < 2; i++) put('text', otherText(value, roll));
    else if (typeof value === 'number') put('number', otherNumber(value, roll));
    else if (typeof value === 'boolean' && key !== 'End') put('boolean', !value);
    if (COMPARISONS.includes(String(key)))
      add('comparison', where, (definition) => {
        const holder = valueAt(definition, place.path.slice(0, -1)) as JsonObject;
        const other = pick(
          roll,
          COMPARISONS.filter((one) => one !== key),
        );
        delete holder[String(key)];
        holder[other] = other === 'StringEquals' ? 'true' : other === 'NumericEquals' ? 1 : value;
        return true;
      });
    if (key === 'And')
      for (const other of ['Or', 'Not'])
        add('logic', `${where} → ${other}`, (definition) => {
          const holder = valueAt(definition, place.path.slice(0, -1)) as JsonObject;
          delete holder['And'];
          holder[other] = other === 'Not' ? ((value as Json[])[0] as Json) : value;
          return true;
        });
  }
  return [...new Map(mutants.map((mutant) => [mutant.name, mutant])).values()];
}

/** What stands at a path of member names. */
function valueAt(value: Json, path: string[]): Json {
  return path.reduce<Json>((inner, key) => (inner as JsonObject)[key] as Json, value);
}

/** Takes a state out; who led to it leads to where it led. */
function dropState(definition: JsonObject, name: string): boolean {
  const states = definition['States'] as States;
  const state = states[name] as JsonObject;
  const after = (state['Next'] ?? state['Default']) as string | undefined;
  delete states[name];
  for (const place of placesIn(definition)) {
    if (!isTransition(place) || place.value !== name) continue;
    const holder = place.holder as JsonObject;
    if (after !== undefined) holder[String(place.key)] = after;
    else if (place.key === 'Next' && place.path.length === 3) {
      delete holder['Next'];
      holder['End'] = true;
    } else return false;
  }
  return true;
}

/** Step Functions refuses a definition with states that nobody reaches, so they go too. */
function prune(definition: JsonObject): void {
  const states = definition['States'] as States;
  const reached = new Set<string>();
  const queue = [String(definition['StartAt'])];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (reached.has(name) || !states[name]) continue;
    reached.add(name);
    for (const place of placesIn(states[name] as Json)) if (isTransition(place)) queue.push(String(place.value));
  }
  for (const name of Object.keys(states)) if (!reached.has(name)) delete states[name];
}

function otherPath(path: string, roll: Roll): string {
  const steps = path.split('.');
  const index = /\[(\d+)\]/.exec(path);
  const ways = [
    ...(steps.length > 2 ? [steps.slice(0, -1).join('.'), [steps[0], ...steps.slice(2)].join('.')] : []),
    `${path}x`,
    ...(path.startsWith('$$') ? [path.slice(1)] : []),
    ...(index
      ? [
          path.replace(index[0], `[${Number(index[1]) + 1}]`),
          path.replace(index[0], `[${Number(index[1]) - 1}]`),
          path.replace(index[0], ''),
        ]
      : []),
  ];
  return pick(roll, ways);
}

function otherText(text: string, roll: Roll): string {
  const ways = [
    text.slice(0, -1),
    `${text} `,
    ` ${text}`,
    text.toLowerCase(),
    text.toUpperCase(),
    `${text.slice(0, Math.ceil(text.length / 2))}x${text.slice(Math.ceil(text.length / 2))}`,
  ].filter((other) => other !== text && other !== '');
  return pick(roll, ways);
}

const otherNumber = (number: number, roll: Roll): number =>
  pick(
    roll,
    [number + 1, Math.max(1, number - 1), number * 10, Math.max(1, Math.floor(number / 10))].filter(
      (n) => n !== number,
    ),
  );

function routingMutants(resources: Wanted[], roll: Roll): Mutant[] {
  const mutants: Mutant[] = [];
  const swap = (at: number, other: Wanted | undefined): Wanted[] =>
    other === undefined ? resources.filter((_, i) => i !== at) : resources.map((one, i) => (i === at ? other : one));
  for (const [at, resource] of resources.entries()) {
    const add = (operator: string, where: string, other: Wanted | undefined): void => {
      if (JSON.stringify(other) === JSON.stringify(resource)) return;
      mutants.push({ name: `${operator} ${where}`, operator, resources: swap(at, other) });
    };
    if (resource.kind === 'rule') ruleMutants(resource, resources, roll, add);
    else if (resource.kind === 'permission') add('drop-permission', resource.rule, undefined);
    else if (resource.kind === 'role')
      for (const place of placesIn(resource.policies as Json)) {
        if (typeof place.value !== 'string' || place.key === 'Version') continue;
        const policies = structuredClone(resource.policies) as JsonObject;
        const holder = valueAt(policies, place.path.slice(0, -1)) as JsonObject;
        holder[String(place.key)] = place.key === 'Effect' ? 'Deny' : otherText(place.value, roll).trim();
        add('role', `${resource.name} ${place.path.join('/')}`, { ...resource, policies });
      }
  }
  return mutants;
}

function ruleMutants(
  rule: RuleWanted,
  resources: Wanted[],
  roll: Roll,
  add: (operator: string, where: string, other: Wanted | undefined) => void,
): void {
  add('drop-rule', rule.name, undefined);
  add('disable-rule', rule.name, { ...rule, state: 'DISABLED' });
  add('other-bus', rule.name, { ...rule, bus: 'default' });
  add('drop-targets', rule.name, { ...rule, targets: [] });
  const others = resources.filter((one): one is RuleWanted => one.kind === 'rule' && one.name !== rule.name);
  for (const other of others)
    add('other-target', `${rule.name} → that of ${other.name}`, { ...rule, targets: other.targets });
  add('input-path', rule.name, {
    ...rule,
    targets: rule.targets.map((target) => ({ ...target, inputPath: '$.detail' })),
  });
  const pattern = JSON.parse(rule.pattern) as JsonObject;
  const put = (operator: string, where: string, changed: JsonObject): void =>
    add(operator, `${rule.name} ${where}`, { ...rule, pattern: JSON.stringify(changed) });
  for (const [key, values] of Object.entries(pattern)) {
    const { [key]: _, ...rest } = pattern;
    if (Object.keys(rest).length > 0) put('drop-pattern-key', key, rest);
    const renamed = otherText(key, roll).trim();
    if (renamed !== key) put('rename-pattern-key', key, { ...rest, [renamed]: values as Json });
    for (const value of (values as Json[]).filter((one) => typeof one === 'string')) {
      for (let i = 0; i < 3; i++) {
        const other = otherText(value, roll);
        put('pattern-value', `${key} = ${JSON.stringify(other)}`, { ...pattern, [key]: [other] });
      }
      put('pattern-prefix', key, { ...pattern, [key]: [{ prefix: value.slice(0, Math.ceil(value.length * roll())) }] });
      put('pattern-suffix', key, { ...pattern, [key]: [{ suffix: value.slice(Math.floor(value.length * roll())) }] });
      put('pattern-not', key, { ...pattern, [key]: [{ 'anything-but': [value] }] });
    }
  }
  put('add-pattern-key', 'detail', { ...pattern, detail: { storeOpen: [{ exists: true }] } });
}
