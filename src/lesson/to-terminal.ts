/**
 * A lesson as lines for a terminal of any width, and where its things stand (headings, links, code, hints, tabs, checkpoints),
 * so that a reader can go to them. One file because every kind of block is a few lines and shares the same writer. Pure.
 */
import { clean } from '../text.ts';
import { inWords, toText } from './diagram/to-text.ts';
import { highlight } from './highlight.ts';
import type { Picture } from './picture.ts';
import { columns, graphemes, type Looks, paintLine, type Span, type Style, widthOf, wrap } from './spans.ts';
import { type Block, type CodeBlock, type Inline, type LessonTree, type Mark, plainText, type Tone } from './tree.ts';

export interface TerminalOptions extends Looks {
  /** Columns; 16 is the least that is laid out: a terminal of 20 with the reader's edge. */
  width: number;
  /** For screen readers: no drawing, everything in words and in reading order, a paragraph a line. */
  plain: boolean;
  /** Only the tabs of this way (`console`, `cli`, `presso`), where there is one; else all of them, one after the other. */
  way?: string;
  /** Tabs as a row of labels with one of them open, as a reader shows them; else they follow each other. */
  switchable?: boolean;
  /** Hints and answers that are open, by their number on the page from 0; `all` opens all. */
  open?: ReadonlySet<number> | 'all';
  /** Said below a check: why it fails. */
  reasons?: ReadonlyMap<string, readonly string[]>;
  /** How a closed hint is opened. */
  openWith?: string;
  /** What shows a picture within so many columns, where the terminal can and the file is there. */
  picture?: (src: string, columns: number) => Picture | undefined;
}

export type Thing =
  | { kind: 'heading'; level: number; id: string; text: string }
  | { kind: 'link'; href: string; text: string }
  | { kind: 'code'; block: CodeBlock }
  | { kind: 'hint'; index: number; title: string }
  | { kind: 'tabs'; ways: string[] }
  | { kind: 'checkpoint'; checks: string[] }
  /** Its lines are left free for it; `column` is how many stand before it. */
  | { kind: 'picture'; draw: string; column: number };

export interface Page {
  lines: string[];
  /** In reading order; lines from 0, `end` is the line after the last. */
  things: (Thing & { line: number; end: number })[];
}

const SIGNS: Record<Tone, { word: string; sign: string; style: Style }> = {
  note: { word: 'Note', sign: 'ℹ', style: 'note' },
  tip: { word: 'Tip', sign: '✦', style: 'good' },
  warning: { word: 'Warning', sign: '▲', style: 'bad' },
  cost: { word: 'Cost', sign: '$', style: 'middling' },
};
const MARKS: Record<Mark, { sign: string; word: string; style: Style }> = {
  done: { sign: '✓', word: 'done', style: 'good' },
  partly: { sign: '◐', word: 'partly done', style: 'middling' },
  open: { sign: '○', word: 'open', style: 'dim' },
};

export const markSign = (mark: Mark): string => MARKS[mark].sign;

/** The whole lesson, with its title and how long it takes. */
export function toTerminal(lesson: LessonTree, options: TerminalOptions): Page {
  const width = Math.max(16, options.width);
  const out = new Sheet(width, { ...options, width });
  const state: State = { options: { ...options, width }, hints: 0 };
  const minutes = lesson.minutes > 0 ? `${lesson.minutes} min` : '';
  out.things.push({ kind: 'heading', level: 1, id: '', text: lesson.title, line: 0, end: 1 });
  out.text([{ text: lesson.title, styles: ['title', 'heading'] }]);
  const about = [lesson.id, minutes].filter(Boolean).join(' · ');
  if (about !== '') out.text([{ text: about, styles: ['dim'] }]);
  out.blank();
  if (lesson.summary !== '') {
    out.text([{ text: lesson.summary, styles: ['italic'] }]);
    out.blank();
  }
  blocks(lesson.blocks, out, state);
  while (out.lines.at(-1) === '') out.lines.pop();
  return { lines: out.lines, things: out.things };
}

interface State {
  options: TerminalOptions;
  /** Hints and quizzes so far. */
  hints: number;
}

