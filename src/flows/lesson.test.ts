import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { recordChecks } from '../lesson/index.ts';
import { runPresso } from '../testing/presso.ts';

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function folder(files: Record<string, string> = {}): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-lesson-'));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

const lesson = (title: string, text: string): string =>
  `---\ntitle: ${title}\nminutes: 3\nsummary: About it\n---\n${text}\n`;
const COURSE = {
  'course/course.yaml': 'title: Mine\nmodules: [{ name: basics, title: Basics }]\n',
  'course/basics/01-first.md': lesson('First', 'Text of the first.\n\n{% checkpoint checks=["basics.one"] /%}'),
  'course/basics/02-second.md': lesson('Second', 'Text of the second, in {% $target.region %}.'),
  'checks/basics/checks.yaml':
    'checks:\n  - id: basics.one\n    title: One holds\n    kind: x\n    hints: [Look up., Look down.]\n    lesson: basics/first\n',
};

test('a lesson is read in a pipe, then it is done, and next goes on', async () => {
  const home = folder(COURSE);
  const own = ['--content', 'course', '--checks', 'checks'];
  const first = await runPresso(['lesson', ...own], { home });
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout).toContain('Text of the first.');
  expect(first.stdout).toContain('○ One holds basics.one');
  expect(first.stdout).not.toContain('\u001b');
  const list = async () => {
    const { stdout } = await runPresso(['lessons', ...own, '--json'], { home });
    return JSON.parse(stdout) as { next: string; modules: { lessons: { id: string; state: string }[] }[] };
  };
  // It has a check: reading alone does not make it done.
  expect((await list()).modules[0]?.lessons.map(({ state }) => state)).toEqual(['partly', 'open']);
  recordChecks(
    home,
    { kind: 'sandbox', account: '000000000000', region: 'us-east-1' },
    [{ id: 'basics.one', status: 'pass' }],
    new Date(),
  );
  expect(await list()).toMatchObject({
    next: 'basics/second',
    modules: [{ lessons: [{ state: 'done' }, { state: 'open' }] }],
  });
  const second = await runPresso(['lesson', 'next', ...own], { home });
  expect(second.stdout).toContain('Text of the second, in us-east-1.');
  expect((await list()).modules[0]?.lessons.map(({ state }) => state)).toEqual(['done', 'done']);
});

test('an unknown lesson is refused with the nearest one', async () => {
  const { code, stderr } = await runPresso(['lesson', 'module-1/is-the-shop-opn']);
  expect(code).toBe(2);
  expect(stderr).toContain('There is no lesson "module-1/is-the-shop-opn".');
  expect(stderr).toContain('presso lesson module-1/is-the-shop-open');
});

test('a reader that goes away ends a lesson quietly', async () => {
  const home = folder();
  const binary = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
  const child = spawn(process.execPath, [binary, 'lesson', 'next'], {
    env: { PATH: process.env['PATH'], PRESSO_HOME: home },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdout.destroy();
  const code = await new Promise((done) => child.once('close', done));
  expect({ code, stderr: stderr.replace(/^No target.*\n/m, '') }).toEqual({ code: 0, stderr: '' });
});

test('a page that is too deep, a binary page and a folder that is not there are refused by name', async () => {
  const home = folder({ 'course/a/01-deep.md': '{% callout %}\n'.repeat(1_000), 'course/a/02-binary.md': 'a\0b' });
  expect((await runPresso(['lesson', 'deep', '--content', 'course'], { home })).stderr).toContain('nested more than');
  expect((await runPresso(['lesson', 'binary', '--content', 'course'], { home })).stderr).toContain('is not a text');
  expect((await runPresso(['lessons', '--content', 'nowhere'], { home })).stderr).toContain('no folder');
});

test('the full-screen reader needs a terminal, and says what does not', async () => {
  const { code, stderr } = await runPresso(['learn', 'module-2']);
  expect(code).toBe(2);
  expect(stderr).toContain('presso lesson module-2');
});

test('hints come one at a time, at last the shape of the solution', async () => {
  const home = folder();
  const ask = async () =>
    (JSON.parse((await runPresso(['hint', 'module-1a.open', '--json'], { home })).stdout) as { hint: string }).hint;
  const [first, second, third, fourth] = [await ask(), await ask(), await ask(), await ask()];
  expect(first).not.toBe(second);
  expect(third).toContain('The solution is built like this:');
  expect(third).toContain('Choice');
  expect(fourth).toBe(third);
  expect((await runPresso(['hint', 'module-1a.opne'], { home })).stderr).toContain('presso hint module-1a.open');
});

test('progress goes to a file and comes back on another machine; what is no progress is refused', async () => {
  const [home, other] = [folder(COURSE), folder()];
  await runPresso(['lesson', 'first', '--content', 'course'], { home });
  expect(await runPresso(['progress', 'export', 'mine.json'], { home })).toMatchObject({ code: 0 });
  expect((await runPresso(['progress', 'export', 'mine.json'], { home })).stderr).toContain('--force');
  const file = path.join(home, 'mine.json');
  expect(await runPresso(['progress', 'import', file], { home: other })).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(path.join(other, 'progress.json'), 'utf8'))).toMatchObject({
    here: 'basics/first',
    lessons: { 'basics/first': { read: expect.any(String) as string } },
  });
  writeFileSync(file, '{"version": 7}');
  expect(await runPresso(['progress', 'import', file], { home: other })).toMatchObject({ code: 2 });
  writeFileSync(path.join(other, 'progress.json'), 'not json');
  const broken = await runPresso(['lesson', 'next'], { home: other });
  expect(broken.code).toBe(2);
  // What cannot be read is never overwritten.
  expect(readFileSync(path.join(other, 'progress.json'), 'utf8')).toBe('not json');
});

