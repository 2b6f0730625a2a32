import { children, type LessonTag, maybe } from './tag.ts';

export const step: LessonTag = {
  name: 'step',
  schema: { render: 'step', attributes: { title: { type: String } } },
};

export const steps: LessonTag = {
  name: 'steps',
  schema: { render: 'steps' },
  toBlock: (tag, { blocks }) => ({
    kind: 'steps',
    steps: children(tag, 'step').map((one) => ({
      ...maybe('title', one.attributes['title']),
      children: blocks(one.children),
    })),
  }),
};