/** Lines being written, at most `width` wide. */
class Sheet {
  readonly lines: string[] = [];
  readonly things: Page['things'] = [];
  readonly width: number;
  readonly looks: TerminalOptions;

  constructor(width: number, looks: TerminalOptions) {
    this.width = Math.max(8, width);
    this.looks = looks;
  }

  row(spans: readonly Span[]): void {
    this.lines.push(paintLine(spans, this.looks));
  }

  text(spans: readonly Span[]): void {
    for (const piece of splitAtBreaks(spans))
      for (const line of wrap(piece, this.looks.plain ? Number.POSITIVE_INFINITY : this.width)) this.row(line);
  }

  blank(): void {
    if (this.lines.length > 0 && this.lines.at(-1) !== '') this.lines.push('');
  }

  /** Writes another sheet into this one, behind a prefix of fixed width. */
  take(inner: Sheet, first: Span[], rest: Span[] = first): void {
    while (inner.lines.at(-1) === '') inner.lines.pop();
    const start = this.lines.length;
    const [one, others] = [paintLine(first, this.looks), paintLine(rest, this.looks)];
    for (const [at, line] of inner.lines.entries()) this.lines.push(`${at === 0 ? one : others}${line}`.trimEnd());
    const before = widthOf(first);
    for (const thing of inner.things)
      this.things.push({
        ...thing,
        ...(thing.kind === 'picture' ? { column: thing.column + before } : {}),
        line: thing.line + start,
        end: thing.end + start,
      });
  }

  inner(indent: number): Sheet {
    return new Sheet(this.width - indent, this.looks);
  }
}

const BREAK = '\n';

function splitAtBreaks(spans: readonly Span[]): Span[][] {
  const lines: Span[][] = [[]];
  for (const span of spans) {
    if (span.text === BREAK) lines.push([]);
    else lines.at(-1)?.push(span);
  }
  return lines;
}

const indentOf = (sheet: Sheet, wanted: number): number => (sheet.width < 30 ? Math.min(wanted, 1) : wanted);

function blocks(all: readonly Block[], out: Sheet, state: State): void {
  for (const block of all) {
    write(block, out, state);
    out.blank();
  }
}

function nested(all: readonly Block[], out: Sheet, state: State, first: Span[], rest: Span[]): void {
  const inner = out.inner(widthOf(rest));
  blocks(all, inner, state);
  if (inner.lines.length > 0) out.take(inner, first, rest);
}

