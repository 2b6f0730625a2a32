/** Reads checks/<module>/checks.yaml, and live.yaml beside it; what is wrong in it is said with line and column. Touches the disk. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { PressoError } from '../errors.ts';
import { nearest } from '../text.ts';
import type { Check, Checklist } from './types.ts';

/** The checks that need a real test order lie beside the others: who only reads never meets them. */
const LIVE_FILE = 'live.yaml';

const FIELDS = ['id', 'title', 'kind', 'expect', 'hints', 'lesson', 'needs'] as const;

/** The checklists in `dir`, one a module, in the order of `modules`. */
export function readChecklists(dir: string, modules: readonly string[], kinds: ReadonlySet<string>): Checklist[] {
  const there = new Set(existsSync(dir) ? readdirSync(dir) : []);
  const lists = modules
    .filter((module) => there.has(module) && existsSync(path.join(dir, module, 'checks.yaml')))
    .map((module) => readChecklist(path.join(dir, module, 'checks.yaml'), module, kinds));
  const ids = new Set(lists.flatMap(({ checks }) => checks.map(({ id }) => id)));
  for (const { module, checks } of lists)
    for (const { id, needs } of checks)
      for (const need of needs)
        if (!ids.has(need))
          throw bad(path.join(dir, module, 'checks.yaml'), `${id} needs "${need}", which is not a check`);
  return lists;
}

/** `lists` with the checks of their modules that need a real test order. */
export function withLiveChecks(dir: string, lists: readonly Checklist[], kinds: ReadonlySet<string>): Checklist[] {
  const ids = new Set(lists.flatMap(({ checks }) => checks.map(({ id }) => id)));
  return lists.map((list) => {
    const [, module = list.module, part] = /^(module-\d+)([a-z])$/.exec(list.module) ?? [];
    const file = path.join(dir, module, LIVE_FILE);
    if (!existsSync(file)) return list;
    const { checks } = readChecklist(file, module, kinds);
    // A need that is not judged this time cannot be waited for.
    const asked = checks
      .filter((check) => part === undefined || check.part === part)
      .map((check) => ({
        ...check,
        needs: check.needs.filter((id) => ids.has(id) || checks.some((one) => one.id === id)),
      }));
    return { ...list, checks: [...list.checks, ...asked] };
  });
}

export function readChecklist(file: string, module: string, kinds: ReadonlySet<string>): Checklist {
  const lines = new LineCounter();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw bad(file, `it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const document = parseDocument(text, { lineCounter: lines });
  const wrong = (what: string, node?: unknown): never => {
    const at = (node as Node | null | undefined)?.range?.[0];
    const position = at === undefined ? undefined : lines.linePos(at);
    throw bad(position ? `${file}:${position.line}:${position.col}` : file, what);
  };
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw bad(`${file}:${line}:${col}`, `this is not YAML (${error.message.split('\n')[0]})`);
  }
  const root = document.contents;
  const list = isMap(root) ? root.get('checks', true) : undefined;
  if (!isSeq(list)) return wrong('it needs a list called checks', root);
  const seen = new Set<string>();
  const checks = list.items.map((item): Check => {
    if (!isMap(item)) return wrong('a check is a mapping', item);
    const check = toCheck(item, kinds, wrong);
    if (!new RegExp(`^${module}[a-z]?\\.[a-z0-9-]+$`).test(check.id))
      wrong(`the id "${check.id}" is not of the form ${module}.name`, item.get('id', true));
    if (seen.has(check.id)) wrong(`the id "${check.id}" stands twice`, item.get('id', true));
    seen.add(check.id);
    return check;
  });
  return { module, checks };
}

function toCheck(item: YAMLMap, kinds: ReadonlySet<string>, wrong: (what: string, node?: unknown) => never): Check {
  for (const { key } of item.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (!FIELDS.includes(name as never))
      wrong(`"${name}" is not a field of a check; there are ${FIELDS.join(', ')}`, key);
  }
  const text = (name: string): string => {
    const node = item.get(name, true);
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value !== 'string' || value.trim() === '') return wrong(`a check needs a ${name}`, node ?? item);
    return value.trim();
  };
  const texts = (name: string, least: number): string[] => {
    const node = item.get(name, true);
    if (node === undefined && least === 0) return [];
    if (
      !isSeq(node) ||
      node.items.length < least ||
      !node.items.every((one) => isScalar(one) && typeof one.value === 'string')
    )
      return wrong(`a check needs ${name}: a list of ${least > 0 ? 'at least one text' : 'texts'}`, node ?? item);
    return node.items.map((one) => String((one as { value: unknown }).value).trim());
  };
  const kind = text('kind');
  if (!kinds.has(kind)) {
    const near = nearest(kind, kinds);
    wrong(
      `"${kind}" is not a kind of check${near ? `; did you mean ${near}` : `; there are ${[...kinds].join(', ')}`}`,
      item.get('kind', true),
    );
  }
  const expect = item.get('expect', true);
  if (expect !== undefined && !isMap(expect)) wrong('expect is a mapping', expect);
  const id = text('id');
  const part = /^module-\d+([a-z])\./.exec(id)?.[1];
  return {
    id,
    title: text('title'),
    kind,
    expect: (isMap(expect) ? expect.toJSON() : {}) as Record<string, unknown>,
    hints: texts('hints', 1),
    lesson: text('lesson'),
    needs: texts('needs', 0),
    ...(part ? { part } : {}),
  };
}

function bad(where: string, what: string): PressoError {
  return new PressoError('bad-checks', `${where}: ${what}.`, { hint: 'presso verify --help' });
}
