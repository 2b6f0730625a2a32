import type { Tone } from '../tree.ts';
import { type LessonTag, maybe } from './tag.ts';

const TONES: Tone[] = ['note', 'tip', 'warning', 'cost'];

export const callout: LessonTag = {
  name: 'callout',
  schema: {
    render: 'callout',
    attributes: {
      type: { type: String, default: 'note', matches: TONES },
      title: { type: String },
    },
  },
  toBlock: ({ attributes, children }, { blocks }) => ({
    kind: 'callout',
    tone: TONES.find((tone) => tone === attributes['type']) ?? 'note',
    ...maybe('title', attributes['title']),
    children: blocks(children),
  }),
};
