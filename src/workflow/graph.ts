/** A definition as a graph: states, and the ways between them in words. Pure; JSONPath and JSONata alike. */

export interface Node {
  name: string;
  type: string;
  /** What it does, short: `dynamodb:getItem`, `sends OrderProcessor.orderFinished` */
  does: string;
  /** It pauses until a task token comes back. */
  waits: boolean;
  /** How long it waits at most, in words: `900 s`. */
  limit?: string;
  /** The workflow may end here. */
  ends: boolean;
  /** The branches of a Parallel, the one loop of a Map. */
  inside: Graph[];
}

export interface Edge {
  from: string;
  to: string;
  kind: 'next' | 'choice' | 'default' | 'catch';
  /** The condition, or the errors; empty for `next`. */
  label: string;
}

export interface Graph {
  start: string;
  nodes: Node[];
  edges: Edge[];
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Takes what can be read of a definition; what is not there is left out, so that a half-built one can be drawn too. */
export function graphOf(definition: unknown): Graph {
  const machine = isObject(definition) ? definition : {};
  const states = Object.entries(isObject(machine['States']) ? machine['States'] : {}).flatMap(([name, state]) =>
    isObject(state) ? [{ name, state }] : [],
  );
  return {
    start: text(machine['StartAt']) || (states[0]?.name ?? ''),
    nodes: states.map(({ name, state }) => nodeOf(name, state)),
    edges: states.flatMap(({ name, state }) => edgesOf(name, state)),
  };
}

function nodeOf(name: string, state: Json): Node {
  const type = text(state['Type']) || '?';
  const resource = text(state['Resource']);
  const seconds = state['HeartbeatSeconds'] ?? state['TimeoutSeconds'];
  const limit = seconds ?? state['HeartbeatSecondsPath'] ?? state['TimeoutSecondsPath'];
  const loop = state['ItemProcessor'] ?? state['Iterator'];
  return {
    name,
    type,
    does: doesOf(type, resource, state),
    waits: resource.endsWith('.waitForTaskToken'),
    ...(limit === undefined ? {} : { limit: typeof seconds === 'number' ? `${seconds} s` : String(limit) }),
    ends: state['End'] === true || type === 'Succeed' || type === 'Fail',
    inside: [...list(state['Branches']), ...(isObject(loop) ? [loop] : [])].map(graphOf),
  };
}

function doesOf(type: string, resource: string, state: Json): string {
  if (type === 'Fail') return text(state['Error']);
  if (type === 'Wait') {
    const until = state['Seconds'] ?? state['Timestamp'] ?? state['SecondsPath'] ?? state['TimestampPath'];
    return until === undefined ? '' : typeof until === 'number' ? `${until} s` : String(until);
  }
  if (type !== 'Task') return '';
  const sent = sentTypes(state);
  if (/:events:putEvents(\.|$)/.test(resource) && sent.length > 0) return `sends ${sent.join(', ')}`;
  return resource
    .replace(/\.(waitForTaskToken|sync(:2)?)$/, '')
    .replace(/^arn:[^:]*:states:[^:]*:[^:]*:/, '')
    .replace(/^arn:[^:]*:lambda:[^:]*:[^:]*:function:/, 'function ');
}

function sentTypes(state: Json): string[] {
  const input = state['Parameters'] ?? state['Arguments'];
  return list(isObject(input) ? input['Entries'] : undefined)
    .map((entry) => text(entry['DetailType']))
    .filter(Boolean);
}

function edgesOf(from: string, state: Json): Edge[] {
  const edges: Edge[] = [];
  const add = (kind: Edge['kind'], to: unknown, label = ''): void => {
    if (typeof to === 'string') edges.push({ from, to, kind, label });
  };
  for (const rule of list(state['Choices'])) add('choice', rule['Next'], condition(rule));
  add('default', state['Default'], 'otherwise');
  add('next', state['Next']);
  for (const catcher of list(state['Catch'])) {
    const errors = Array.isArray(catcher['ErrorEquals']) ? catcher['ErrorEquals'].map(String) : [];
    add('catch', catcher['Next'], `on ${errors.join(', ')}`);
  }
  return edges;
}

const OPERATORS: Record<string, string> = {
  Equals: '=',
  LessThan: '<',
  GreaterThan: '>',
  LessThanEquals: '≤',
  GreaterThanEquals: '≥',
  Matches: 'is like',
};

/** A rule of a Choice in words: `$.a = true`, `$.b is present and …` */
export function condition(rule: Json): string {
  if (typeof rule['Condition'] === 'string') return rule['Condition'].replace(/^\{%\s*|\s*%\}$/g, '');
  if (rule['Not'] !== undefined) return `not (${isObject(rule['Not']) ? condition(rule['Not']) : '?'})`;
  for (const [name, word] of [
    ['And', ' and '],
    ['Or', ' or '],
  ] as const)
    if (rule[name] !== undefined)
      return list(rule[name])
        .map((inner) => ((inner['And'] ?? inner['Or']) ? `(${condition(inner)})` : condition(inner)))
        .join(word);
  const variable = text(rule['Variable']);
  for (const [name, value] of Object.entries(rule)) {
    const compared = /^(?:String|Numeric|Boolean|Timestamp)([A-Za-z]+?)(Path)?$/.exec(name);
    const sign = OPERATORS[compared?.[1] ?? ''];
    if (compared && sign)
      return `${variable} ${sign} ${compared[2] || typeof value !== 'string' ? String(value) : JSON.stringify(value)}`;
    const kind = /^Is(Present|Null|String|Numeric|Boolean|Timestamp)$/.exec(name);
    if (kind) return `${variable} is ${value === false ? 'not ' : ''}${(kind[1] ?? '').toLowerCase()}`;
  }
  return variable || '?';
}

/** States that no way leads to; those inside other states count for themselves. */
export function unreached({ start, nodes, edges }: Graph): string[] {
  const met = new Set<string>();
  const todo = [start];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (met.has(name)) continue;
    met.add(name);
    for (const edge of edges) if (edge.from === name) todo.push(edge.to);
  }
  return nodes.map(({ name }) => name).filter((name) => !met.has(name));
}
