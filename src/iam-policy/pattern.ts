/** A text of a policy with its wildcards and variables, ready to be compared. */
export interface Template {
  readonly source: string;
  readonly pieces: readonly Piece[];
  /** No wildcard and no variable: compare texts. */
  readonly plain: boolean;
}

type Piece =
  | { kind: 'text'; text: string }
  /** `*`. Inside a segment of an ARN it stops at a colon; at a segment's end it goes on ("IAM JSON policy elements: Resource"). */
  | { kind: 'many'; overColons: boolean }
  | { kind: 'one' }
  | { kind: 'variable'; key: string; otherwise: string | undefined };

/** Gives the single value of a context key, or undefined. */
export type Lookup = (key: string) => string | undefined;

/** Only a newer Version gives `${…}` a meaning ("IAM policy elements: Variables and tags"). */
export interface Language {
  wildcards: boolean;
  variables: boolean;
}

export function template(source: string, language: Language): Template {
  const pieces: Piece[] = [];
  let text = '';
  const end = () => {
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
  };
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i);
    const close = language.variables && source.startsWith('${', i) ? source.indexOf('}', i) : -1;
    if (close > 0) {
      const inside = source.slice(i + 2, close);
      i = close;
      if (inside === '*' || inside === '?' || inside === '$') {
        text += inside;
        continue;
      }
      const named = /^\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(inside);
      end();
      pieces.push({ kind: 'variable', key: (named?.[1] ?? inside).toLowerCase(), otherwise: named?.[2] });
    } else if (language.wildcards && char === '*') {
      end();
      const next = source[i + 1];
      pieces.push({ kind: 'many', overColons: next === undefined || next === ':' });
    } else if (language.wildcards && char === '?') {
      end();
      pieces.push({ kind: 'one' });
    } else text += char;
  }
  end();
  return { source, pieces, plain: pieces.every((piece) => piece.kind === 'text') };
}

/** The template with its variables filled in: the values are texts, never wildcards. Undefined where one is not known. */
function filled(pieces: readonly Piece[], lookup: Lookup): readonly Piece[] | undefined {
  if (!pieces.some((piece) => piece.kind === 'variable')) return pieces;
  const result: Piece[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'variable') {
      result.push(piece);
      continue;
    }
    const text = lookup(piece.key) ?? piece.otherwise;
    if (text === undefined) return undefined;
    result.push({ kind: 'text', text });
  }
  return result;
}

/** How far the stars of a text reach: in ARNs not over a colon (but at a segment's end), elsewhere over anything. */
export type Reach = 'arn' | 'anything';

/** Whether a text is one the template stands for. */
export function fits(wanted: Template, text: string, lookup: Lookup, reach: Reach, fold = false): boolean {
  if (wanted.plain) return fold ? plainText(wanted).toLowerCase() === text.toLowerCase() : plainText(wanted) === text;
  const pieces = filled(wanted.pieces, lookup);
  if (!pieces) return false;
  return walk(pieces, fold ? text.toLowerCase() : text, reach, fold);
}

function plainText(wanted: Template): string {
  const [only] = wanted.pieces;
  return only?.kind === 'text' ? only.text : '';
}

/** Greedy with one place to go back to; a star that stops at colons keeps the earlier place when it is stuck. */
function walk(pieces: readonly Piece[], text: string, reach: Reach, fold: boolean): boolean {
  const dead = new Set<number>();
  const from = (index: number, at: number): boolean => {
    for (let i = index; i < pieces.length; i++) {
      const piece = pieces[i];
      if (!piece) break;
      if (piece.kind === 'text') {
        if (!text.startsWith(fold ? piece.text.toLowerCase() : piece.text, at)) return false;
        at += piece.text.length;
      } else if (piece.kind === 'one') {
        if (at >= text.length || (reach === 'arn' && text[at] === ':')) return false;
        at++;
      } else if (piece.kind === 'many') {
        const over = reach === 'anything' || piece.overColons;
        if (i === pieces.length - 1) return over || !text.includes(':', at);
        const mark = i * (text.length + 1) + at;
        if (dead.has(mark)) return false;
        for (let next = at; next <= text.length; next++) {
          if (from(i + 1, next)) return true;
          if (!over && text[next] === ':') break;
        }
        dead.add(mark);
        return false;
      }
    }
    return at === text.length;
  };
  return from(0, 0);
}

/** The six parts of an ARN, colons after the fifth belonging to the last; undefined where there are fewer. */
export function arnParts(arn: string): string[] | undefined {
  const parts = arn.split(':');
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
