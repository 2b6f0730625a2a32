/** Markdoc's tree with values filled in → the lesson's neutral tree. Pure. */
import Markdoc, {
  type Config,
  type Node,
  type RenderableTreeNode,
  type RenderableTreeNodes,
  type Schema,
} from '@markdoc/markdoc';
import type { LessonFacts } from './facts.ts';
import type { Page } from './parse.ts';
import { fence } from './tags/command.ts';
import { TAGS } from './tags/index.ts';
import { type Convert, isTag, maybe, text } from './tags/tag.ts';
import { type Block, type CodeBlock, type Inline, type LessonTree, plainText, slug } from './tree.ts';

export interface LessonName {
  id: string;
  module: string;
}

const nodes: Record<string, Schema> = {
  document: { render: 'article', attributes: { frontmatter: { render: false } } },
  heading: {
    render: 'heading',
    attributes: { level: { type: Number, required: true } },
  },
  fence: {
    ...fence,
    transform(node: Node, config: Config) {
      const inner = node.children.length > 0 ? node.transformChildren(config) : [node.attributes['content']];
      return new Markdoc.Tag('pre', node.transformAttributes(config), inner);
    },
  },
  softbreak: { transform: () => ' ' },
  hardbreak: { render: 'br' },
};

/** Schemas as Markdoc wants them, with the values of a lesson. */
export function configOf(
  lesson: Record<string, unknown>,
  facts: Pick<LessonFacts, 'target'>,
  partials: Record<string, Node>,
): Config {
  return {
    nodes: nodes as never,
    tags: Object.fromEntries(Object.entries(TAGS).map(([name, { schema }]) => [name, schema])),
    variables: { target: facts.target, lesson },
    partials,
  };
}

/** A page with the values of `facts`. Never fails on a page that parses: what cannot be filled in becomes `missing`. */
export function toTree(page: Page, name: LessonName, facts: LessonFacts, partials: Record<string, Node>): LessonTree {
  const { frontMatter } = page;
  const lesson = {
    id: name.id,
    module: name.module,
    title: text(frontMatter.title ?? name.id),
    minutes: Number(frontMatter.minutes ?? 0) || 0,
    summary: text(frontMatter.summary),
  };
  const rendered = Markdoc.transform(page.ast, configOf(lesson, facts, partials)) as RenderableTreeNodes;
  const { module: _, ...rest } = lesson;
  return { ...rest, blocks: converter(facts).blocks([rendered].flat()) };
}

/** Markdoc leaves what stands between backticks as it is; the learner's own values are wanted there most of all. */
function filled(code: string, target: object): string {
  return code.replace(/\{%\s*\$target\.([\w.]+)\s*%\}/g, (written, path: string) => {
    const value = path
      .split('.')
      .reduce<unknown>((here, key) => (here as Record<string, unknown> | undefined)?.[key], target);
    return typeof value === 'string' ? value : written;
  });
}