function write(block: Block, out: Sheet, state: State): void {
  const { options } = state;
  const { plain } = options;
  const start = out.lines.length;
  const mark = (thing: Thing): void => {
    out.things.push({ ...thing, line: start, end: Math.max(start + 1, out.lines.length) });
  };
  switch (block.kind) {
    case 'heading': {
      const text = plainText(block.children);
      if (!plain && block.level <= 2 && start > 1) out.lines.push('');
      const styles: Style[] = block.level <= 2 ? ['bold', 'heading'] : ['bold'];
      const spans = inlineSpans(block.children, options, styles);
      out.text(
        plain
          ? [{ text: 'Heading: ' }, ...spans]
          : block.level <= 2
            ? spans
            : [{ text: '› ', styles: ['heading'] }, ...spans],
      );
      if (!plain && block.level <= 2)
        out.row([{ text: '─'.repeat(Math.min(out.width, Math.max(3, columns(text)))), styles: ['heading'] }]);
      mark({ kind: 'heading', level: block.level, id: block.id, text });
      return;
    }
    case 'paragraph':
      paragraph(block.children, out, state);
      return;
    case 'list':
      list(block, out, state);
      return;
    case 'code':
      code(block, out, options);
      mark({ kind: 'code', block });
      return;
    case 'quote':
      if (plain) {
        out.row([{ text: 'Quote:' }]);
        blocks(block.children, out, state);
      } else nested(block.children, out, state, [{ text: '│ ', styles: ['dim'] }], [{ text: '│ ', styles: ['dim'] }]);
      return;
    case 'table':
      table(block, out, state);
      return;
    case 'rule':
      if (!plain) out.row([{ text: '─'.repeat(out.width), styles: ['dim'] }]);
      return;
    case 'callout': {
      const { word, sign, style } = SIGNS[block.tone];
      const title = block.title === undefined ? word : `${word}: ${block.title}`;
      if (plain) {
        out.row([{ text: `${title}.` }]);
        blocks(block.children, out, state);
        return;
      }
      const bar: Span[] = [{ text: '┃ ', styles: [style] }];
      const inner = out.inner(2);
      inner.text([{ text: `${sign} ${title}`, styles: ['bold', style] }]);
      blocks(block.children, inner, state);
      out.take(inner, bar);
      return;
    }
    case 'tabs':
      tabs(block, out, state, mark);
      return;
    case 'steps': {
      for (const [at, step] of block.steps.entries()) {
        const number = `${at + 1}.`;
        if (plain) {
          out.row([{ text: `Step ${at + 1} of ${block.steps.length}${step.title ? `: ${clean(step.title)}` : ''}.` }]);
          blocks(step.children, out, state);
          continue;
        }
        const indent = indentOf(out, String(block.steps.length).length + 2);
        const inner = out.inner(indent);
        if (step.title !== undefined) inner.text([{ text: clean(step.title), styles: ['bold'] }]);
        blocks(step.children, inner, state);
        const first = number.padEnd(indent);
        if (columns(first) > indent) {
          out.row([{ text: number, styles: ['bold', 'heading'] }]);
          out.take(inner, [{ text: ' '.repeat(indent) }]);
        } else out.take(inner, [{ text: first, styles: ['bold', 'heading'] }], [{ text: ' '.repeat(indent) }]);
        out.blank();
      }
      return;
    }
    case 'checkpoint':
      checkpoint(block, out, state);
      mark({ kind: 'checkpoint', checks: block.checks.map(({ id }) => id) });
      return;
    case 'hint':
      closed(clean(block.title), block.children, 'Hint', out, state, start);
      return;
    case 'quiz': {
      out.text([
        { text: plain ? 'Question: ' : '? ', styles: ['bold', 'note'] },
        { text: clean(block.question), styles: ['bold'] },
      ]);
      for (const [at, { text }] of block.answers.entries())
        out.text([{ text: `  ${String.fromCharCode(97 + at)}) `, styles: ['dim'] }, { text: clean(text) }]);
      const answers = block.answers.flatMap<Block>(({ text, right, children }) => [
        {
          kind: 'paragraph',
          children: [{ kind: 'strong', children: [{ kind: 'text', text: `${right ? '✓' : '✗'} ${text}` }] }],
        },
        ...children,
      ]);
      closed('the answer', answers, 'Answer', out, state, out.lines.length);
      return;
    }
    case 'diagram': {
      const { diagram, caption } = block;
      const drawn = plain ? undefined : toText(diagram, out.width);
      if (drawn && drawn.picture.length > 0) for (const row of drawn.picture) out.row([{ text: row }]);
      else {
        out.text([{ text: `Diagram: ${clean(diagram.title)}. ${clean(diagram.alt)}` }]);
      }
      const words =
        drawn && drawn.picture.length > 0 ? drawn.words : diagram.arrows.map((arrow) => inWords(diagram, arrow));
      for (const word of words) out.text([{ text: `${plain ? '' : '  '}${clean(word)}`, styles: ['dim'] }]);
      if (caption !== undefined) out.text([{ text: clean(caption), styles: ['italic', 'dim'] }]);
      return;
    }
    case 'figure':
      image(block.src, block.alt, out, options);
      if (block.caption !== undefined) out.text([{ text: clean(block.caption), styles: ['italic', 'dim'] }]);
      return;
    case 'button': {
      const text = clean(block.text);
      const link = address(block.href);
      out.text(
        options.links && link.url
          ? [{ text: '→ ' }, { text, styles: ['bold', 'link', 'underline'], href: link.url }]
          : [{ text: `→ ${text}: ` }, { text: link.shown, styles: ['link'] }],
      );
      mark({ kind: 'link', href: block.href, text });
      return;
    }
    case 'missing':
      out.text([{ text: `[missing: ${clean(block.what)}]`, styles: ['bad'] }]);
  }
}

