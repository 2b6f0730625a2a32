/** Which names a value refers to, without resolving it. Pure. */
import { isObject } from './model.ts';

export interface Reference {
  kind: 'ref' | 'attribute' | 'condition' | 'sub';
  name: string;
  attribute?: string;
}

/** Every name in `${…}` of an Fn::Sub text; `${!Literal}` is none. */
export function subNames(text: string): string[] {
  return [...text.matchAll(/\$\{([^}]*)\}/g)]
    .map((match) => (match[1] ?? '').trim())
    .filter((name) => !name.startsWith('!'));
}

/** `decided` says how conditions came out, so that only the branch of an Fn::If that counts is followed; without it both are. */
export function referencesOf(value: unknown, decided?: Record<string, boolean>): Reference[] {
  const found: Reference[] = [];
  const walk = (at: unknown): void => {
    if (Array.isArray(at)) {
      for (const item of at) walk(item);
      return;
    }
    if (!isObject(at)) return;
    const keys = Object.keys(at);
    const key = keys.length === 1 ? (keys[0] as string) : '';
    const argument = at[key];
    if (key === 'Ref' && typeof argument === 'string') found.push({ kind: 'ref', name: argument });
    else if (key === 'Condition' && typeof argument === 'string') found.push({ kind: 'condition', name: argument });
    else if (key === 'Fn::GetAtt') {
      const [name, ...rest] =
        typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : [];
      if (typeof name === 'string' && rest.length > 0)
        found.push({ kind: 'attribute', name, attribute: rest.filter(isText).join('.') });
      for (const item of rest) walk(item);
    } else if (key === 'Fn::Sub') {
      const [text, variables] = Array.isArray(argument) ? argument : [argument, undefined];
      const own = isObject(variables) ? variables : {};
      for (const name of typeof text === 'string' ? subNames(text) : []) {
        if (Object.hasOwn(own, name)) continue;
        const dot = name.indexOf('.');
        if (dot < 0) found.push({ kind: 'sub', name });
        else found.push({ kind: 'attribute', name: name.slice(0, dot), attribute: name.slice(dot + 1) });
      }
      for (const item of Object.values(own)) walk(item);
    } else if (key === 'Fn::If' && Array.isArray(argument)) {
      const [condition, yes, no] = argument;
      if (typeof condition === 'string') {
        found.push({ kind: 'condition', name: condition });
        if (decided && Object.hasOwn(decided, condition)) {
          walk(decided[condition] ? yes : no);
          return;
        }
      }
      walk(yes);
      walk(no);
    } else for (const item of Object.values(at)) walk(item);
  };
  walk(value);
  return found;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
