/** `presso verify --watch` on the real binary: in a terminal, without one, as JSON, and refused where it makes no sense. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checksDir } from '../paths.ts';
import { runPresso } from '../testing/presso.ts';
import { Pty } from '../testing/pty.ts';
import { KINDS, offlineChecks, readChecklists } from '../verify/index.ts';

const home = mkdtempSync(path.join(tmpdir(), 'presso-watched-'));
const solution = readFileSync(path.join(checksDir(), 'module-1', 'solution', 'order-processor.asl.json'), 'utf8');
const mistake = solution.replaceAll('OrderProcessor.orderFinished', 'OrderProcessor.OrderFinished');
let files = 0;
const write = (text: string): string => {
  const file = path.join(home, `workflow-${++files}.json`);
  writeFileSync(file, text);
  return file;
};
afterAll(() => rmSync(home, { recursive: true, force: true }));

const [offline] = offlineChecks(readChecklists(checksDir(), ['module-1'], KINDS));
const TOTAL = offline?.checks.length ?? 0;

test('in a terminal one screen is redrawn in place, and given back at the end', async () => {
  const file = write(mistake);
  const terminal = new Pty(['verify', 'module-1', '--watch', '--definition', file], { home, rows: 16 });
  try {
    const first = await terminal.until(`Score: ${TOTAL - 1}/${TOTAL}`);
    // What passes is left out where there is no room for it.
    expect(first).toContain('✗ A served order comes to its end');
    expect(first).not.toContain('✓');
    writeFileSync(file, '{ "StartAt": ');
    await terminal.until(/is not JSON/);
    writeFileSync(file, solution);
    const second = await terminal.until(`Score: ${TOTAL}/${TOTAL}`);
    expect(second).toMatch(/changed: .*workflow-1\.json/);
    expect(second).not.toContain('✗');
    expect(terminal.screen.onAlternate).toBe(true);
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(terminal.screen.onAlternate).toBe(false);
    expect(terminal.text()).toContain(`Score: ${TOTAL}/${TOTAL}`);
    expect(terminal.text()).toContain('judged 2 times');
  } finally {
    terminal.close();
  }
});

test('without a terminal all is said once, then one line a change; Ctrl-C ends it with 130', async () => {
  const file = write(mistake);
  let mended = false;
  const ran = await runPresso(['verify', 'module-1', '--watch', '--definition', file], {
    interruptWhen(stdout) {
      if (!mended && stdout.includes('Score:')) {
        mended = true;
        writeFileSync(file, solution);
      }
      return stdout.includes(`Score: ${TOTAL}/${TOTAL}`);
    },
  });
  expect(ran.code).toBe(130);
  const lines = ran.stdout.trimEnd().split('\n');
  expect(lines.filter((text) => text.includes('Score:'))).toHaveLength(2);
  expect(lines.at(-1)).toMatch(/^\d\d:\d\d:\d\d {2}changed: .* · Score: (\d+)\/\1 · now passes: module-1b\.finished$/);
  expect(ran.stderr).toContain('judged 2 times');
});

test('as JSON it is one document a line, the last one whole', async () => {
  const file = write(mistake);
  let mended = false;
  const ran = await runPresso(['verify', 'module-1', '--watch', '--json', '--definition', file], {
    interruptWhen(stdout) {
      if (!mended && stdout.includes('\n')) {
        mended = true;
        writeFileSync(file, solution);
      }
      return stdout.split('\n').length > 2;
    },
  });
  expect(ran.code).toBe(130);
  const documents = ran.stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as { changed: string[]; modules: { failed: number }[] });
  expect(documents.map(({ changed, modules }) => [changed.length, modules[0]?.failed])).toEqual([
    [0, 1],
    [1, 0],
  ]);
});

test('what cannot be watched is refused at once', async () => {
  expect(await runPresso(['verify', '--watch', '--live'])).toMatchObject({ code: 2 });
  expect(await runPresso(['verify', '--watch', '--definition', 'nowhere.json'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('nowhere.json cannot be read'),
  });
  expect(await runPresso(['verify', '--yes'])).toMatchObject({ code: 2 });
});
