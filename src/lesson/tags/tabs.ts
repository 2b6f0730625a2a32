import { children, type LessonTag, text } from './tag.ts';

const LABELS: Record<string, string> = { console: 'Console', cli: 'AWS CLI', presso: 'presso' };

export const tab: LessonTag = {
  name: 'tab',
  schema: { render: 'tab', attributes: { label: { type: String, required: true } } },
};

export const tabs: LessonTag = {
  name: 'tabs',
  schema: { render: 'tabs' },
  toBlock: (tag, { blocks, facts }) => {
    const all = children(tag, 'tab').map((one) => {
      const way = text(one.attributes['label']);
      return { way, label: LABELS[way] ?? way, children: blocks(one.children) };
    });
    const kept = facts.target.kind === 'sandbox' ? all.filter(({ way }) => way !== 'console') : all;
    return { kind: 'tabs', tabs: kept.length > 0 ? kept : all };
  },
};
