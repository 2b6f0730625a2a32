/** A rush in words. Pure. */
import type { OneOrder, RushSummary } from '../order/rush.ts';
import { count, duration, line } from '../text.ts';

/** The value below which `share` of them lie; undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
}

export interface Figures {
  placed: number;
  completed: number;
  turnedAway: number;
  lost: number;
  refused: number;
  failed: number;
  perSecond: number;
}

export function figuresOf({ orders, tookMs }: RushSummary): Figures {
  const of = (...fates: OneOrder['fate'][]): number => orders.filter(({ fate }) => fates.includes(fate)).length;
  const good = of('placed', 'completed');
  return {
    placed: good,
    completed: of('completed'),
    turnedAway: of('turned-away'),
    lost: of('lost'),
    refused: of('refused'),
    failed: of('failed'),
    perSecond: tookMs === 0 ? 0 : Math.round((good * 10_000) / tookMs) / 10,
  };
}

/** Was every order treated right? Being turned away is right when the shop is full. */
export function wentWell(summary: RushSummary): boolean {
  const { lost, refused, failed } = figuresOf(summary);
  return lost + refused + failed === 0 && summary.doubled.length === 0;
}

export function rushLines(summary: RushSummary, until: 'placed' | 'completed'): string[] {
  const { placed, turnedAway, perSecond } = figuresOf(summary);
  const numbers = summary.orders.flatMap(({ number }) => (number === undefined ? [] : [number]));
  const lines = [
    `${count(placed, 'order')} ${until} in ${duration(summary.tookMs)} (${perSecond} a second)`,
    ...(turnedAway > 0
      ? [`  ${count(turnedAway, 'customer')} turned away: the shop was full (or closed meanwhile)`]
      : []),
  ];
  if (numbers.length > 0)
    lines.push(
      summary.doubled.length === 0
        ? `  numbers ${Math.min(...numbers)} to ${Math.max(...numbers)}, no number twice`
        : `  ! numbers given twice: ${summary.doubled.join(', ')}`,
    );
  lines.push(
    ...latency(
      'taken after',
      summary.orders.flatMap(({ takenMs }) => takenMs ?? []),
    ),
  );
  lines.push(
    ...latency(
      'served after',
      summary.orders.flatMap(({ servedMs }) => servedMs ?? []),
    ),
  );
  for (const [why, n] of reasons(summary.orders)) lines.push(`  ! ${count(n, 'order')}: ${line(why)}`);
  return lines;
}

function latency(name: string, values: readonly number[]): string[] {
  const [half, most, all] = [0.5, 0.95, 1].map((share) => percentile(values, share));
  if (half === undefined || most === undefined || all === undefined) return [];
  return [
    `  ${name.padEnd(12)} half within ${duration(half)}, 95 of 100 within ${duration(most)}, all within ${duration(all)}`,
  ];
}

function reasons(orders: readonly OneOrder[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { fate, why } of orders) {
    if (fate === 'placed' || fate === 'completed' || fate === 'turned-away') continue;
    const text =
      fate === 'lost' ? `lost (${why === 'lost' ? 'it never came to wait for a drink' : why})` : `${fate}: ${why}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
}
