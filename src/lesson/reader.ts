/**
 * The full-screen reader without its screen: what is shown, and what a key does. One file because every key is a few lines on
 * the same state. Pure.
 */
import { clean } from '../text.ts';
import { findAll } from './search.ts';
import { graphemes } from './spans.ts';
import type { Page, Thing } from './to-terminal.ts';
import type { CodeBlock } from './tree.ts';

export interface ReaderState {
  /** First line on the screen. */
  top: number;
  /** The thing that keys act on, by its place among the things of the page; none until Tab is pressed. */
  focus: number | undefined;
  mode: 'read' | 'contents' | 'search' | 'confirm' | 'help';
  /** In contents: which line is chosen. */
  chosen: number;
  query: string;
  /** Which of the places where the query stands was gone to. */
  hit: number;
  /** What was searched for and is not on this page, and the next lesson that has it. */
  elsewhere: { query: string; at: number } | undefined;
  way: string | undefined;
  open: ReadonlySet<number>;
  message: string;
  /** Waits for a yes. */
  asked: CodeBlock | undefined;
}

export interface ReaderView {
  page: Page;
  rows: number;
  columns: number;
  title: string;
  /** The lessons, with the sign of each. */
  contents: { id: string; title: string; sign: string }[];
  /** Which of them is shown. */
  at: number;
  /** The next lesson that has these words somewhere, round at the end; none when nobody looks. */
  elsewhere?(query: string): number | undefined;
}

export type Effect =
  | { kind: 'quit'; interrupted: boolean }
  | { kind: 'suspend' }
  | { kind: 'redraw' }
  | { kind: 'lesson'; at: number }
  | { kind: 'open'; href: string }
  | { kind: 'copy'; text: string }
  | { kind: 'run'; block: CodeBlock }
  | { kind: 'verify'; checks: string[] }
  | { kind: 'way'; way: string };

export const startState = (way: string | undefined): ReaderState => ({
  top: 0,
  focus: undefined,
  mode: 'read',
  chosen: 0,
  query: '',
  hit: 0,
  elsewhere: undefined,
  way,
  open: new Set(),
  message: '',
  asked: undefined,
});

export const body = (view: ReaderView): number => Math.max(1, view.rows - 1);
export const lastTop = (view: ReaderView): number => Math.max(0, view.page.lines.length - body(view));
export const atEnd = (state: ReaderState, view: ReaderView): boolean => state.top >= lastTop(view);

/** Where to begin after the window changed, so that what was at the top stays there though lines have moved. */
export function stillAt(top: number, before: ReaderView, after: ReaderView): number {
  const letters = (line: string | undefined): number => clean(line ?? '').replace(/[^\p{L}\p{N}]/gu, '').length;
  // From the last thing before it (a heading, a link, a block) as many letters on as there were.
  const things = before.page.things.filter(({ kind }) => kind !== 'picture');
  const anchor = things.findLast(({ line }) => line <= top);
  const from = anchor
    ? (after.page.things.filter(({ kind }) => kind !== 'picture')[things.indexOf(anchor)]?.line ?? 0)
    : 0;
  let left = 0;
  for (let line = anchor?.line ?? 0; line < top; line++) left += letters(before.page.lines[line]);
  let at = from;
  while (left > 0 && at < lastTop(after)) left -= letters(after.page.lines[at++]);
  if (left < 0) at--;
  else if (letters(before.page.lines[top]) > 0) while (letters(after.page.lines[at]) === 0 && at < lastTop(after)) at++;
  return Math.min(at, lastTop(after));
}

/** A lesson that a search led to begins where its words stand. */
export const arrived = (state: ReaderState, view: ReaderView): ReaderState =>
  state.query === '' ? state : found(state, view, 0);

const scrolled = (state: ReaderState, view: ReaderView, top: number): ReaderState => ({
  ...state,
  elsewhere: undefined,
  top: Math.max(0, Math.min(top, lastTop(view))),
  message: '',
});

const ACTS = new Set<Thing['kind']>(['link', 'code', 'hint', 'tabs', 'checkpoint']);

