/** What changes from one text to another, line by line. Pure. After Eugene Myers, "An O(ND) Difference Algorithm". */

export interface DiffLine {
  kind: ' ' | '+' | '-';
  text: string;
}

/** Past so many changed lines the texts have little in common, and all of one for all of the other says as much. */
const MOST = 1_500;

/** Every line of both texts, in order: kept, added or taken out. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const trace = search(before, after);
  if (!trace)
    return [
      ...before.map((text) => ({ kind: '-' as const, text })),
      ...after.map((text) => ({ kind: '+' as const, text })),
    ];
  const lines: DiffLine[] = [];
  let x = before.length;
  let y = after.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const reached = trace[d];
    const k = x - y;
    const down = k === -d || (k !== d && (reached?.get(k - 1) ?? -1) < (reached?.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const fromX = d === 0 ? 0 : (reached?.get(from) ?? 0);
    const fromY = d === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY) {
      x--;
      y--;
      lines.push({ kind: ' ', text: before[x] ?? '' });
    }
    if (d === 0) break;
    if (down) lines.push({ kind: '+', text: after[fromY] ?? '' });
    else lines.push({ kind: '-', text: before[fromX] ?? '' });
    x = fromX;
    y = fromY;
  }
  return lines.reverse();
}

/** For each number of edits, how far along each diagonal one could come before it; undefined when they are too many. */
function search(before: readonly string[], after: readonly string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= Math.min(before.length + after.length, MOST); d++) {
    trace.push(reached);
    const next = new Map(reached);
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (next.get(k - 1) ?? -1) < (next.get(k + 1) ?? -1));
      let x = down ? (next.get(k + 1) ?? 0) : (next.get(k - 1) ?? 0) + 1;
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++;
      next.set(k, x);
      if (x >= before.length && x - k >= after.length) return trace;
    }
    reached = next;
  }
  return undefined;
}

/** Only what changes, with `around` lines on each side; a gap is one line of `…`. */
export function shortened(lines: readonly DiffLine[], around = 2): string[] {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - around), i + around + 1).some(({ kind }) => kind !== ' '),
  );
  const shown: string[] = [];
  for (const [i, { kind, text }] of lines.entries()) {
    if (near[i]) shown.push(`${kind} ${text}`);
    else if (i === 0 || near[i - 1]) shown.push('…');
  }
  return shown;
}