function converter(facts: LessonFacts): Convert {
  const used = new Map<string, number>();
  const idOf = (wanted: string): string => {
    const times = used.get(wanted) ?? 0;
    used.set(wanted, times + 1);
    return times === 0 ? wanted : `${wanted}-${times}`;
  };

  const convert: Convert = { facts, blocks, inlines };
  return convert;

  function blocks(children: readonly RenderableTreeNode[]): Block[] {
    const out: Block[] = [];
    let pending: RenderableTreeNode[] = [];
    const flush = (): void => {
      const inner = inlines(pending);
      pending = [];
      if (plainText(inner).trim() !== '' || inner.some(({ kind }) => kind === 'image'))
        out.push({ kind: 'paragraph', children: inner });
    };
    for (const child of children) {
      if (!isTag(child) || isInline(child.name)) {
        pending.push(child);
        continue;
      }
      flush();
      out.push(...block(child as Element));
    }
    flush();
    return out;
  }

  function block(tag: Element): Block[] {
    const { name, attributes, children } = tag;
    const own = TAGS[name]?.toBlock;
    if (own) {
      const made = own(tag as never, convert);
      return made ? [made] : [];
    }
    switch (name) {
      case 'heading': {
        const inner = inlines(children);
        const id = attributes['id'];
        return [
          {
            kind: 'heading',
            level: Number(attributes['level'] ?? 2),
            id: idOf(typeof id === 'string' ? id : slug(plainText(inner))),
            children: inner,
          },
        ];
      }
      case 'pre':
        return [codeOf(attributes, children)];
      case 'ul':
      case 'ol':
        return [
          {
            kind: 'list',
            ordered: name === 'ol',
            start: Number(attributes['start'] ?? 1) || 1,
            items: children.filter(isTag).map((item) => blocks((item as Element).children)),
          },
        ];
      case 'blockquote':
        return [{ kind: 'quote', children: blocks(children) }];
      case 'hr':
        return [{ kind: 'rule' }];
      case 'table':
        return [tableOf(children)];
      default:
        // article, p, and tags of other courses: what stands inside.
        return blocks(children);
    }
  }

  function tableOf(children: RenderableTreeNode[]): Block {
    const parts = children.filter(isTag) as unknown as Element[];
    const rowsOf = (part: string): Element[][] =>
      parts
        .filter(({ name }) => name === part)
        .flatMap(({ children: rows }) => rows.filter(isTag) as unknown as Element[])
        .map(({ children: cells }) => cells.filter(isTag) as unknown as Element[]);
    const head = rowsOf('thead')[0] ?? [];
    const align = head.map(({ attributes }) => {
      const wanted = attributes['align'];
      return wanted === 'center' || wanted === 'right' ? wanted : 'left';
    });
    return {
      kind: 'table',
      head: head.map(({ children: inner }) => inlines(inner)),
      rows: rowsOf('tbody').map((cells) => cells.map(({ children: inner }) => blocks(inner))),
      align,
    };
  }

  function inlines(children: readonly RenderableTreeNode[]): Inline[] {
    const out: Inline[] = [];
    for (const child of children) {
      if (child === null || child === undefined || child === false) continue;
      if (isTag(child)) out.push(...inline(child as unknown as Element));
      else {
        const value = typeof child === 'object' ? JSON.stringify(child) : String(child);
        const last = out.at(-1);
        if (last?.kind === 'text') last.text += value;
        else out.push({ kind: 'text', text: value });
      }
    }
    return out;
  }

  function inline({ name, attributes, children }: Element): Inline[] {
    const own = TAGS[name]?.toInline;
    if (own) return [own({ name, attributes, children } as never, convert)];
    switch (name) {
      case 'strong':
      case 'em':
        return [{ kind: name, children: inlines(children) }];
      case 's':
        return [{ kind: 'strike', children: inlines(children) }];
      case 'code':
        return [{ kind: 'code', text: filled(children.map(text).join(''), facts.target) }];
      case 'a':
        return [{ kind: 'link', href: text(attributes['href']), children: inlines(children) }];
      case 'img':
        return [{ kind: 'image', src: text(attributes['src']), alt: text(attributes['alt']) }];
      case 'br':
        return [{ kind: 'break' }];
      default:
        return inlines(children);
    }
  }
}

interface Element {
  name: string;
  attributes: Record<string, unknown>;
  children: RenderableTreeNode[];
}

const INLINE = new Set(['strong', 'em', 's', 'code', 'a', 'img', 'br', 'span']);
const isInline = (name: string): boolean => INLINE.has(name) || TAGS[name]?.toInline !== undefined;

function codeOf(attributes: Record<string, unknown>, children: RenderableTreeNode[]): CodeBlock {
  const { expect } = attributes;
  const words = expect === undefined ? [] : [expect].flat().map(text);
  return {
    kind: 'code',
    language: text(attributes['language']).toLowerCase(),
    text: children.map(text).join('').replace(/\n+$/, ''),
    ...maybe('title', attributes['title']),
    ...maybe('file', attributes['file']),
    fragment: attributes['fragment'] === true,
    ...(attributes['command'] === true
      ? { command: { expect: words, fails: attributes['fails'] === true, ...maybe('saves', attributes['saves']) } }
      : {}),
  };
}