/** What a key does; keys are the bytes that a terminal sends. */
export function press(state: ReaderState, key: string, view: ReaderView): { state: ReaderState; effect?: Effect } {
  if (key === '\u0003') return { state, effect: { kind: 'quit', interrupted: true } };
  if (key === '\u001a') return { state, effect: { kind: 'suspend' } };
  if (key === '\u000c') return { state, effect: { kind: 'redraw' } };
  if (state.mode === 'confirm') {
    const back: ReaderState = { ...state, mode: 'read', asked: undefined, message: '' };
    return state.asked && /^[yY]$/.test(key)
      ? { state: back, effect: { kind: 'run', block: state.asked } }
      : { state: { ...back, message: 'Nothing was run.' } };
  }
  if (state.mode === 'search') return { state: typed(state, key, view) };
  if (state.mode === 'contents') return contentsKey(state, key, view);
  if (state.mode === 'help') return { state: { ...state, mode: 'read' } };
  const move = (top: number) => ({ state: scrolled(state, view, top) });
  switch (key) {
    case 'q':
      return { state, effect: { kind: 'quit', interrupted: false } };
    case 'j':
    case '\u001b[B':
    case '\u001bOB':
    case '\r':
      if (key === '\r' && state.focus !== undefined) return act(state, view, view.page.things[state.focus]);
      return move(state.top + 1);
    case 'k':
    case '\u001b[A':
    case '\u001bOA':
      return move(state.top - 1);
    case ' ':
    case 'f':
    case '\u001b[6~':
      return atEnd(state, view) && key === ' ' ? step(state, view, 1) : move(state.top + body(view) - 2);
    case 'b':
    case '\u001b[5~':
      return move(state.top - body(view) + 2);
    case 'g':
    case '\u001b[H':
    case '\u001b[1~':
      return move(0);
    case 'G':
    case '\u001b[F':
    case '\u001b[4~':
      return move(lastTop(view));
    case 'n':
      if (state.elsewhere) {
        const { query, at } = state.elsewhere;
        return { state: { ...startState(state.way), query }, effect: { kind: 'lesson', at } };
      }
      return state.query === '' ? step(state, view, 1) : { state: found(state, view, 1) };
    case 'N':
      return {
        state: state.query === '' ? { ...state, message: 'Nothing was searched for yet: /' } : found(state, view, -1),
      };
    case 'p':
      return step(state, view, -1);
    case 'l':
      return { state: { ...state, mode: 'contents', chosen: view.at, message: '' } };
    case '/':
      return { state: { ...state, mode: 'search', query: '', elsewhere: undefined, message: '' } };
    case '\u001b':
      return { state: { ...state, query: '', elsewhere: undefined, focus: undefined, message: '' } };
    case '?':
      return { state: { ...state, mode: 'help', message: '' } };
    case '\t':
      return { state: focused(state, view, 1) };
    case '\u001b[Z':
      return { state: focused(state, view, -1) };
    case 'w':
    case '\u001b[C':
    case '\u001b[D':
      return act(state, view, pick(state, view, 'tabs'), key === '\u001b[D' ? -1 : 1, 'There are no tabs here.');
    case 'o':
      return act(state, view, pick(state, view, 'link'), 1, 'There is no link here.');
    case 'h':
      return act(state, view, pick(state, view, 'hint'), 1, 'There is no hint here.');
    case 'v':
      return act(state, view, pick(state, view, 'checkpoint'), 1, 'There is no checkpoint on this page.');
    case 'c': {
      const thing = pick(state, view, 'code');
      return thing?.kind === 'code'
        ? { state: { ...state, message: 'Copied.' }, effect: { kind: 'copy', text: thing.block.text } }
        : { state: { ...state, message: 'There is no code here.' } };
    }
    case 'r': {
      const thing = pick(state, view, 'code', (one) => one.kind === 'code' && one.block.command !== undefined);
      return thing ? act(state, view, thing) : { state: { ...state, message: 'There is no command here.' } };
    }
    default:
      return { state };
  }
}

function step(state: ReaderState, view: ReaderView, by: number): { state: ReaderState; effect?: Effect } {
  const at = view.at + by;
  if (at < 0 || at >= view.contents.length)
    return { state: { ...state, message: by > 0 ? 'This was the last lesson.' : 'This is the first lesson.' } };
  return { state: startState(state.way), effect: { kind: 'lesson', at } };
}

/** The focused thing of that kind, else the first that is on the screen, else for checkpoints the next on the page. */
function pick(
  state: ReaderState,
  view: ReaderView,
  kind: Thing['kind'],
  fits: (thing: Thing) => boolean = () => true,
): Page['things'][number] | undefined {
  const { things } = view.page;
  const focus = state.focus === undefined ? undefined : things[state.focus];
  if (focus?.kind === kind && fits(focus)) return focus;
  const all = things.filter((one) => one.kind === kind && fits(one));
  const bottom = state.top + body(view);
  return (
    all.find(({ line, end }) => end > state.top && line < bottom) ??
    (kind === 'checkpoint' ? (all.find(({ line }) => line >= state.top) ?? all.at(-1)) : undefined)
  );
}

