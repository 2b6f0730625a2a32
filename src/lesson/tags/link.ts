import { isTag, type LessonTag, text } from './tag.ts';

export const link: LessonTag = {
  name: 'link',
  schema: { render: 'link', attributes: { href: { type: String, required: true } } },
  toInline: ({ attributes, children }, { inlines }) => {
    // On a line of its own Markdoc wraps its text into a paragraph.
    const inner = inlines(children.flatMap((child) => (isTag(child) && child.name === 'p' ? child.children : [child])));
    const href = text(attributes['href']);
    return href === '' ? { kind: 'strong', children: inner } : { kind: 'link', href, children: inner };
  },
};
