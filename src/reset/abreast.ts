/** Several things at the same time, told as each has something to tell. Pure. */

/** Calls of one kind that may be under way at the same time: AWS allows a few of each a second. */
export const SIDE_BY_SIDE = 5;

/** Yields from several generators as each has something, at most `width` of them begun. */
export async function* abreast<T>(starts: (() => AsyncGenerator<T>)[], width = SIDE_BY_SIDE): AsyncGenerator<T> {
  type Step = Promise<{ source: AsyncGenerator<T>; result: IteratorResult<T> }>;
  const next = new Map<AsyncGenerator<T>, Step>();
  const waiting = [...starts];
  const pull = (source: AsyncGenerator<T>): void => {
    next.set(
      source,
      source.next().then((result) => ({ source, result })),
    );
  };
  const fill = (): void => {
    while (next.size < width) {
      const start = waiting.shift();
      if (!start) return;
      pull(start());
    }
  };
  fill();
  while (next.size > 0) {
    const { source, result } = await Promise.race(next.values());
    if (result.done) {
      next.delete(source);
      fill();
    } else {
      pull(source);
      yield result.value;
    }
  }
}
