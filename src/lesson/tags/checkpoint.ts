import { type LessonTag, maybe } from './tag.ts';

export const checkpoint: LessonTag = {
  name: 'checkpoint',
  schema: {
    render: 'checkpoint',
    attributes: { checks: { type: Array, required: true }, title: { type: String } },
  },
  toBlock: ({ attributes, children }, { blocks, facts }) => {
    const ids: unknown[] = Array.isArray(attributes['checks']) ? attributes['checks'] : [];
    return {
      kind: 'checkpoint',
      ...maybe('title', attributes['title']),
      checks: ids.map((one) => {
        const id = String(one);
        return { id, title: facts.check(id)?.title ?? id, mark: facts.mark(id) };
      }),
      children: blocks(children),
    };
  },
};
