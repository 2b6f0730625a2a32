/** What a rule's target is handed of an event ("Amazon EventBridge input transformation"). Pure. */
import type { RuleTarget } from '../../aws/events.ts';

interface Transformer {
  InputPathsMap?: Record<string, string>;
  InputTemplate?: string;
}

/** The text that the target gets; undefined when what is asked for cannot be read here. */
export function targetInput(target: RuleTarget, event: unknown): string | undefined {
  if (target.input !== undefined) return target.input;
  if (target.inputPath !== undefined) {
    const steps = stepsOf(target.inputPath);
    return steps && JSON.stringify(at(event, steps) ?? {});
  }
  const transformer = target.rest?.['InputTransformer'] as Transformer | undefined;
  if (!transformer) return JSON.stringify(event);
  const values = new Map<string, unknown>([
    ['aws.events.event', event],
    ['aws.events.event.json', event],
    ['aws.events.rule-arn', 'arn'],
    ['aws.events.rule-name', 'name'],
    ['aws.events.event.ingestion-time', '2026-01-01T00:00:00Z'],
  ]);
  for (const [name, path] of Object.entries(transformer.InputPathsMap ?? {})) {
    const steps = stepsOf(path);
    if (!steps) return undefined;
    values.set(name, at(event, steps));
  }
  return fill(transformer.InputTemplate ?? '', values);
}

/** `$`, `$.detail.orderId`, `$.list[0]`, `$['detail-type']` */
function stepsOf(path: string): string[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: string[] = [];
  const step = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!found) return undefined;
    steps.push(found[1] ?? found[2] ?? found[3] ?? found[4] ?? '');
  }
  return steps;
}

const at = (value: unknown, steps: string[]): unknown =>
  steps.reduce<unknown>(
    (found, step) =>
      found !== null && typeof found === 'object' && Object.hasOwn(found, step)
        ? (found as Record<string, unknown>)[step]
        : undefined,
    value,
  );

/** `<name>` stands for its JSON, within a JSON string for its text. */
function fill(template: string, values: Map<string, unknown>): string {
  let text = '';
  let quoted = false;
  for (let i = 0; i < template.length; i++) {
    const char = template[i] ?? '';
    if (quoted && char === '\\') {
      text += char + (template[++i] ?? '');
      continue;
    }
    if (char === '"') quoted = !quoted;
    const name = char === '<' ? /^<([^<>\s"]+)>/.exec(template.slice(i))?.[1] : undefined;
    if (name === undefined || !values.has(name)) {
      text += char;
      continue;
    }
    i += name.length + 1;
    const value = values.get(name);
    if (!quoted) text += value === undefined ? '""' : JSON.stringify(value);
    else text += JSON.stringify(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(1, -1);
  }
  return text;
}

/** Paths into what a target gets whose values are not those of the event: `$.detail.orderId`. */
export function lost(target: RuleTarget, event: unknown, paths: readonly string[]): string[] {
  const text = targetInput(target, event);
  let value: unknown;
  try {
    value = text === undefined ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  return paths.filter((path) => {
    const steps = stepsOf(path) ?? [];
    return JSON.stringify(at(value, steps)) !== JSON.stringify(at(event, steps));
  });
}
