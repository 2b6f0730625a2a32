/** The shape of a solution without its values: what a learner is shown when the hints have run out. Touches the disk. */
import { readDefinition, ruleNames } from './definition.ts';

interface State {
  Type?: string;
  Resource?: string;
  Next?: string;
  End?: boolean;
  Default?: string;
  Choices?: { Next?: string }[];
  Catch?: { Next?: string }[];
}

/** Lines that name the states of a module's workflow, or its rules, in order; none where the module has neither. */
export function solutionShape(checks: string, checkId: string): string[] {
  const [prefix = ''] = checkId.split('.');
  const module = prefix.replace(/^(module-\d+)[a-z]$/, '$1');
  const file = prefix.endsWith('a') ? '/order-processor-part-a.asl.json' : '';
  if (module !== 'module-1') return ruleShape(checks, module);
  const found = readDefinition(checks, { source: `${module}/solution${file}` });
  if ('problem' in found) return [];
  const { StartAt, States } = JSON.parse(found.value) as { StartAt?: string; States?: Record<string, State> };
  const lines: string[] = [];
  const seen = new Set<string>();
  const waiting = StartAt === undefined ? [] : [StartAt];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const state = States?.[name];
    if (!state || seen.has(name)) continue;
    seen.add(name);
    const ways = [
      ...(state.Choices ?? []).map(({ Next }) => `if it holds: ${Next}`),
      state.Default === undefined ? '' : `else: ${state.Default}`,
      state.Next === undefined ? '' : `then: ${state.Next}`,
      ...(state.Catch ?? []).map(({ Next }) => `if it fails: ${Next}`),
      state.End ? 'the end' : '',
    ].filter(Boolean);
    const what = state.Resource?.replace(/^arn:aws:states:::/, '') ?? state.Type ?? '';
    lines.push(`${name} (${what}) → ${ways.join('; ')}`);
    waiting.push(
      ...[
        state.Next,
        ...(state.Choices ?? []).map(({ Next }) => Next),
        state.Default,
        ...(state.Catch ?? []).map(({ Next }) => Next),
      ].filter((next) => next !== undefined),
    );
  }
  return lines;
}

function ruleShape(checks: string, module: string): string[] {
  const lines: string[] = [];
  for (const { name, pattern } of rulesOf(checks, module)) lines.push(`rule ${name}: ${pattern.replace(/\s+/g, ' ')}`);
  return lines;
}

function rulesOf(checks: string, module: string): { name: string; pattern: string }[] {
  return ruleNames(checks, module).flatMap((name) => {
    const found = readDefinition(checks, { source: `${module}/solution`, rule: name });
    return 'problem' in found ? [] : [{ name, pattern: found.value }];
  });
}