function paragraph(children: readonly Inline[], out: Sheet, state: State): void {
  const start = out.lines.length;
  const [only] = children;
  if (children.length === 1 && only?.kind === 'image') {
    image(only.src, only.alt, out, state.options);
    return;
  }
  out.text(inlineSpans(children, state.options));
  for (const link of linksOf(children))
    out.things.push({ kind: 'link', ...link, line: start, end: Math.max(start + 1, out.lines.length) });
}

function* linksOf(nodes: readonly Inline[]): Generator<{ href: string; text: string }> {
  for (const node of nodes) {
    if (node.kind === 'link') yield { href: node.href, text: plainText(node.children) };
    else if ('children' in node) yield* linksOf(node.children);
  }
}

function list(block: Extract<Block, { kind: 'list' }>, out: Sheet, state: State): void {
  const last = block.start + block.items.length - 1;
  // A list of short items stays together; one with blocks inside gets air.
  const loose = block.items.some(
    (item) => item.length > 1 || item.some(({ kind }) => kind !== 'paragraph' && kind !== 'list'),
  );
  for (const [at, item] of block.items.entries()) {
    const bullet = block.ordered ? `${block.start + at}.`.padEnd(`${last}.`.length) : state.options.plain ? '-' : '•';
    const prefix = `${bullet} `;
    const rest = ' '.repeat(columns(prefix));
    nested(item, out, state, [{ text: prefix, styles: ['heading'] }], [{ text: rest }]);
    if (loose) out.blank();
  }
}

/** Address of a link: what a terminal can open, and what a person reads where it cannot. */
function address(href: string): { url: string | undefined; shown: string } {
  const safe = clean(href).replace(/\s/g, '%20');
  if (/^(https?|mailto):/i.test(safe)) return { url: safe, shown: safe };
  if (safe.startsWith('#')) return { url: undefined, shown: '' };
  return { url: undefined, shown: `lesson ${safe.replace(/^\/|\.(md|mdoc)(?=#|$)/g, '')}` };
}

function inlineSpans(nodes: readonly Inline[], options: TerminalOptions, styles: readonly Style[] = []): Span[] {
  return nodes.flatMap((node): Span[] => {
    const own = (more: Style): readonly Style[] => [...styles, more];
    switch (node.kind) {
      case 'text':
        return [{ text: clean(node.text).replaceAll('\n', ' '), styles }];
      case 'code':
        // Without colours the marks of the source tell a name from a word.
        return [
          { text: options.colour || options.plain ? clean(node.text) : `\`${clean(node.text)}\``, styles: own('code') },
        ];
      case 'strong':
        return inlineSpans(node.children, options, own('bold'));
      case 'em':
        return inlineSpans(node.children, options, own('italic'));
      case 'strike':
        return inlineSpans(node.children, options, own('strike'));
      case 'break':
        return [{ text: BREAK }];
      case 'image':
        return [{ text: node.alt === '' ? '' : `[${clean(node.alt)}]`, styles: own('italic') }];
      default: {
        const { url, shown } = address(node.href);
        const inner = inlineSpans(node.children, options, [...styles, 'link', 'underline']);
        if (options.links && url) return inner.map((span) => ({ ...span, href: url }));
        const text = plainText(node.children);
        return shown === '' || shown === text ? inner : [...inner, { text: ` (${shown})`, styles: own('dim') }];
      }
    }
  });
}

function image(src: string, alt: string, out: Sheet, options: TerminalOptions): void {
  const picture = options.plain ? undefined : options.picture?.(src, out.width);
  if (picture) {
    const line = out.lines.length;
    for (let row = 0; row < picture.rows; row++) out.lines.push('');
    out.things.push({ kind: 'picture', draw: picture.draw, column: 0, line, end: line + picture.rows });
  }
  out.text([{ text: `${options.plain ? 'Picture: ' : '▧ '}${clean(alt) || src}`, styles: ['italic'] }]);
}