function act(
  state: ReaderState,
  view: ReaderView,
  thing: Thing | undefined,
  by = 1,
  none = '',
): { state: ReaderState; effect?: Effect } {
  switch (thing?.kind) {
    case 'link': {
      const href = thing.href.replace(/#.*$/, '');
      const at = view.contents.findIndex(({ id }) => id === href.replace(/^\//, ''));
      if (at >= 0) return { state: startState(state.way), effect: { kind: 'lesson', at } };
      if (thing.href.startsWith('#')) {
        const heading = view.page.things.find((one) => one.kind === 'heading' && one.id === thing.href.slice(1));
        return { state: heading ? scrolled(state, view, heading.line) : state };
      }
      return { state: { ...state, message: thing.href }, effect: { kind: 'open', href: thing.href } };
    }
    case 'code':
      if (!thing.block.command)
        return { state: { ...state, message: 'Copied.' }, effect: { kind: 'copy', text: thing.block.text } };
      return { state: { ...state, mode: 'confirm', asked: thing.block, message: '' } };
    case 'hint': {
      const open = new Set(state.open);
      if (!open.delete(thing.index)) open.add(thing.index);
      return { state: { ...state, open, message: '' } };
    }
    case 'tabs': {
      const { ways } = thing;
      const now = Math.max(0, ways.indexOf(state.way ?? ''));
      const way = ways[(now + by + ways.length) % ways.length] ?? '';
      return { state: { ...state, way, message: '' }, effect: { kind: 'way', way } };
    }
    case 'checkpoint':
      return { state: { ...state, message: 'Checking …' }, effect: { kind: 'verify', checks: thing.checks } };
    default:
      return { state: { ...state, message: none } };
  }
}

function focused(state: ReaderState, view: ReaderView, by: 1 | -1): ReaderState {
  const acting = view.page.things.flatMap((thing, index) => (ACTS.has(thing.kind) ? [index] : []));
  if (acting.length === 0) return { ...state, message: 'There is nothing to choose on this page.' };
  const line = (index: number): number => view.page.things[index]?.line ?? 0;
  const ordered = acting.sort((a, b) => line(a) - line(b));
  const now = state.focus === undefined ? -1 : ordered.indexOf(state.focus);
  const next =
    now < 0
      ? ((by > 0
          ? ordered.find((index) => line(index) >= state.top)
          : ordered.findLast((index) => line(index) < state.top + body(view))) ?? ordered[0])
      : ordered[(now + by + ordered.length) % ordered.length];
  const at = line(next ?? 0);
  return { ...scrolled(state, view, seen(state, view, at) ? state.top : at - 2), focus: next };
}

function typed(state: ReaderState, key: string, view: ReaderView): ReaderState {
  if (key === '\u001b') return { ...state, mode: 'read', query: '' };
  if (key === '\r') return state.query === '' ? { ...state, mode: 'read' } : found({ ...state, mode: 'read' }, view, 0);
  if (key === '\u007f' || key === '\b') return { ...state, query: graphemes(state.query).slice(0, -1).join('') };
  return key.startsWith('\u001b') ? state : { ...state, query: state.query + clean(key) };
}

/** To the first hit from the top of the screen on (0), the next (1) or the one before (-1); round at the ends. */
function found(state: ReaderState, view: ReaderView, by: -1 | 0 | 1): ReaderState {
  const hits = findAll(view.page.lines, state.query);
  if (hits.length === 0) {
    const { query } = state;
    const at = view.elsewhere?.(query);
    const title = at === undefined || at === view.at ? undefined : view.contents[at]?.title;
    return at === undefined || title === undefined
      ? { ...state, query: '', message: `"${query}" is not on this page.` }
      : { ...state, query: '', elsewhere: { query, at }, message: `Not on this page · n: ${clean(title)}` };
  }
  const lineOf = (at: number): number => hits[at]?.[0]?.line ?? 0;
  const wished =
    by === 0
      ? Math.max(
          0,
          hits.findIndex((_, at) => lineOf(at) >= state.top),
        )
      : Math.min(state.hit, hits.length - 1) + by;
  const hit = (wished + hits.length) % hits.length;
  const there = seen(state, view, lineOf(hit)) && by !== 0 ? state : scrolled(state, view, lineOf(hit));
  const round = wished !== hit ? (by > 0 ? ' · from the top again' : ' · from the end again') : '';
  return { ...there, hit, message: `/${state.query} · ${hit + 1} of ${hits.length} · n N${round}` };
}

const seen = (state: ReaderState, view: ReaderView, line: number): boolean =>
  line >= state.top && line < state.top + body(view);

function contentsKey(state: ReaderState, key: string, view: ReaderView): { state: ReaderState; effect?: Effect } {
  const last = view.contents.length - 1;
  const choose = (chosen: number) => ({ state: { ...state, chosen: Math.max(0, Math.min(last, chosen)) } });
  switch (key) {
    case 'j':
    case '\u001b[B':
    case '\u001bOB':
      return choose(state.chosen + 1);
    case 'k':
    case '\u001b[A':
    case '\u001bOA':
      return choose(state.chosen - 1);
    case ' ':
    case '\u001b[6~':
      return choose(state.chosen + body(view) - 1);
    case 'b':
    case '\u001b[5~':
      return choose(state.chosen - body(view) + 1);
    case 'g':
      return choose(0);
    case 'G':
      return choose(last);
    case '\r':
      return { state: startState(state.way), effect: { kind: 'lesson', at: state.chosen } };
    case 'q':
    case 'l':
    case '\u001b':
      return { state: { ...state, mode: 'read' } };
    default:
      return { state };
  }
}
