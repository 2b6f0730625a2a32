/**
 * Filter patterns of JSON events (CloudWatch Logs User Guide, "Filter pattern syntax": JSON log events):
 * `{ $.detail-type = "OrderManager.*" && ($.detail.n > 2 || $.detail.user NOT EXISTS) }`. Pure.
 */
export type JsonFilter = (event: unknown) => boolean;

interface Token {
  kind: 'selector' | 'string' | 'word' | 'sign';
  text: string;
}

const TOKEN =
  /\s*(?:(\$(?:\.[\p{L}\p{N}_-]+|\.?\[\d+\]|\.?\['[^']+'\])+)|"((?:[^"\\]|\\.)*)"|(&&|\|\||!=|<=|>=|[=<>(){}])|([\p{L}\p{N}_.*+:/@#-]+))/uy;

/**
 * What a pattern accepts, given the parsed event. A comparison with a property that is not there is never true; strings may
 * hold `*` for any text.
 * @throws Error with the reason, where it is no pattern of this kind
 */
export function parseJsonPattern(pattern: string): JsonFilter {
  const tokens = tokenize(pattern);
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const sign = (text: string): boolean => {
    const token = peek();
    if (token?.kind !== 'sign' || token.text !== text) return false;
    at++;
    return true;
  };
  const word = (text: string): boolean => {
    const token = peek();
    if (token?.kind !== 'word' || token.text.toUpperCase() !== text) return false;
    at++;
    return true;
  };

  const either = (): JsonFilter => {
    let left = both();
    while (sign('||')) {
      const [first, second] = [left, both()];
      left = (event) => first(event) || second(event);
    }
    return left;
  };
  const both = (): JsonFilter => {
    let left = one();
    while (sign('&&')) {
      const [first, second] = [left, one()];
      left = (event) => first(event) && second(event);
    }
    return left;
  };
  const one = (): JsonFilter => {
    if (sign('(')) {
      const inner = either();
      if (!sign(')')) throw new Error('a parenthesis is not closed');
      return inner;
    }
    const selector = peek();
    if (selector?.kind !== 'selector') throw new Error('a selector such as $.detail is expected');
    at++;
    const path = steps(selector.text);
    if (word('NOT')) {
      if (!word('EXISTS')) throw new Error('NOT is followed by EXISTS');
      return (event) => valueAt(event, path) === undefined;
    }
    if (word('IS')) {
      for (const [name, wanted] of [
        ['NULL', null],
        ['TRUE', true],
        ['FALSE', false],
      ] as const)
        if (word(name)) return (event) => valueAt(event, path) === wanted;
      throw new Error('IS is followed by NULL, TRUE or FALSE');
    }
    const operator = ['=', '!=', '<=', '>=', '<', '>'].find(sign);
    const value = peek();
    if (operator === undefined || (value?.kind !== 'string' && value?.kind !== 'word'))
      throw new Error('a selector is compared with a value');
    at++;
    return comparison(path, operator, value);
  };

  if (!sign('{')) throw new Error('it begins with {');
  const filter = either();
  if (!sign('}') || at < tokens.length) throw new Error('it ends with }');
  return filter;
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  const text = pattern.trim();
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) throw new Error(`it cannot be read from "${text.slice(at, at + 20)}" on`);
    const [, selector, string, sign, word] = found;
    if (selector !== undefined) tokens.push({ kind: 'selector', text: selector });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string.replace(/\\(["\\])/g, '$1') });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'word', text: word ?? '' });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

function steps(selector: string): (string | number)[] {
  return [...selector.matchAll(/\.([\p{L}\p{N}_-]+)|\[(\d+)\]|\['([^']+)'\]/gu)].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
}

function valueAt(event: unknown, path: (string | number)[]): unknown {
  let at = event;
  for (const step of path) {
    if (at === null || typeof at !== 'object') return undefined;
    if (typeof step === 'number') at = Array.isArray(at) ? at[step] : undefined;
    else at = !Array.isArray(at) && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : undefined;
  }
  return at;
}

function comparison(path: (string | number)[], operator: string, { kind, text }: Token): JsonFilter {
  const number = kind === 'word' && /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
  if (operator === '=' || operator === '!=') {
    const equal = (value: unknown): boolean => {
      if (number !== undefined && typeof value === 'number') return value === number;
      return typeof value === 'string' && like(text, value);
    };
    return (event) => {
      const value = valueAt(event, path);
      return value !== undefined && equal(value) === (operator === '=');
    };
  }
  if (number === undefined) throw new Error(`${operator} compares with a number, not with ${text}`);
  return (event) => {
    const value = valueAt(event, path);
    if (typeof value !== 'number') return false;
    if (operator === '<') return value < number;
    if (operator === '>') return value > number;
    return operator === '<=' ? value <= number : value >= number;
  };
}

/** Text with `*` for any part. Walks from part to part, so that no pattern takes long. */
function like(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === text;
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