function code(block: CodeBlock, out: Sheet, options: TerminalOptions): void {
  const { plain } = options;
  // Where it is from says the solution's name only where nothing better is there.
  const about = clean(block.title ?? block.file ?? block.origin ?? '');
  if (plain)
    out.row([
      {
        text: `${block.command ? 'Commands' : `Code${block.language ? ` in ${block.language}` : ''}`}${about ? `, ${about}` : ''}:`,
      },
    ]);
  else if (about !== '') out.text([{ text: about, styles: ['dim', 'italic'] }]);
  const indent = plain ? 0 : indentOf(out, 2);
  const bar: Span[] = plain ? [] : [{ text: indent === 2 ? '▎ ' : '▎', styles: [block.command ? 'good' : 'dim'] }];
  const inner = out.inner(indent);
  for (const line of highlight(block.language, clean(block.text).replaceAll('\t', '  ')))
    for (const row of plain ? [line] : breakCode(line, inner.width, block.language)) inner.row(row);
  if (plain) {
    for (const line of inner.lines) out.lines.push(line);
    out.row([{ text: 'End of code.' }]);
  } else out.take(inner, bar);
}

const SHELL = new Set(['sh', 'bash', 'shell', 'zsh']);

/** A line of code that is too long, broken so that it may still be pasted: shells get their backslash, others break at a space. */
function breakCode(spans: readonly Span[], width: number, language: string): Span[][] {
  if (widthOf(spans) <= width) return [[...spans]];
  const shell = SHELL.has(language);
  const indent = /^\s*/.exec(spans.map(({ text }) => text).join(''))?.[0].length ?? 0;
  const hang = Math.min(indent + 2, Math.max(0, Math.floor(width / 4)));
  const room = width - (shell ? 2 : 0);
  const lines: Span[][] = [];
  let line: Span[] = [];
  let used = 0;
  let breakAt: { spans: number; text: number } | undefined;
  // Within a text in quotes only where nothing better is: a shell would lose the space.
  let withinText: typeof breakAt;
  const next = (): void => {
    const rest: Span[] = [];
    if (!shell) breakAt ??= withinText;
    withinText = undefined;
    if (breakAt) {
      const cut = line[breakAt.spans] as Span;
      rest.push({ ...cut, text: cut.text.slice(breakAt.text).replace(/^ +/, '') }, ...line.slice(breakAt.spans + 1));
      line = [...line.slice(0, breakAt.spans), { ...cut, text: cut.text.slice(0, breakAt.text).trimEnd() }];
      if (shell) line.push({ text: ' \\', styles: ['dim'] });
    } else if (shell) line.push({ text: '\\', styles: ['dim'] });
    lines.push(line);
    // What goes on within a word must start at the edge, or the shell would see two.
    line = [{ text: breakAt || !shell ? ' '.repeat(hang) : '' }, ...rest.filter(({ text }) => text !== '')];
    used = widthOf(line);
    breakAt = undefined;
  };
  for (const span of spans)
    for (const grapheme of graphemes(span.text)) {
      const wide = columns(grapheme);
      if (used + wide > room && used > hang) next();
      const quoted = span.styles?.includes('string') ?? false;
      // Within "$(…)" stands a command, whose spaces may be broken at like any other's.
      const substituted = shell && span.text.startsWith('"$(');
      const last = line.at(-1);
      if (grapheme === ' ' && used > Math.max(hang, indent)) {
        const here =
          last && last.styles === span.styles
            ? { spans: line.length - 1, text: last.text.length }
            : { spans: line.length, text: 0 };
        if (!quoted || substituted) breakAt = here;
        else withinText = here;
      }
      if (last && last.styles === span.styles) line[line.length - 1] = { ...last, text: last.text + grapheme };
      else line.push({ ...span, text: grapheme });
      used += wide;
    }
  lines.push(line);
  return lines;
}

