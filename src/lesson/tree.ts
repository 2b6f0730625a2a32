/** A lesson with everything filled in: what the terminal, the browser and the tests of the course all start from. Types only. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'em' | 'strike'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] }
  | { kind: 'image'; src: string; alt: string }
  | { kind: 'break' };

/** What the tests of the course run, and the reader offers to run. */
export interface CommandFacts {
  expect: string[];
  fails: boolean;
  saves?: string;
}

export interface CodeBlock {
  kind: 'code';
  language: string;
  text: string;
  title?: string;
  /** Written to the learner's folder by the tests of the course. */
  file?: string;
  fragment: boolean;
  command?: CommandFacts;
  /** `module-1/solution · Is the shop open?` where it is taken from the solution. */
  origin?: string;
}

export type Mark = 'done' | 'partly' | 'open';

export interface CheckLine {
  id: string;
  title: string;
  mark: Mark;
}

export type Tone = 'note' | 'tip' | 'warning' | 'cost';

export type Block =
  | { kind: 'heading'; level: number; id: string; children: Inline[] }
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] }
  | CodeBlock
  | { kind: 'quote'; children: Block[] }
  | { kind: 'table'; head: Inline[][]; rows: Block[][][]; align: ('left' | 'center' | 'right')[] }
  | { kind: 'rule' }
  | { kind: 'callout'; tone: Tone; title?: string; children: Block[] }
  | { kind: 'tabs'; tabs: { way: string; label: string; children: Block[] }[] }
  | { kind: 'steps'; steps: { title?: string; children: Block[] }[] }
  | { kind: 'checkpoint'; title?: string; checks: CheckLine[]; children: Block[] }
  | { kind: 'hint'; title: string; children: Block[] }
  | { kind: 'diagram'; diagram: Diagram; caption?: string }
  | { kind: 'figure'; src: string; alt: string; caption?: string }
  | { kind: 'button'; href: string; text: string }
  | { kind: 'quiz'; question: string; answers: { text: string; right: boolean; children: Block[] }[] }
  /** Something could not be filled in; content check says where and why, the reader sees that something is missing. */
  | { kind: 'missing'; what: string };

export type BoxKind = 'person' | 'app' | 'service' | 'function' | 'table' | 'queue' | 'bus' | 'workflow' | 'yours';

export interface Diagram {
  title: string;
  alt: string;
  /** Ids of boxes, or undefined for an empty place. */
  rows: (string | undefined)[][];
  boxes: Record<string, { label: string; kind: BoxKind }>;
  arrows: { from: string; to: string; label?: string }[];
}

export interface LessonTree {
  id: string;
  title: string;
  minutes: number;
  summary: string;
  blocks: Block[];
}

/** The words of inline content, without its looks. */
export function plainText(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text' || node.kind === 'code') return node.text;
      if (node.kind === 'image') return node.alt;
      if (node.kind === 'break') return ' ';
      return plainText(node.children);
    })
    .join('');
}

/** `See it work` → `see-it-work` */
export function slug(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s+/g, '-');
}

/** Every block, those inside others too, in reading order. */
export function* walk(blocks: readonly Block[]): Generator<Block> {
  for (const block of blocks) {
    yield block;
    for (const inner of within(block)) yield* walk(inner);
  }
}

function within(block: Block): Block[][] {
  switch (block.kind) {
    case 'list':
      return block.items;
    case 'tabs':
      return block.tabs.map(({ children }) => children);
    case 'steps':
      return block.steps.map(({ children }) => children);
    case 'quiz':
      return block.answers.map(({ children }) => children);
    case 'table':
      return block.rows.flat();
    case 'quote':
    case 'callout':
    case 'checkpoint':
    case 'hint':
      return [block.children];
    default:
      return [];
  }
}
