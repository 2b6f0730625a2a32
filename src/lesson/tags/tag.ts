/** What a file of this folder says of one tag: its schema, and what it becomes. */
import type { RenderableTreeNode, Schema, Tag } from '@markdoc/markdoc';
import type { LessonFacts } from '../facts.ts';
import type { Block, Inline } from '../tree.ts';

export interface Convert {
  facts: LessonFacts;
  blocks(nodes: readonly RenderableTreeNode[]): Block[];
  inlines(nodes: readonly RenderableTreeNode[]): Inline[];
}

export interface LessonTag {
  name: string;
  schema: Schema;
  toBlock?(tag: Tag, convert: Convert): Block | undefined;
  toInline?(tag: Tag, convert: Convert): Inline;
}

export const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/** `{title: …}` where there is one. */
export const maybe = <K extends string>(key: K, value: unknown): { [key in K]?: string } =>
  (value === undefined || value === null || value === '' ? {} : { [key]: String(value) }) as { [key in K]?: string };

/** The children of a tag that are tags of one name; Markdoc hands on white space and others between them. */
export const children = (tag: Tag, name: string): Tag[] =>
  tag.children.filter((child): child is Tag => isTag(child) && child.name === name);

export const isTag = (node: unknown): node is Tag =>
  typeof node === 'object' && node !== null && (node as { $$mdtype?: string }).$$mdtype === 'Tag';
