/** Runs work in order of dependency, what is independent at the same time. */
export async function inOrder(
  nodes: readonly string[],
  needs: (node: string) => readonly string[],
  /** False: what waits for this node is not started. */
  work: (node: string) => Promise<boolean>,
  halted: () => boolean,
): Promise<void> {
  const all = new Set(nodes);
  const waiting = new Set(nodes);
  const done = new Set<string>();
  const running = new Set<Promise<void>>();
  const start = (): void => {
    for (const node of waiting) {
      if (halted()) return;
      if (!needs(node).every((other) => done.has(other) || !all.has(other))) continue;
      waiting.delete(node);
      const task: Promise<void> = work(node)
        .then((good) => {
          if (good) done.add(node);
        })
        .finally(() => running.delete(task));
      running.add(task);
    }
  };
  start();
  while (running.size > 0) {
    await Promise.race(running);
    start();
  }
}
