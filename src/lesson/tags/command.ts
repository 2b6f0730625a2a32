/** Not a tag of its own but the attributes of a fenced block: whatever a block of code may say of itself. */
import type { Schema } from '@markdoc/markdoc';

export const fence: Schema = {
  render: 'pre',
  attributes: {
    content: { type: String, render: false, required: true },
    language: { type: String },
    process: { type: Boolean, render: false, default: true },
    command: { type: Boolean },
    expect: { type: [String, Array] },
    fails: { type: Boolean },
    saves: { type: String },
    fragment: { type: Boolean },
    title: { type: String },
    file: { type: String },
  },
};
