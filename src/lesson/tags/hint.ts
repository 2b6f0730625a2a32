import { type LessonTag, text } from './tag.ts';

export const hint: LessonTag = {
  name: 'hint',
  schema: { render: 'hint', attributes: { title: { type: String, required: true } } },
  toBlock: ({ attributes, children }, { blocks }) => ({
    kind: 'hint',
    title: text(attributes['title']),
    children: blocks(children),
  }),
};
