import type { Node, ValidationError } from '@markdoc/markdoc';
import { children, type LessonTag, text } from './tag.ts';

export const answer: LessonTag = {
  name: 'answer',
  schema: {
    render: 'answer',
    attributes: { text: { type: String, required: true }, right: { type: Boolean, default: false } },
  },
};

export const quiz: LessonTag = {
  name: 'quiz',
  schema: {
    render: 'quiz',
    attributes: { question: { type: String, required: true } },
    validate(node: Node): ValidationError[] {
      const right = node.children.filter((child) => child.tag === 'answer' && child.attributes['right'] === true);
      return right.length === 1
        ? []
        : [{ id: 'quiz-answer', level: 'error', message: 'A quiz has exactly one answer with right=true' }];
    },
  },
  toBlock: (tag, { blocks }) => ({
    kind: 'quiz',
    question: text(tag.attributes['question']),
    answers: children(tag, 'answer').map((one) => ({
      text: text(one.attributes['text']),
      right: one.attributes['right'] === true,
      children: blocks(one.children),
    })),
  }),
};
