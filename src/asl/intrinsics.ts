import { AslSyntaxError } from './errors.ts';
import { type Path, parsePathAt } from './path.ts';

/** An argument of an intrinsic function, as written. */
export type IntrinsicArgument =
  /** `raw` still has its escapes, which States.Format needs: it tells `\{` from `{`. */
  | { kind: 'string'; raw: string; value: string }
  | { kind: 'literal'; value: number | boolean | null }
  | { kind: 'path'; path: Path }
  | { kind: 'call'; call: Intrinsic };

/** A call of an intrinsic function that has been read. */
export interface Intrinsic {
  readonly text: string;
  readonly name: string;
  readonly args: readonly IntrinsicArgument[];
}

/** How many arguments each function takes: at least, at most ("Intrinsics for JSONPath states", AWS). */
const ARITY: Record<string, [number, number]> = {
  Array: [0, Number.POSITIVE_INFINITY],
  ArrayPartition: [2, 2],
  ArrayContains: [2, 2],
  ArrayRange: [3, 3],
  ArrayGetItem: [2, 2],
  ArrayLength: [1, 1],
  ArrayUnique: [1, 1],
  Base64Encode: [1, 1],
  Base64Decode: [1, 1],
  Hash: [2, 2],
  JsonMerge: [3, 3],
  StringToJson: [1, 1],
  JsonToString: [1, 1],
  MathRandom: [2, 3],
  MathAdd: [2, 2],
  StringSplit: [2, 2],
  UUID: [0, 0],
  Format: [1, Number.POSITIVE_INFINITY],
};

class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(message: string, at = this.at): never {
    throw new AslSyntaxError(message, at);
  }

  blank(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at++;
  }

  call(): Intrinsic {
    const start = this.at;
    const name = /^States\.([A-Za-z0-9]+)/.exec(this.text.slice(this.at))?.[1];
    if (name === undefined) return this.fail('Expected the name of an intrinsic function, such as States.Format');
    const arity = Object.hasOwn(ARITY, name) ? ARITY[name] : undefined;
    if (!arity) return this.fail(`There is no intrinsic function States.${name}`);
    this.at += `States.${name}`.length;
    this.blank();
    if (this.text.charAt(this.at) !== '(') this.fail("Expected '('");
    this.at++;
    const args = this.arguments();
    if (args.length < arity[0] || args.length > arity[1])
      this.fail(`Invalid number of arguments for States.${name}`, start);
    return { text: this.text.slice(start, this.at), name, args };
  }

  arguments(): IntrinsicArgument[] {
    const args: IntrinsicArgument[] = [];
    this.blank();
    if (this.text.charAt(this.at) === ')') {
      this.at++;
      return args;
    }
    for (;;) {
      this.blank();
      args.push(this.argument());
      this.blank();
      const c = this.text.charAt(this.at++);
      if (c === ')') return args;
      if (c !== ',') this.fail("Expected ',' or ')'", this.at - 1);
    }
  }

  argument(): IntrinsicArgument {
    const c = this.text.charAt(this.at);
    if (c === "'") return this.string();
    if (c === '$') {
      const { path, end } = parsePathAt(this.text, this.at);
      this.at = end;
      return { kind: 'path', path };
    }
    if (this.text.startsWith('States.', this.at)) return { kind: 'call', call: this.call() };
    const word = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(this.text.slice(this.at))?.[0];
    if (word === undefined) return this.fail('Expected a string in single quotes, a number, a path or a function');
    this.at += word.length;
    return { kind: 'literal', value: JSON.parse(word) as number | boolean | null };
  }

  string(): IntrinsicArgument {
    const start = ++this.at;
    let value = '';
    for (; this.at < this.text.length; this.at++) {
      const c = this.text.charAt(this.at);
      if (c === "'") {
        const raw = this.text.slice(start, this.at++);
        return { kind: 'string', raw, value };
      }
      if (c === '\\') {
        // "Reserved characters in intrinsic functions": a backslash before anything else is an error.
        const next = this.text.charAt(++this.at);
        if (!/['{}\\]/.test(next)) this.fail('Illegal escape sequence', this.at - 1);
        value += next;
      } else value += c;
    }
    return this.fail('Missing closing quote', start - 1);
  }
}

const cache = new Map<string, Intrinsic | AslSyntaxError>();

/**
 * Reads a call of an intrinsic function: "States.Format('Hello {}', $.name)".
 * @throws AslSyntaxError with the position of what cannot be read, an unknown name or a wrong number of arguments
 */
export function parseIntrinsic(text: string): Intrinsic {
  let known = cache.get(text);
  if (known === undefined) {
    try {
      const reader = new Reader(text);
      known = reader.call();
      if (reader.at < text.length) reader.fail(`Unexpected '${text.charAt(reader.at)}'`);
    } catch (error) {
      if (!(error instanceof AslSyntaxError)) throw error;
      known = error;
    }
    if (cache.size > 5000) cache.clear();
    cache.set(text, known);
  }
  if (known instanceof AslSyntaxError) throw known;
  return known;
}

/** Every path named in the arguments, nested calls included. */
export function pathsOf(intrinsic: Intrinsic): Path[] {
  return intrinsic.args.flatMap((arg) =>
    arg.kind === 'path' ? [arg.path] : arg.kind === 'call' ? pathsOf(arg.call) : [],
  );
}
