import { type LessonTag, maybe, text } from './tag.ts';

export const figure: LessonTag = {
  name: 'figure',
  schema: {
    render: 'figure',
    selfClosing: true,
    attributes: {
      src: { type: String, required: true },
      alt: { type: String, required: true },
      caption: { type: String },
    },
  },
  toBlock: ({ attributes }) => ({
    kind: 'figure',
    src: text(attributes['src']),
    alt: text(attributes['alt']),
    ...maybe('caption', attributes['caption']),
  }),
};
