import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkCourse } from '../lesson/check/index.ts';
import { openLesson, readCourse, targetValues, toTerminal } from '../lesson/index.ts';
import { press, type ReaderView, startState } from '../lesson/reader.ts';
import { draw } from '../lesson/screen.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const content = path.join(root, 'content');
const checks = path.join(root, 'checks');
const target = targetValues({ kind: 'sandbox' });
const lessons = readCourse(content).modules.flatMap((module) => module.lessons);
const looks = { width: 100, colour: true, theme: 'dark', links: true, plain: false } as const;

const best = (rounds: number, run: () => void): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
};

test('a lesson of 7 KB is parsed, filled in and laid out in 30 ms', () => {
  const size = (file: string): number => Math.abs(statSync(file).size - 7_168);
  const entry = lessons.toSorted((a, b) => size(a.file) - size(b.file))[0];
  if (!entry) throw new Error('there are no lessons');
  const took = best(20, () => {
    toTerminal(openLesson(entry, { dir: content, checks, target, mark: () => 'open' }), looks);
  });
  console.log(`${entry.id} (${readFileSync(entry.file).length} bytes): ${took.toFixed(1)} ms`);
  expect(took).toBeLessThan(30);
});

test('the whole course is checked in 2 s', () => {
  const took = best(2, () => {
    checkCourse(content, { packagedChecks: checks, packagedContent: content, commands: [] });
  });
  console.log(`content check: ${took.toFixed(0)} ms`);
  expect(took).toBeLessThan(2_000);
});

test('the reader redraws within 16 ms on a lesson of 500 lines', () => {
  const all = lessons.map((entry) =>
    toTerminal(openLesson(entry, { dir: content, checks, target, mark: () => 'open' }), looks),
  );
  const lines = all.flatMap((page) => page.lines).slice(0, 500);
  const view: ReaderView = { page: { lines, things: [] }, rows: 50, columns: 102, title: 'All', contents: [], at: 0 };
  for (const query of ['', 'the']) {
    let state = { ...startState(undefined), query };
    const took = best(50, () => {
      state = press(state, 'j', view).state;
      draw(state, view, true);
    });
    console.log(`redraw${query === '' ? '' : ', with what was searched for marked'}: ${took.toFixed(2)} ms`);
    expect(took).toBeLessThan(16);
  }
});

test('presso lesson next starts in 2.5 times presso --version', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'presso-bench-'));
  const run = (...args: string[]): number =>
    best(7, () => {
      execFileSync(process.execPath, [path.join(root, 'bin/run.js'), ...args], {
        env: { PATH: process.env['PATH'], PRESSO_HOME: home },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    });
  const version = run('--version');
  const next = run('lesson', 'next');
  rmSync(home, { recursive: true, force: true });
  console.log(
    `--version ${version.toFixed(0)} ms, lesson next ${next.toFixed(0)} ms: ${(next / version).toFixed(2)} times`,
  );
  expect(next / version).toBeLessThan(2.5);
});
