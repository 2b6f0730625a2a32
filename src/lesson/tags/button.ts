import { plainText } from '../tree.ts';
import { isTag, type LessonTag, text } from './tag.ts';

export const button: LessonTag = {
  name: 'button',
  schema: { render: 'button', attributes: { href: { type: String, required: true } } },
  toBlock: ({ attributes, children }, { inlines }) => {
    const inner = inlines(children.flatMap((child) => (isTag(child) && child.name === 'p' ? child.children : [child])));
    const href = text(attributes['href']);
    return href === '' ? undefined : { kind: 'button', href, text: plainText(inner) };
  },
};
