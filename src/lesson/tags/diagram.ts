import { type LessonTag, maybe, text } from './tag.ts';

export const diagram: LessonTag = {
  name: 'diagram',
  schema: {
    render: 'diagram',
    selfClosing: true,
    attributes: { name: { type: String, required: true }, caption: { type: String } },
  },
  toBlock: ({ attributes }, { facts }) => {
    const found = facts.diagram(text(attributes['name']));
    return 'problem' in found
      ? { kind: 'missing', what: found.problem }
      : { kind: 'diagram', diagram: found.value, ...maybe('caption', attributes['caption']) };
  },
};
