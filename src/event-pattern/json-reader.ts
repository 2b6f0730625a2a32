// One file because it is one scanner: positions and wordings of its errors depend on how far each token has been read.

/** A JSON text that cannot be read; the message ends with where, as Jackson (the reader behind EventBridge) words it. */
export class JsonFault extends Error {
  override name = 'JsonFault';
}

export type Token = '{' | '}' | '[' | ']' | 'name' | 'string' | 'number' | 'true' | 'false' | 'null' | 'end';

interface Opened {
  object: boolean;
  entries: number;
  line: number;
  column: number;
}

const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const SNIPPET = 500;
const UNPLAIN = /[\\\x00-\x1f]/;

/**
 * Reads JSON token by token and knows line and column at every moment. EventBridge's answer to a bad pattern carries the
 * place its reader had reached, and that reader is lazy: a string is read to its end only when its text is asked for, and
 * the start of a value is read together with the name before it.
 */
export class JsonReader {
  readonly source: string;
  token: Token = 'end';
  private at = 0;
  private line = 1;
  private lineStart = 0;
  private waiting: Token | undefined;
  private inString = false;
  private value = '';
  private nameText = '';
  private readonly opened: Opened[] = [];

  constructor(source: string) {
    this.source = source;
  }

  /** Moves to the next token. */
  next(): Token {
    if (this.waiting) {
      const token = this.waiting;
      this.waiting = undefined;
      if (token === '{' || token === '[') this.open(token === '{');
      this.token = token;
      return token;
    }
    if (this.inString) this.finishString();
    this.token = this.advance();
    return this.token;
  }

  /** The name last read. */
  get name(): string {
    return this.nameText;
  }

  /** Text of the present token: a string's content, a number as it was written, a bracket itself. */
  text(): string {
    if (this.inString) this.value = this.finishString();
    switch (this.token) {
      case 'string':
      case 'number':
        return this.value;
      case 'name':
        return this.nameText;
      case 'end':
        return 'null';
      default:
        return this.token;
    }
  }

  /** A complaint about what stands here. */
  fault(message: string): JsonFault {
    return new JsonFault(`${message}\n at ${this.where(this.line, this.at - this.lineStart + 1)}`);
  }

  private where(line: number, column: number): string {
    const shown = this.source.slice(0, SNIPPET).replace(/[\p{Cc}]/gu, (control) => {
      const code = control.charCodeAt(0);
      return code === 10 || code === 13 ? control : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
    });
    const rest = this.source.length - SNIPPET;
    return `[Source: (String)"${shown}"${rest > 0 ? `[truncated ${rest} chars]` : ''}; line: ${line}, column: ${column}]`;
  }

  private open(object: boolean): void {
    this.opened.push({ object, entries: 0, line: this.line, column: this.at - this.lineStart });
  }

  private advance(): Token {
    const inside = this.opened.at(-1);
    let char = this.skipSpace();
    if (char === undefined) {
      if (!inside) return 'end';
      throw this.fault(
        `Unexpected end-of-input: expected close marker for ${inside.object ? 'Object' : 'Array'} (start marker at ${this.where(inside.line, inside.column)})`,
      );
    }
    if (char === '}' || char === ']') {
      this.at++;
      if (!inside) throw this.unexpected(char, 'expected a valid value (JSON String, Number, Array, Object or token)');
      const mine = inside.object ? '}' : ']';
      if (char !== mine)
        throw this.faultAtChar(
          `Unexpected close marker '${char}': expected '${mine}' (for ${inside.object ? 'Object' : 'Array'} starting at ${this.where(inside.line, inside.column)})`,
        );
      this.opened.pop();
      return char;
    }
    if (inside && inside.entries++ > 0) {
      this.at++;
      if (char !== ',')
        throw this.unexpected(char, `was expecting comma to separate ${inside.object ? 'Object' : 'Array'} entries`);
      char = this.skipSpace();
      if (char === undefined) throw this.fault('Unexpected end-of-input within/between Array entries');
    }
    if (!inside?.object) {
      const token = this.startValue(char);
      if (token === '{' || token === '[') this.open(token === '{');
      return token;
    }
    this.at++;
    if (char !== '"') throw this.unexpected(char, 'was expecting double-quote to start field name');
    this.nameText = this.readString('in field name');
    const colon = this.skipSpace();
    if (colon === undefined) throw this.fault('Unexpected end-of-input within/between Object entries');
    this.at++;
    if (colon !== ':') throw this.unexpected(colon, 'was expecting a colon to separate field name and value');
    const first = this.skipSpace();
    if (first === undefined) throw this.fault('Unexpected end-of-input within/between Object entries');
    this.waiting = this.startValue(first);
    return 'name';
  }

  private startValue(char: string): Token {
    switch (char) {
      case '"':
        this.at++;
        this.inString = true;
        return 'string';
      case '{':
      case '[':
        this.at++;
        return char;
      case 't':
        return this.literal('true');
      case 'f':
        return this.literal('false');
      case 'n':
        return this.literal('null');
      default:
        if (char === '-' || (char >= '0' && char <= '9')) return this.number();
        if (/[\p{L}_$]/u.test(char)) throw this.unknownToken();
        this.at++;
        throw this.unexpected(
          char,
          char === ']' || char === '}' ? 'expected a value' : `expected a valid value ${VALUES}`,
        );
    }
  }

