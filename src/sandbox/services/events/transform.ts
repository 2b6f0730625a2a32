/**
 * What a target gets of an event: all of it, a constant, a part, or a template filled from it ("Amazon EventBridge input
 * transformation"). Pure.
 */
import type { Target } from './records.ts';

/** Why a transformation cannot be, in EventBridge's words where they are known. */
export class InvalidTransform extends Error {}

type Value = unknown;

/** `$.detail.items[0].name`, `$.detail['order-id']`, `$`: the part of JSONPath that EventBridge takes. */
export function parsePath(path: string): (string | number)[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  const step = /\.([^.[\]'"*()?@\s]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!found) return undefined;
    steps.push(found[2] === undefined ? (found[1] ?? found[3] ?? found[4] ?? '') : Number(found[2]));
  }
  return steps;
}

function at(value: Value, steps: readonly (string | number)[]): Value {
  let found = value;
  for (const step of steps) {
    if (found === null || typeof found !== 'object') return undefined;
    if (typeof step === 'number' ? !Array.isArray(found) : !Object.hasOwn(found, step)) return undefined;
    found = (found as Record<string | number, Value>)[step];
  }
  return found;
}

export interface Delivered {
  ruleArn: string;
  ruleName: string;
  /** epoch milliseconds at which EventBridge took the event */
  accepted: number;
}

/** The JSON text that goes to the target. `event` is the whole event as JSON text. */
export function targetInput(target: Target, event: string, delivered: Delivered): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) {
    const found = at(JSON.parse(event) as Value, parsePath(target.InputPath) ?? []);
    return found === undefined ? '{}' : JSON.stringify(found);
  }
  const transformer = target.InputTransformer;
  if (!transformer) return event;
  const parsed = JSON.parse(event) as Value;
  const values = new Map<string, Value>([
    ['aws.events.rule-arn', delivered.ruleArn],
    ['aws.events.rule-name', delivered.ruleName],
    ['aws.events.event.ingestion-time', new Date(delivered.accepted).toISOString()],
    ['aws.events.event.json', parsed],
    ['aws.events.event', parsed],
  ]);
  for (const [name, path] of Object.entries(transformer.InputPathsMap ?? {}))
    values.set(name, at(parsed, parsePath(path) ?? []));
  return fill(transformer.InputTemplate, (name) => values.get(name));
}

/** Puts values into `<name>`: as JSON where the template has no quotes around it, as text inside a JSON string. */
function fill(template: string, lookUp: (name: string) => Value): string {
  let quoted = false;
  let text = '';
  for (let i = 0; i < template.length; i++) {
    const char = template[i] as string;
    if (char === '\\' && quoted) {
      text += char + (template[++i] ?? '');
      continue;
    }
    if (char === '"') quoted = !quoted;
    const placeholder = char === '<' ? /^<([^<>\s"]+)>/.exec(template.slice(i, i + 300)) : null;
    if (!placeholder) {
      text += char;
      continue;
    }
    i += placeholder[0].length - 1;
    const value = lookUp(placeholder[1] ?? '');
    if (quoted)
      text += JSON.stringify(
        typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value),
      ).slice(1, -1);
    // A variable that found nothing leaves nothing: an empty string keeps the rest a JSON text.
    else text += value === undefined ? '""' : JSON.stringify(value);
  }
  return text;
}

const RESERVED = /^aws\.events\.(rule-arn|rule-name|event\.ingestion-time|event\.json|event)$/;

/** Throws InvalidTransform for what PutTargets refuses. */
export function checkTransform(target: Target): void {
  const given = [target.Input, target.InputPath, target.InputTransformer].filter((one) => one !== undefined);
  if (given.length > 1)
    throw new InvalidTransform(
      `Only one of Input, InputPath, or InputTransformer must be provided for target ${target.Id}.`,
    );
  if (target.Input !== undefined && !isJson(target.Input))
    throw new InvalidTransform(`JSON syntax error in input for target ${target.Id}.`);
  if (target.InputPath !== undefined && !parsePath(target.InputPath))
    throw new InvalidTransform(`Invalid JSONPath in InputPath for target ${target.Id}.`);
  const transformer = target.InputTransformer;
  if (!transformer) return;
  const map = transformer.InputPathsMap ?? {};
  for (const [name, path] of Object.entries(map)) {
    if (name.toLowerCase().startsWith('aws.'))
      throw new InvalidTransform(`InputPathsMap of target ${target.Id} uses the reserved name ${name}.`);
    if (!parsePath(path))
      throw new InvalidTransform(`Invalid JSONPath ${path} in InputPathsMap for target ${target.Id}.`);
  }
  for (const [, name] of transformer.InputTemplate.matchAll(/<([^<>\s"]+)>/g))
    if (!Object.hasOwn(map, name ?? '') && !RESERVED.test(name ?? ''))
      throw new InvalidTransform(`InputTemplate for target ${target.Id} contains invalid placeholder ${name}.`);
  // A template is one JSON text, or lines that are JSON strings.
  const sample = fill(transformer.InputTemplate, () => 'x');
  if (!isJson(sample) && !sample.split('\n').every((line) => line.trim() === '' || isJson(line)))
    throw new InvalidTransform(`Invalid InputTemplate for target ${target.Id} : it is not valid JSON.`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
