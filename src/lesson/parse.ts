/** A file of the course, parsed: front matter, and Markdoc's tree. Pure. */
import Markdoc, { type Node } from '@markdoc/markdoc';
import { parseDocument } from 'yaml';
import { scanTags } from './scan.ts';

/** Above these a page is refused, not parsed: Markdoc's time grows with the square of some of them, and never ends on others. */
export const LIMITS = { characters: 262_144, tags: 2_000, depth: 90 } as const;

export interface FrontMatter {
  title?: string;
  minutes?: number;
  summary?: string;
  part?: string;
  for?: string[];
  [key: string]: unknown;
}

export interface Page {
  text: string;
  ast: Node;
  frontMatter: FrontMatter;
  /** Line (from 1) and sentence, where the front matter cannot be read. */
  frontMatterProblem?: { line: number; column?: number; message: string };
}

const FENCE_OF_FRONT_MATTER = /^---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)?^---[ \t]*$/m;

/** A value that YAML reads as the text it is, or as a number: nothing in it means anything to YAML. */
export const PLAIN_VALUE = /^[A-Za-z0-9](?!.*(?:: |:$| #))[^\t]*$/;

/** Front matter that is only plain values, without loading a parser for it. */
function plainFrontMatter(text: string): FrontMatter | undefined {
  const values: FrontMatter = {};
  for (const row of text.split(/\r?\n/)) {
    const [, key = '', value = ''] = /^([a-z]+): +(.*?)\s*$/.exec(row) ?? [];
    if (key === '' || key in values || !PLAIN_VALUE.test(value)) return undefined;
    if (/^\d+$/.test(value)) values[key] = Number(value);
    // Words and numbers that are something else to YAML are left to it.
    else if (/^(true|false|null|yes|no|on|off|[\d.:_+-]+|0[xo].*|\d.*[eE]\d+)$/i.test(value)) return undefined;
    else values[key] = value;
  }
  return values;
}

/** Only the front matter; a list of lessons needs no more. */
export function readFrontMatter(text: string): Pick<Page, 'frontMatter' | 'frontMatterProblem'> {
  const found = text.startsWith('---') ? FENCE_OF_FRONT_MATTER.exec(text) : null;
  if (found?.index !== 0) return { frontMatter: {} };
  const plain = plainFrontMatter(found[1] ?? '');
  if (plain) return { frontMatter: plain };
  const document = parseDocument(found[1] ?? '');
  const [error] = document.errors;
  if (error)
    return {
      frontMatter: {},
      frontMatterProblem: {
        line: (error.linePos?.[0].line ?? 1) + 1,
        column: error.linePos?.[0].col ?? 1,
        message: (error.message.split('\n')[0] ?? 'not YAML').replace(/ at line \d+, column \d+:?$/, ''),
      },
    };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch (problem) {
    return { frontMatter: {}, frontMatterProblem: { line: 2, message: (problem as Error).message } };
  }
  if (value === null || value === undefined) return { frontMatter: {} };
  if (typeof value !== 'object' || Array.isArray(value))
    return { frontMatter: {}, frontMatterProblem: { line: 2, message: 'it is not a list of names and values' } };
  return { frontMatter: value as FrontMatter };
}

/** Why a page is not parsed at all, with the line where it becomes too much. */
export function tooMuch(text: string): { line: number; message: string } | undefined {
  if (text.length > LIMITS.characters)
    return { line: 1, message: `the page has ${text.length} characters; ${LIMITS.characters} are read` };
  if (!text.includes('{%')) return undefined;
  let openers = 0;
  for (let at = text.indexOf('{%'); at >= 0; at = text.indexOf('{%', at + 2))
    if (++openers > LIMITS.tags)
      return { line: lineOf(text, at), message: `the page has more than ${LIMITS.tags} tags and variables` };
  let depth = 0;
  for (const tag of scanTags(text)) {
    if (tag.kind === 'open' && ++depth > LIMITS.depth)
      return { line: tag.line, message: `tags are nested more than ${LIMITS.depth} deep` };
    if (tag.kind === 'close') depth = Math.max(0, depth - 1);
  }
  return undefined;
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length;

let tokenizer: InstanceType<typeof Markdoc.Tokenizer> | undefined;

/** Without a mark at its start, with line ends of one kind: those of Windows and of old Macs too are read. */
export const evenText = (text: string): string => text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');

/** Parses a page that is not too much. */
export function parsePage(text: string, file: string): Page {
  const clean = evenText(text);
  // Unasked, Markdoc shows HTML comments to the reader.
  tokenizer ??= new Markdoc.Tokenizer({ allowComments: true });
  return { text: clean, ast: Markdoc.parse(tokenizer.tokenize(clean), { file }), ...readFrontMatter(clean) };
}