  private literal(word: 'true' | 'false' | 'null'): Token {
    if (!this.source.startsWith(word, this.at) || /[\p{L}\p{N}_$]/u.test(this.source[this.at + word.length] ?? ' '))
      throw this.unknownToken();
    this.at += word.length;
    return word;
  }

  private unknownToken(): JsonFault {
    const start = this.at;
    while (/[\p{L}\p{N}_$]/u.test(this.source[this.at] ?? ' ')) this.at++;
    const word = this.source.slice(start, this.at);
    if (word === 'NaN')
      return this.fault("Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow");
    return this.fault(`Unrecognized token '${word}': was expecting ${VALUES}`);
  }

  private number(): Token {
    const start = this.at;
    const digit = () => {
      const char = this.source[this.at] ?? '';
      return char >= '0' && char <= '9';
    };
    if (this.source[this.at] === '-') {
      this.at++;
      if (!digit()) throw this.badNumber('expected digit (0-9) to follow minus sign, for valid numeric value');
    }
    if (this.source[this.at] === '0') {
      this.at++;
      if (digit()) throw this.fault('Invalid numeric value: Leading zeroes not allowed');
    } else while (digit()) this.at++;
    if (this.source[this.at] === '.') {
      this.at++;
      if (!digit()) throw this.badNumber('Decimal point not followed by a digit');
      while (digit()) this.at++;
    }
    if (/[eE]/.test(this.source[this.at] ?? ' ')) {
      this.at++;
      if (/[+-]/.test(this.source[this.at] ?? ' ')) this.at++;
      if (!digit()) throw this.badNumber('Exponent indicator not followed by a digit');
      while (digit()) this.at++;
    }
    this.value = this.source.slice(start, this.at);
    return 'number';
  }

  private badNumber(reason: string): JsonFault {
    const char = this.source[this.at];
    if (char === undefined) return this.fault('Unexpected end-of-input in a Number value');
    this.at++;
    return this.faultAtChar(`Unexpected character (${described(char)}) in numeric value: ${reason}`);
  }

  private finishString(): string {
    this.inString = false;
    return this.readString(': was expecting closing quote for a string value');
  }

  /** Reads on to the closing quote; the opening one is behind. */
  private readString(unfinished: string): string {
    const quote = this.source.indexOf('"', this.at);
    if (quote >= 0) {
      const plain = this.source.slice(this.at, quote);
      if (!UNPLAIN.test(plain)) {
        this.at = quote + 1;
        return plain;
      }
    }
    let text = '';
    let from = this.at;
    for (;;) {
      const char = this.source[this.at];
      if (char === undefined)
        throw this.fault(`Unexpected end-of-input${unfinished.startsWith(':') ? '' : ' '}${unfinished}`);
      if (char === '"') {
        text += this.source.slice(from, this.at++);
        return text;
      }
      if (char === '\\') {
        text += this.source.slice(from, this.at++) + this.escape();
        from = this.at;
        continue;
      }
      this.at++;
      if (char < ' ')
        throw this.faultAtChar(
          `Illegal unquoted character (${described(char)}): has to be escaped using backslash to be included in ${unfinished.startsWith(':') ? 'string value' : 'name'}`,
        );
    }
  }

  private escape(): string {
    const char = this.source[this.at++];
    const simple: Record<string, string> = {
      b: '\b',
      t: '\t',
      n: '\n',
      f: '\f',
      r: '\r',
      '"': '"',
      '/': '/',
      '\\': '\\',
    };
    if (char === undefined) throw this.fault('Unexpected end-of-input in character escape sequence');
    if (char !== 'u') {
      const meant = simple[char];
      if (meant === undefined) throw this.faultAtChar(`Unrecognized character escape ${described(char)}`);
      return meant;
    }
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const hex = this.source[this.at++];
      if (hex === undefined) throw this.fault('Unexpected end-of-input in character escape sequence');
      if (!/[0-9a-fA-F]/.test(hex)) throw this.unexpected(hex, 'expected a hex-digit for character escape sequence');
      code = code * 16 + Number.parseInt(hex, 16);
    }
    return String.fromCharCode(code);
  }

  private skipSpace(): string | undefined {
    for (;;) {
      const char = this.source[this.at];
      if (char === undefined) return undefined;
      if (char === '\n' || (char === '\r' && this.source[this.at + 1] !== '\n')) {
        this.at++;
        this.line++;
        this.lineStart = this.at;
      } else if (char === ' ' || char === '\t' || char === '\r') this.at++;
      else if (char < ' ') {
        this.at++;
        throw this.faultAtChar(
          `Illegal character (${described(char)}): only regular white space (\\r, \\n, \\t) is allowed between tokens`,
        );
      } else if (char === '/') {
        this.at++;
        throw this.unexpected(
          char,
          "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)",
        );
      } else return char;
    }
  }

  private unexpected(char: string, expected: string): JsonFault {
    return this.faultAtChar(`Unexpected character (${described(char)}): ${expected}`);
  }

  /** Complaints about one character point at it, although the reader is already past it. */
  private faultAtChar(message: string): JsonFault {
    return new JsonFault(`${message}\n at ${this.where(this.line, this.at - this.lineStart)}`);
  }
}

function described(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 32 || (code >= 127 && code < 160)) return `(CTRL-CHAR, code ${code})`;
  return code > 255 ? `'${char}' (code ${code} / 0x${code.toString(16)})` : `'${char}' (code ${code})`;
}
