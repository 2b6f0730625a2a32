/**
 * Long work, shown: a live list where there is a terminal (Listr2), else one line a change. Standard error, like all news.
 */
import { isTerminal, tell, width } from './terminal.ts';
import { cut, duration, line } from './text.ts';

export interface Step {
  id: string;
  title: string;
}

export interface StepNews {
  id: string;
  state: 'started' | 'news' | 'done' | 'failed' | 'skipped';
  text?: string;
}

/** What is used of Listr2's task. */
interface Wrapper {
  title: string;
  output: string;
  skip(message?: string): void;
}

/** Shows `steps` while `news` comes in; ends when it ends. Errors of the work pass through. */
export async function showProgress(
  steps: Step[],
  news: AsyncIterable<StepNews>,
  now: () => number,
  quiet: boolean,
): Promise<void> {
  if (quiet) {
    for await (const _ of news);
    return;
  }
  if (!isTerminal() || !process.stderr.isTTY || process.env['CI']) return showLines(steps, news, now);
  const { Listr } = await import('listr2');
  // Beside the mark and the time that comes at the end: an entry that is broken pushes the picture down.
  const oneRow = (title: string): string => cut(title, width() - 12);
  const gates = new Map(steps.map(({ id }) => [id, gate()]));
  const wrappers = new Map<string, Wrapper>();
  const started = new Map<string, number>();
  const list = new Listr(
    steps.map(({ id, title }) => ({
      title: oneRow(title),
      task: async (_: unknown, task: Wrapper) => {
        wrappers.set(id, task);
        await gates.get(id)?.promise;
      },
    })),
    {
      concurrent: true,
      // Ctrl-C is the command's to answer: it says what goes on by itself, and how to pick it up.
      registerSignalListeners: false,
      exitOnError: false,
      renderer: 'default',
      rendererOptions: { collapseErrors: false, showSubtasks: false },
    },
  );
  const shown = list.run().catch(() => {});
  try {
    for await (const { id, state, text } of news) {
      const task = wrappers.get(id);
      const title = steps.find((step) => step.id === id)?.title ?? id;
      if (state === 'started') started.set(id, now());
      if (task && text) task.output = cut(line(text), width() - 4);
      if (state === 'done') {
        const took = started.has(id) ? ` ${duration(now() - (started.get(id) ?? 0))}` : '';
        if (task) task.title = `${oneRow(`${title}${text ? ` · ${line(text)}` : ''}`)}${took}`;
        gates.get(id)?.open();
      } else if (state === 'failed') gates.get(id)?.fail(new Error(line(text ?? 'failed')));
      else if (state === 'skipped') {
        task?.skip(oneRow(`${title}${text ? ` · ${line(text)}` : ''}`));
        gates.get(id)?.open();
      }
    }
  } finally {
    // What has not come to its end is not shown as done.
    for (const { fail } of gates.values()) fail(new Error('not watched to its end'));
    await shown;
  }
}

async function showLines(steps: Step[], news: AsyncIterable<StepNews>, now: () => number): Promise<void> {
  const started = new Map<string, number>();
  for await (const { id, state, text } of news) {
    const title = steps.find((step) => step.id === id)?.title ?? id;
    if (state === 'started') {
      started.set(id, now());
      tell(`… ${title}${text ? ` · ${line(text)}` : ''}`);
    } else if (state !== 'news') {
      const mark = { done: '✓', failed: '✗', skipped: '-' }[state];
      const took = started.has(id) ? ` (${duration(now() - (started.get(id) ?? 0))})` : '';
      tell(`${mark} ${title}${text ? ` · ${line(text)}` : ''}${took}`);
    }
  }
}

function gate(): { promise: Promise<void>; open: () => void; fail: (error: Error) => void } {
  let open = (): void => {};
  let fail = (_: Error): void => {};
  const promise = new Promise<void>((done, failed) => {
    open = done;
    fail = failed;
  });
  promise.catch(() => {});
  return { promise, open, fail };
}
