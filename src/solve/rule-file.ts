/** A rule from a learner's own small file: read, checked and turned into what a build wants. Touches the disk. */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { EXIT, PressoError } from '../errors.ts';
import { parsePattern } from '../event-pattern/index.ts';
import { nearest, word } from '../text.ts';
import { BUS_NAME } from '../workshop.ts';
import type { TargetWanted, Wanted } from './build.ts';

const FIELDS = ['name', 'bus', 'pattern', 'state', 'target'];
const TARGETS = ['workflow', 'function', 'logGroup'];

/**
 * Reads `{name, pattern, target: {workflow | function | logGroup}}`, as YAML or JSON; `bus` (Serverlesspresso) and `state`
 * (ENABLED) may stand there too. A function is named by a part of its name. What a rule needs to reach its target comes
 * along, as the console would make it: a role for a workflow, a permission for a function, nothing for a log group.
 * Refused with `bad-rule`, file, line and column where the file says something else.
 */
export function readRuleFile(file: string): Wanted[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PressoError('no-file', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso rule push --help',
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const wrong = (what: string, offset = 0): never => {
    const { line, col } = lines.linePos(offset);
    throw new PressoError('bad-rule', `${file}:${line}:${col}: ${what}.`, {
      hint: `presso rule push ${word(file)} --dry-run   (after you changed it)`,
      exit: EXIT.no,
    });
  };
  const [error] = document.errors;
  if (error) wrong(`this is not YAML (${error.message.split('\n')[0] ?? ''})`, error.pos[0]);
  const root = document.contents;
  if (!isMap(root)) return wrong('a rule is written as name, pattern and target');
  const at = (key: string): number => (root.get(key, true) as Node | undefined)?.range?.[0] ?? 0;
  for (const { key } of root.items)
    if (isScalar(key) && !FIELDS.includes(String(key.value)))
      wrong(unknown(String(key.value), FIELDS, 'a field of a rule'), key.range?.[0]);
  const value = document.toJS() as Record<string, unknown>;
  const { name, bus = BUS_NAME, state = 'ENABLED' } = value;
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name))
    return wrong('name is 1 to 64 letters, digits, dots, hyphens and underscores', at('name'));
  if (typeof bus !== 'string' || bus === '') return wrong('bus is the name of an event bus', at('bus'));
  if (state !== 'ENABLED' && state !== 'DISABLED') return wrong('state is ENABLED or DISABLED', at('state'));
  if (typeof value['pattern'] !== 'object' || value['pattern'] === null)
    return wrong('pattern holds the fields that the rule asks for', at('pattern'));
  const pattern = JSON.stringify(value['pattern']);
  try {
    parsePattern(pattern);
  } catch (refusal) {
    wrong(`EventBridge would refuse the pattern (${(refusal as Error).message.replace(/\.+$/, '')})`, at('pattern'));
  }
  const target = value['target'];
  if (typeof target !== 'object' || target === null || Array.isArray(target))
    return wrong(`target holds one of ${TARGETS.join(', ')}`, at('target'));
  const [[kind, whom] = ['', ''], ...more] = Object.entries(target);
  if (!TARGETS.includes(kind)) return wrong(unknown(kind, TARGETS, 'a target'), at('target'));
  if (more.length > 0) return wrong('a rule of this file has one target; write a file for each', at('target'));
  if (typeof whom !== 'string' || whom === '') return wrong(`${kind} is a name`, at('target'));
  return withRights({ name, bus, state, pattern }, kind, whom);
}

const unknown = (said: string, known: readonly string[], what: string): string => {
  const near = nearest(said, known);
  return `"${said}" is not ${what}; ${near ? `did you mean ${near}` : `there are ${known.join(', ')}`}`;
};

function withRights(
  rule: { name: string; bus: string; state: 'ENABLED' | 'DISABLED'; pattern: string },
  kind: string,
  whom: string,
): Wanted[] {
  const ruled = (target: Omit<TargetWanted, 'id'>): Wanted => ({
    kind: 'rule',
    ...rule,
    targets: [{ id: kind, ...target }],
  });
  if (kind === 'logGroup') return [ruled({ logGroup: whom })];
  if (kind === 'function') {
    const ref = { contains: whom };
    return [ruled({ function: ref }), { kind: 'permission', function: ref, rule: rule.name }];
  }
  // The name that the console would give it, so that whoever tidies up knows it again.
  const role = `Amazon_EventBridge_Invoke_Step_Functions_${rule.name}`.slice(0, 64);
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['states:StartExecution'], Resource: [`\${workflow.${whom}.arn}`] }],
  };
  return [
    {
      kind: 'role',
      name: role,
      path: '/service-role/',
      service: 'events.amazonaws.com',
      policies: { InvokeStepFunctions: policy },
    },
    ruled({ workflow: whom, role }),
  ];
}
