/** `presso learn` in a real terminal: keys go in, and what the screen shows is looked at. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runPresso } from '../testing/presso.ts';
import { Pty, type PtyOptions } from '../testing/pty.ts';

const open: { close(): void }[] = [];
const homes: string[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  for (const home of homes.splice(0)) {
    if (existsSync(path.join(home, 'sandbox'))) await runPresso(['sandbox', 'stop'], { home });
    rmSync(home, { recursive: true, force: true });
  }
});

/** A PNG of one point. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

const page = (title: string, text: string): string =>
  `---\ntitle: ${title}\nminutes: 3\nsummary: About ${title}\n---\n${text}\n`;
const filler = Array.from({ length: 40 }, (_, at) => `Paragraph ${at} of the text.`).join('\n\n');
const COURSE = {
  'course.yaml': 'title: Mine\nmodules: [{ name: basics, title: Basics }]\n',
  'basics/01-first.md': page(
    'First',
    `The first text, with a needle.

{% tabs %}
{% tab label="cli" %}
By the CLI.
{% /tab %}
{% tab label="presso" %}
By presso.
{% /tab %}
{% /tabs %}

\`\`\`sh {% command=true %}
presso --version; echo running; while [ ! -e go ]; do sleep 0.05; done; exit 255
\`\`\`

{% hint title="Stuck?" %}
Look under the cup.
{% /hint %}

{% checkpoint checks=["module-1a.open"] /%}

${filler}

Another Needle, far below. [To the second](/basics/second).`,
  ),
  'basics/02-second.md': page('Second', 'The second text.'),
  'basics/03-third.md': page('Third', filler),
};

function laptop(): string {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-learn-'));
  homes.push(home);
  for (const [name, text] of Object.entries(COURSE)) {
    const file = path.join(home, 'course', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return home;
}

async function learn(name: string, options: Partial<PtyOptions> = {}): Promise<Pty> {
  const home = options.home ?? laptop();
  const pty = new Pty(['learn', name, '--content', 'course'], { home, ...options });
  open.push(pty);
  await pty.until(/ \d+ % · |end · /);
  return pty;
}

test('scrolling, the next lesson and the one before, and the contents', async () => {
  const pty = await learn('first');
  expect(pty.screen.onAlternate).toBe(true);
  expect(pty.text()).toContain('The first text, with a needle.');
  await pty.press('jj', (text) => !text.includes('basics/first · 3 min'));
  await pty.press('k', 'basics/first · 3 min'.slice(0, 12));
  await pty.press('G', /end · 1\/3/);
  expect(pty.text()).toContain('Another Needle');
  await pty.press('g', / 0 % · 1\/3/);
  await pty.press('n', 'The second text.');
  await pty.press('n', / 0 % · 3\/3/);
  await pty.press('n', 'This was the last lesson.');
  await pty.press('p', 'The second text.');
  // The second is short: it was read by being shown to its end.
  const list = await pty.press('l', 'Contents');
  expect(list).toMatch(/❯ . Second/);
  await pty.press('\u001b[A', /❯ . First/);
  await pty.press('\r', 'The first text');
});

test('search marks what it finds, over the whole page, and n N go through it', async () => {
  const pty = await learn('first');
  await pty.press('/NEEDLE', '/NEEDLE▏');
  await pty.press('\r', '1 of 2');
  expect(pty.text()).toContain('» The first text');
  expect(pty.raw).toContain('\u001b[7mneedle\u001b[27m');
  await pty.press('n', '2 of 2');
  expect(pty.text()).toContain('» Another Needle');
  await pty.press('n', 'from the top again');
  await pty.press('N', 'from the end again');
  await pty.press('/haystack\r', '"haystack" is not on this page.');
  // What another lesson has is found there.
  await pty.press('/second text\r', 'Not on this page · n: Second');
  await pty.press('n', '/second text · 1 of 1');
  expect(pty.text()).toContain('» The second text.');
  await pty.press('\u001bp', '/3');
  await pty.press('g', 'The first text');
  // With nothing searched for, n is the next lesson again.
  await pty.press('n', 'The second text.');
});

test('tabs, hints and links', async () => {
  const pty = await learn('first');
  expect(pty.text()).toContain('By the CLI.');
  await pty.press('w', 'By presso.');
  expect(pty.text()).not.toContain('By the CLI.');
  await pty.press('\t\t\t', /❯ ▸ Hint: Stuck\?/);
  await pty.press('\r', 'Look under the cup.');
  await pty.press('h', (text) => !text.includes('Look under the cup.'));
  await pty.press('Go', 'The second text.');
});

test('a command block is run after a yes, and its output stays until a key is pressed after its end', async () => {
  const pty = await learn('first');
  await pty.press('r', 'Run presso --version');
  await pty.press('n', 'Nothing was run.');
  await pty.press('r', 'Run presso --version');
  await pty.press('y', /^running$/m);
  expect(pty.screen.onAlternate).toBe(false);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(pty.text()).toContain(`presso/${version}`);
  // Keys pressed while a slow command ran were once taken for the one that leads back, and its output was never read.
  pty.type('zzz');
  writeFileSync(path.join(homes.at(-1) ?? '', 'go'), '');
  await pty.until('ended with 255 · any key: back to the lesson');
  // Swallowed: it leads back, and does not scroll.
  await pty.press('G', 'The last command ended with 255.');
  expect(pty.screen.onAlternate).toBe(true);
  expect(pty.text()).toMatch(/ 0 % · 1\/3/);
});

test('a checkpoint is run in its place, and says why it fails', async () => {
  const home = laptop();
  const pty = await learn('first', { home });
  expect(await runPresso(['setup', '--sandbox', '--yes'], { home })).toMatchObject({ code: 0 });
  pty.close();
  const reader = await learn('first', { home, rows: 40 });
  expect(reader.text()).toContain('○ An open shop lets the order pass');
  await reader.press('v', '0 of 1 pass.');
  expect(reader.text()).toMatch(/module-1a\.open\n.*expected: .*\n.*found: .*The workflow is there(.*\n)+.*→ Create/);
  await runPresso(['solve', 'module-1', '--yes'], { home });
  await reader.press('v', '✓ All 1 pass.');
  expect(reader.text()).toContain('✓ An open shop lets the order pass');
  expect(reader.text()).not.toContain('found:');
});

test('a window that is pulled narrow is filled anew, and what was at the top stays there', async () => {
  const pty = await learn('first');
  await pty.press('/Paragraph 20\r', '1 of 1');
  pty.resize(40, 12);
  await pty.until((text) => text.includes('Paragraph 20') && text.split('\n').length <= 12);
  pty.resize(20, 8);
  // Rows and columns arrive one after the other, each with a picture of its own.
  await pty.until(/^ \/Paragraph 20 · 1 …$/m);
  expect(pty.screen.lines()[0]).toContain('Paragraph 20');
  expect(pty.screen.lines()).toHaveLength(8);
  // Nothing runs over the edge, from the top of the page to its end.
  pty.screen.overruns = 0;
  await pty.press('g', 'First');
  for (let screen = 0; screen < 6; screen++) await pty.press('f', (text) => text !== '');
  await pty.press('?', 'Any key: back');
  expect(pty.screen.overruns).toBe(0);
});

test('leaving gives the screen back as it was, with q and with Ctrl-C', async () => {
  for (const [key, code] of [
    ['q', 0],
    ['\u0003', 130],
  ] as const) {
    const pty = await learn('first');
    await pty.press(key, /ended \d+, after/);
    expect(pty.text()).toBe(`before\nended ${code}, after`);
    expect(await pty.ended).toBe(code);
    expect(pty.raw.trimEnd().split('\u001b[?1049l').length).toBeGreaterThan(1);
    expect(pty.raw).toContain('\u001b[?25h');
  }
});

test('without colours the edge tells the hits, and no escape sequence says a colour', async () => {
  const pty = await learn('first', { env: { NO_COLOR: '1' } });
  await pty.press('/needle\r', '1 of 2');
  expect(pty.text()).toContain('» The first text');
  expect(pty.raw).not.toMatch(/\u001b\[[\d;]*m/);
});

test('on light ground the colours are those for light ground, and the answer of the terminal is no key', async () => {
  const light = await learn('first', { ground: 'ffff/ffff/eeee' });
  expect(light.raw).toContain('\u001b[34m');
  expect(light.raw).not.toContain('\u001b[96m');
  expect(light.text()).toMatch(/ 0 % · 1\/3/);
  const dark = await learn('first', { ground: '1111/1111/1111', env: { COLORFGBG: '0;15' } });
  expect(dark.raw).toContain('\u001b[96m');
  // Nobody answers: what the environment says counts.
  const said = await learn('first', { env: { COLORFGBG: '0;15' } });
  expect(said.raw).not.toContain('\u001b[96m');
});

test('a picture is drawn where the terminal is known to show it, and never into a pipe', async () => {
  const home = laptop();
  writeFileSync(path.join(home, 'course/basics/cup.png'), PIXEL);
  writeFileSync(path.join(home, 'course/basics/02-second.md'), page('Second', '![A cup on a table](cup.png)'));
  const kitty = await learn('second', { home, env: { TERM: 'xterm-kitty' } });
  expect(kitty.raw).toContain('\u001b_Ga=T');
  expect(kitty.text()).toContain('▧ A cup on a table');
  expect((await learn('second', { home })).raw).not.toContain('\u001b_G');
  expect((await learn('second', { home, env: { TERM: 'xterm-kitty', TMUX: '/tmp/x' } })).raw).not.toContain('\u001b_G');
  const piped = await runPresso(['lesson', 'second', '--content', 'course'], { home, env: { TERM: 'xterm-kitty' } });
  expect(piped.stdout).toContain('▧ A cup on a table');
  expect(piped.stdout).not.toContain('\u001b');
});
