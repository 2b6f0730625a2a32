import type { Selector } from '../facts.ts';
import { type LessonTag, maybe, text } from './tag.ts';

export const definition: LessonTag = {
  name: 'definition',
  schema: {
    render: 'definition',
    selfClosing: true,
    attributes: {
      source: { type: String, required: true },
      state: { type: [String, Array] },
      path: { type: String, matches: /^\// },
      rule: { type: String },
      role: { type: String },
      show: { type: String, matches: ['pattern', 'targets'] },
      title: { type: String },
      file: { type: String },
    },
  },
  toBlock: ({ attributes }, { facts }) => {
    const selector = selectorOf(attributes);
    const found = facts.definition(selector);
    if ('problem' in found) return { kind: 'missing', what: found.problem };
    return {
      kind: 'code',
      language: 'json',
      text: found.value,
      ...maybe('title', attributes['title']),
      ...maybe('file', attributes['file']),
      fragment: selector.state !== undefined,
      origin: originOf(selector),
    };
  },
};

export function selectorOf(attributes: Record<string, unknown>): Selector {
  const { state } = attributes;
  return {
    source: text(attributes['source']),
    ...(typeof state === 'string' ? { state } : Array.isArray(state) ? { state: state.map(String) } : {}),
    ...maybe('path', attributes['path']),
    ...maybe('rule', attributes['rule']),
    ...maybe('role', attributes['role']),
    ...maybe('show', attributes['show']),
  };
}

function originOf({ source, state, path, rule, role }: Selector): string {
  const part = state === undefined ? (path ?? rule ?? role) : [state].flat().join(', ');
  return part === undefined ? source : `${source} · ${part}`;
}