function tabs(block: Extract<Block, { kind: 'tabs' }>, out: Sheet, state: State, mark: (thing: Thing) => void): void {
  const { options } = state;
  const chosen = block.tabs.find(({ way }) => way === options.way);
  if (options.switchable) {
    const shown = chosen ?? block.tabs[0];
    out.text(
      block.tabs.flatMap((tab): Span[] => [
        tab === shown
          ? { text: `[${clean(tab.label)}]`, styles: ['bold', 'inverse'] }
          : { text: ` ${clean(tab.label)} `, styles: ['dim'] },
        { text: ' ' },
      ]),
    );
    out.blank();
    mark({ kind: 'tabs', ways: block.tabs.map(({ way }) => way) });
    if (shown) blocks(shown.children, out, state);
    return;
  }
  for (const [at, tab] of (chosen ? [chosen] : block.tabs).entries()) {
    if (block.tabs.length > 1) {
      const label = clean(tab.label);
      if (options.plain) out.row([{ text: chosen ? `${label}:` : `Way ${at + 1} of ${block.tabs.length}, ${label}:` }]);
      else {
        const line = '─'.repeat(Math.max(2, Math.min(out.width, 60) - columns(label) - 4));
        out.text([
          { text: '── ', styles: ['dim'] },
          { text: label, styles: ['bold', 'note'] },
          { text: ` ${line}`, styles: ['dim'] },
        ]);
      }
    }
    blocks(tab.children, out, state);
  }
}

function checkpoint(block: Extract<Block, { kind: 'checkpoint' }>, out: Sheet, state: State): void {
  const { plain, reasons } = state.options;
  const title = block.title ?? 'Checkpoint';
  if (plain) {
    out.row([{ text: `${title}:` }]);
    blocks(block.children, out, state);
    for (const check of block.checks) {
      out.row([{ text: `${MARKS[check.mark].word}: ${clean(check.title)} (${check.id})` }]);
      for (const reason of reasons?.get(check.id) ?? []) out.row([{ text: clean(reason) }]);
    }
    return;
  }
  const inner = out.inner(2);
  inner.text([{ text: title, styles: ['bold', 'good'] }]);
  blocks(block.children, inner, state);
  if (block.children.length > 0) inner.blank();
  for (const check of block.checks) {
    const { sign, style } = MARKS[check.mark];
    const line = new Sheet(inner.width - 2, inner.looks);
    line.text([{ text: clean(check.title) }, { text: ' ' }, { text: check.id, styles: ['dim'] }]);
    for (const reason of reasons?.get(check.id) ?? []) line.text([{ text: clean(reason), styles: ['middling'] }]);
    inner.take(line, [{ text: `${sign} `, styles: [style] }], [{ text: '  ' }]);
  }
  out.take(inner, [{ text: '┃ ', styles: ['good'] }]);
}

function closed(
  title: string,
  children: readonly Block[],
  word: string,
  out: Sheet,
  state: State,
  start: number,
): void {
  const { options } = state;
  const index = state.hints++;
  const isOpen = options.open === 'all' || (options.open?.has(index) ?? false);
  const sign = options.plain ? '' : isOpen ? '▾ ' : '▸ ';
  const how = isOpen || options.openWith === undefined ? '' : ` (${options.openWith})`;
  const name = word === 'Answer' ? 'Answer' : `${word}: ${title}`;
  out.text([
    { text: `${sign}${name}`, styles: ['bold', 'middling'] },
    { text: how, styles: ['dim'] },
  ]);
  if (isOpen) {
    const prefix: Span[] = options.plain ? [] : [{ text: '  ' }];
    nested(children, out, state, prefix, prefix);
  } else state.hints += countHints(children);
  out.things.push({ kind: 'hint', index, title, line: start, end: out.lines.length });
}

/** Hints inside a closed one keep their numbers. */
function countHints(children: readonly Block[]): number {
  let count = 0;
  for (const block of children) {
    if (block.kind === 'hint' || block.kind === 'quiz') count++;
    if ('children' in block && block.kind !== 'heading' && block.kind !== 'paragraph')
      count += countHints(block.children);
  }
  return count;
}

