/** Parts of the reference solution by name, so that a lesson and the solution cannot drift apart. Touches the disk. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { nearest } from '../text.ts';
import type { Found, Selector } from './facts.ts';

interface Resource {
  kind?: string;
  name?: string;
  definition?: string;
  pattern?: unknown;
  targets?: unknown;
  policies?: unknown;
}

/** JSON text of what `selector` asks for in the folder of checks. */
export function readDefinition(checks: string, selector: Selector): Found<string> {
  const where = path.join(checks, selector.source);
  // `..` must not lead out of the folder of checks.
  if (path.relative(checks, where).startsWith('..')) return { problem: `${selector.source} is not in checks/` };
  const isFolder = statSync(where, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) return { problem: `there is no ${selector.source} in checks/` };
  try {
    if (!isFolder) return part(JSON.parse(readFileSync(where, 'utf8')), selector, selector.source);
    const resources = resourcesOf(where, 0);
    if (selector.rule !== undefined || selector.role !== undefined) {
      const kind = selector.rule === undefined ? 'role' : 'rule';
      const name = selector.rule ?? selector.role ?? '';
      const all = resources.filter((one) => one.kind === kind);
      const one = all.find((candidate) => candidate.name === name);
      if (!one)
        return unknown(
          `${selector.source} has no ${kind} "${name}"`,
          name,
          all.map((each) => each.name ?? ''),
        );
      const value = kind === 'role' ? one.policies : selector.show === 'targets' ? one.targets : one.pattern;
      return { value: pretty(kind === 'role' ? onlyOne(value) : value) };
    }
    const workflow = resources.find(({ kind }) => kind === 'workflow');
    if (!workflow?.definition) return { problem: `${selector.source} has no workflow` };
    return part(JSON.parse(readFileSync(workflow.definition, 'utf8')), selector, selector.source);
  } catch (error) {
    return { problem: `${selector.source} cannot be read: ${(error as Error).message}` };
  }
}

/** Resources of a build and of those that it extends; the nearer one wins. */
function resourcesOf(dir: string, depth: number): Resource[] {
  const build = parse(readFileSync(path.join(dir, 'build.yaml'), 'utf8')) as {
    extends?: string;
    resources?: Resource[];
  } | null;
  const own = (build?.resources ?? []).map((one) =>
    one.definition === undefined ? one : { ...one, definition: path.join(dir, one.definition) },
  );
  if (build?.extends === undefined || depth > 8) return own;
  return [...own, ...resourcesOf(path.resolve(dir, build.extends), depth + 1)];
}

function part(definition: unknown, selector: Selector, source: string): Found<string> {
  const states = (definition as { States?: Record<string, unknown> } | null)?.States ?? {};
  if (selector.state !== undefined) {
    const names = [selector.state].flat();
    const missing = names.find((name) => !(name in states));
    if (missing !== undefined) return unknown(`${source} has no state "${missing}"`, missing, Object.keys(states));
    // As it stands among the States of the definition, ready to be pasted there.
    return { value: names.map((name) => `${JSON.stringify(name)}: ${pretty(states[name])}`).join(',\n') };
  }
  if (selector.path === undefined) return { value: pretty(definition) };
  let value = definition;
  for (const key of selector.path
    .split('/')
    .slice(1)
    .map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    const here = value;
    value = typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined;
    if (value === undefined)
      return unknown(
        `${source} has nothing at ${selector.path} ("${key}")`,
        key,
        typeof here === 'object' && here !== null ? Object.keys(here) : [],
      );
  }
  return { value: pretty(value) };
}

function unknown(problem: string, word: string, candidates: string[]): { problem: string } {
  const near = nearest(word, candidates);
  return { problem: near ? `${problem}; did you mean "${near}"?` : problem };
}

/** A role with one policy is shown as that policy's document. */
function onlyOne(policies: unknown): unknown {
  const all = Object.values((policies ?? {}) as Record<string, unknown>);
  return all.length === 1 ? all[0] : policies;
}

/** JSON as people write it: what is short stands on one line. */
export function pretty(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value);
  if (value === null || typeof value !== 'object') return flat ?? 'null';
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (flat.length < 60 && !value.some((one) => typeof one === 'object' && one !== null))
      return `[${value.map((one) => pretty(one)).join(', ')}]`;
    return `[\n${value.map((one) => inner + pretty(one, inner)).join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  if (flat.length < 50 && entries.length === 1 && (typeof entries[0]?.[1] !== 'object' || flat.length < 30))
    return `{ ${entries.map(([key, one]) => `${JSON.stringify(key)}: ${pretty(one)}`).join(', ')} }`;
  return `{\n${entries.map(([key, one]) => `${inner}${JSON.stringify(key)}: ${pretty(one, inner)}`).join(',\n')}\n${indent}}`;
}

/** Names of the rules that a module's solution adds, in order. */
export function ruleNames(checks: string, module: string): string[] {
  try {
    const build = parse(readFileSync(path.join(checks, module, 'solution', 'build.yaml'), 'utf8')) as {
      resources?: Resource[];
    } | null;
    return (build?.resources ?? []).flatMap(({ kind, name }) => (kind === 'rule' && name !== undefined ? [name] : []));
  } catch {
    return [];
  }
}
