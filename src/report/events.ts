/** Events of the bus, and what rules make of one, in words. Pure. */
import type { BusEvent, RuleVerdict } from '../events/index.ts';

import { factsOf } from '../order/timeline.ts';
import { count, cut, line } from '../text.ts';
import { clock } from './order.ts';

/** The longest detail-type of the workshop. */
const TYPE_WIDTH = 32;

/** `16:04:05.678 Validator.NewOrder   5c2d1a36 userId ann`; never a task token. */
export function eventLine({ at, detailType, detail }: BusEvent, width: number): string {
  const order = typeof detail['orderId'] === 'string' ? detail['orderId'].slice(0, 8) : '';
  const facts = Object.entries(factsOf(detail))
    .map(([name, value]) => `${name} ${line(value)}`)
    .join(', ');
  const type = line(detailType);
  const head = `${clock(at)} ${width >= 70 ? type.padEnd(TYPE_WIDTH) : type}`;
  return cut(
    [head, line(order).padEnd(width >= 70 ? 8 : 0), facts]
      .filter((text) => text !== '')
      .join(' ')
      .trimEnd(),
    width,
  );
}

/** The event as JSON lines, a task token in it named but not shown. */
export function draftLines(event: Record<string, unknown>): string[] {
  const { detail, source } = event;
  const shown = JSON.stringify({ source, 'detail-type': event['detail-type'], detail }, hideToken, 2);
  return shown.split('\n').map(line);
}

const hideToken = (name: string, value: unknown): unknown => (/^task_?token$/i.test(name) ? '(not shown)' : value);

/** What each rule does with the event. */
export function verdictLines(verdicts: readonly RuleVerdict[], explained: boolean): string[] {
  const lines: string[] = [];
  for (const { rule, matches, disabled, targets, why } of verdicts) {
    if (matches) {
      const to = targets.length === 0 ? 'but it has no target' : `to ${targets.map(line).join(', ')}`;
      lines.push(`✓ ${line(rule)} takes it${disabled ? ', but is disabled' : ''} → ${to}`);
    } else if (explained) {
      lines.push(`✗ ${line(rule)} does not take it`);
      for (const sentence of why) lines.push(`    ${line(sentence)}`);
    }
  }
  const others = verdicts.filter(({ matches }) => !matches).length;
  if (!verdicts.some(({ matches }) => matches)) lines.push('No rule of this bus takes it.');
  if (!explained && others > 0) lines.push(`  ${count(others, 'rule')} did not take it; --explain says why.`);
  return lines;
}