function table(block: Extract<Block, { kind: 'table' }>, out: Sheet, state: State): void {
  const { options } = state;
  const heads = block.head.map((cell) => inlineSpans(cell, options, ['bold']));
  const count = Math.max(heads.length, ...block.rows.map((row) => row.length), 1);
  const words = (cell: readonly Block[] | undefined): Span[] =>
    (cell ?? []).flatMap((one, at) => [
      ...(at > 0 ? [{ text: ' ' }] : []),
      ...(one.kind === 'paragraph' ? inlineSpans(one.children, options) : [{ text: blockWords(one) }]),
    ]);
  const rows = block.rows.map((row) => Array.from({ length: count }, (_, column) => words(row[column])));
  if (options.plain) {
    for (const [at, row] of rows.entries())
      out.row([
        {
          text: `Row ${at + 1}: ${row.map((cell, column) => [heads[column]?.map(({ text }) => text).join(''), cell.map(({ text }) => text).join('')].filter(Boolean).join(': ')).join('; ')}`,
        },
      ]);
    return;
  }
  const gap = 2;
  const natural = Array.from({ length: count }, (_, column) =>
    Math.max(1, widthOf(heads[column] ?? []), ...rows.map((row) => widthOf(row[column] ?? []))),
  );
  const least = Array.from({ length: count }, (_, column) =>
    Math.max(1, ...[heads[column] ?? [], ...rows.map((row) => row[column] ?? [])].map(longestWord)),
  );
  const room = out.width - gap * (count - 1);
  const widths = share(natural, least, room);
  if (!widths) {
    // Too narrow for columns: a row becomes a small list.
    for (const row of rows) {
      for (const [column, cell] of row.entries()) {
        if (cell.length === 0) continue;
        const head = heads[column] ?? [];
        out.text(widthOf(head) > 0 ? [...head, { text: ': ' }, ...cell] : cell);
      }
      out.blank();
    }
    return;
  }
  const layRow = (cells: readonly (readonly Span[])[]): void => {
    const wrapped = widths.map((width, column) => wrap(cells[column] ?? [], width));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    for (let at = 0; at < height; at++) {
      const line: Span[] = [];
      for (const [column, width] of widths.entries()) {
        const spans = wrapped[column]?.[at] ?? [];
        const space = width - widthOf(spans);
        const align = block.align[column] ?? 'left';
        const before = align === 'right' ? space : align === 'center' ? Math.floor(space / 2) : 0;
        const isLast = column === widths.length - 1;
        line.push({ text: ' '.repeat(before) }, ...spans, { text: isLast ? '' : ' '.repeat(space - before + gap) });
      }
      // Nothing stands to the right of an empty cell.
      while (line.at(-1)?.text.trim() === '') line.pop();
      out.row(line);
    }
  };
  if (heads.some((cell) => widthOf(cell) > 0)) {
    layRow(heads);
    out.row([{ text: widths.map((width) => '─'.repeat(width)).join(' '.repeat(gap)), styles: ['dim'] }]);
  }
  const tall = rows.some((row) => row.some((cell, column) => widthOf(cell) > (widths[column] ?? 0)));
  for (const [at, row] of rows.entries()) {
    if (tall && at > 0) out.lines.push('');
    layRow(row);
  }
}

const longestWord = (spans: readonly Span[]): number =>
  Math.min(
    24,
    Math.max(
      0,
      ...spans
        .map(({ text }) => text)
        .join('')
        .split(/\s+/)
        .map(columns),
    ),
  );

/** Widths of columns that fit into `room`: what is short stays whole, the long ones share the rest; undefined where it cannot be. */
function share(natural: readonly number[], least: readonly number[], room: number): number[] | undefined {
  const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
  if (sum(natural) <= room) return [...natural];
  if (sum(least) > room) return undefined;
  const widths = [...least];
  let rest = room - sum(widths);
  while (rest > 0) {
    const hungry = widths.flatMap((width, at) => (width < (natural[at] ?? 0) ? [at] : []));
    if (hungry.length === 0) break;
    const each = Math.max(1, Math.floor(rest / hungry.length));
    for (const at of hungry) {
      const more = Math.min(each, (natural[at] ?? 0) - (widths[at] ?? 0), rest);
      widths[at] = (widths[at] ?? 0) + more;
      rest -= more;
    }
  }
  return widths;
}

function blockWords(block: Block): string {
  if (block.kind === 'code') return clean(block.text);
  if (block.kind === 'list') return block.items.map((item) => `• ${item.map(blockWords).join(' ')}`).join(' ');
  if (block.kind === 'paragraph' || block.kind === 'heading') return clean(plainText(block.children));
  return 'children' in block ? block.children.map((one) => blockWords(one as Block)).join(' ') : '';
}
