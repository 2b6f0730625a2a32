/**
 * Filter patterns: of plain terms here (CloudWatch Logs User Guide, "Filter pattern syntax": unstructured log events), of
 * JSON events in json-pattern.ts. Space-delimited and regular expression patterns are not built and refused. Pure.
 */
import { ServiceError } from '../../errors.ts';
import { type JsonFilter, parseJsonPattern } from './json-pattern.ts';

export type Filter = (message: string) => boolean;

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message, 400);
}

function jsonFilter(pattern: string): Filter {
  const lacking = /[=(]\s*%|\$[^\s=<>!]*\*/.exec(pattern.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
  if (lacking)
    throw invalid(
      `The sandbox does not carry ${lacking[0].startsWith('$') ? 'wildcards in selectors' : 'regular expressions'} of filter patterns: ${pattern}`,
    );
  let matches: JsonFilter;
  try {
    matches = parseJsonPattern(pattern);
  } catch (error) {
    throw invalid(`Invalid filter pattern: ${error instanceof Error ? error.message : String(error)}`);
  }
  return (message) => {
    // Most events of other kinds are told by their first character.
    if (!/^\s*[{[]/.test(message)) return false;
    try {
      return matches(JSON.parse(message));
    } catch {
      return false;
    }
  };
}

interface Term {
  text: string;
  sign: '' | '?' | '-';
}

/**
 * What a pattern accepts: every plain term, none of the `-terms`, and, where there are only `?terms`, any one of them
 * (beside plain terms AWS ignores the optional ones). An empty pattern accepts everything.
 * @throws ServiceError InvalidParameterException (400)
 */
export function parseFilterPattern(pattern: string): Filter {
  const trimmed = pattern.trim();
  if (trimmed.startsWith('{')) return jsonFilter(trimmed);
  if (trimmed.startsWith('[')) throw invalid(`The sandbox does not carry space-delimited filter patterns: ${trimmed}`);
  const terms = split(trimmed);
  const wanted = terms.filter((term) => term.sign === '').map((term) => term.text);
  const excluded = terms.filter((term) => term.sign === '-').map((term) => term.text);
  const optional = wanted.length > 0 ? [] : terms.filter((term) => term.sign === '?').map((term) => term.text);
  return (message) =>
    wanted.every((text) => message.includes(text)) &&
    !excluded.some((text) => message.includes(text)) &&
    (optional.length === 0 || optional.some((text) => message.includes(text)));
}

function split(pattern: string): Term[] {
  const terms: Term[] = [];
  let at = 0;
  while (at < pattern.length) {
    if (/\s/.test(pattern[at] ?? '')) {
      at++;
      continue;
    }
    const first = pattern[at];
    const sign = first === '?' || first === '-' ? first : '';
    if (sign !== '') at++;
    if (pattern[at] === '%')
      throw invalid(`The sandbox does not carry regular expressions in filter patterns: ${pattern}`);
    if (pattern[at] === '"') {
      let text = '';
      for (at++; pattern[at] !== '"'; at++) {
        if (at >= pattern.length) throw invalid('Invalid filter pattern');
        if (pattern[at] === '\\' && (pattern[at + 1] === '"' || pattern[at + 1] === '\\')) at++;
        text += pattern[at];
      }
      at++;
      if (text === '') throw invalid('Invalid filter pattern');
      terms.push({ text, sign });
      continue;
    }
    const word = /^\S*/.exec(pattern.slice(at))?.[0] ?? '';
    if (!/^[\p{L}\p{N}_]+$/u.test(word)) throw invalid(`Invalid character(s) in term '${word}'`);
    terms.push({ text: word, sign });
    at += word.length;
  }
  return terms;
}