test('content check ends with 1 where there are errors, and prints one document', async () => {
  const home = folder({ 'course/a/01-x.md': '---\ntitle: X\n---\n{% callout %}\nx\n{% /calout %}\n' });
  const { code, stdout } = await runPresso(['content', 'check', 'course', '--json'], { home });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    errors: 1,
    findings: [{ file: 'a/01-x.md', line: 6, column: 1, rule: 'tag-closed-wrong' }],
  });
  const told = await runPresso(['content', 'check', 'course'], { home });
  expect(told.stdout).toContain('course/a/01-x.md:6:1 tag-closed-wrong');
  expect((await runPresso(['content', 'check', 'nowhere'], { home })).code).toBe(2);
  expect((await runPresso(['content', 'check', 'course/a/01-x.txt'], { home })).code).toBe(2);
  // One page of a course, by what the rest of it says.
  writeFileSync(path.join(home, 'course/course.yaml'), 'modules: [{ name: a }]\n');
  writeFileSync(path.join(home, 'course/a/02-y.md'), lesson('Y', '[x](/a/x) [z](/a/z)'));
  const page = await runPresso(['content', 'check', 'course/a/02-y.md'], { home });
  expect(page.stdout).toContain('course/a/02-y.md:6:15 link');
  expect(page.stdout).not.toContain('01-x.md');
});

test('commands of the course are commands of this presso', async () => {
  const { code, stdout } = await runPresso(['content', 'check']);
  expect(stdout).toContain('no errors');
  expect(code).toBe(0);
});

test('the preview answers this machine only, escaped, and tells of changes', async () => {
  const home = folder(COURSE);
  const page = path.join(home, 'course/basics/02-second.md');
  const ask = (url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> =>
    new Promise((done, fail) => {
      const { hostname, port, pathname } = new URL(url);
      request({ hostname, port, path: pathname, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => done({ status: response.statusCode ?? 0, body }));
      })
        .once('error', fail)
        .end();
    });
  let asked: Promise<void> | undefined;
  let finish: () => void = () => {};
  const finished = new Promise<void>((done) => {
    finish = done;
  });
  const binary = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
  const child = spawn(process.execPath, [binary, 'content', 'preview', 'course', '--port', '0'], {
    cwd: home,
    env: { PATH: process.env['PATH'], PRESSO_HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout.setEncoding('utf8').once('data', (text: string) => {
    const base = text.trim();
    asked = (async () => {
      expect((await ask(`${base}basics/second`)).body).toContain('Text of the second, in us-east-1.');
      expect((await ask(base, { host: 'example.com' })).status).toBe(403);
      expect((await ask(base, { origin: 'http://example.com' })).status).toBe(403);
      expect((await ask(`${base}files/..%2f..%2fpackage.json`)).status).toBe(404);
      expect((await ask(`${base}basics/none`)).status).toBe(404);
      await new Promise<void>((done, fail) => {
        request(`${base}changes`, (response) => {
          response.setEncoding('utf8').on('data', (news: string) => {
            if (news.includes('retry')) writeFileSync(page, lesson('Second', '<script>alert(1)</script>'));
            if (news.includes('changed')) {
              response.destroy();
              done();
            }
          });
        })
          .once('error', fail)
          .end();
      });
      expect((await ask(`${base}basics/second`)).body).toContain('&#60;script&#62;');
    })().finally(finish);
  });
  child.once('close', () => finish());
  await finished;
  child.kill('SIGINT');
  await asked;
  expect(asked).toBeDefined();
});
