/** What verify found, in words, as JSON and as JUnit. Pure. */
import type { LiveStep } from '../verify/live/types.ts';
import type { ModuleResult, Result, Status } from '../verify/types.ts';
import { duration, line } from '../text.ts';

export const MARK: Record<Status, string> = { pass: '✓', fail: '✗', waiting: '○', error: '!' };

/** Lines of one module, which has `total` checks; `paint` colours a mark by its status. */
export function moduleLines(
  result: ModuleResult,
  paint: (status: Status, text: string) => string,
  total = result.checks.length,
): string[] {
  const head = `${result.module}  ${result.passed} of ${total}${result.failed ? `, ${result.failed} failed` : ''}${result.waiting ? `, ${result.waiting} waiting` : ''}${result.error ? `, ${result.error} could not be judged` : ''}`;
  return [head, ...result.checks.flatMap((check) => checkLines(check, paint))];
}

function checkLines(check: Result, paint: (status: Status, text: string) => string): string[] {
  const first = `  ${paint(check.status, MARK[check.status])} ${check.title}`;
  if (check.status === 'pass') return [first];
  if (check.status === 'waiting')
    return [
      `${first}\n      ${line(check.found)}`,
      // Who waits for another check finds the hint there.
      ...(check.hint === '' || check.found.startsWith('waits for: ') ? [] : [`      Hint:     ${line(check.hint)}`]),
    ];
  return [
    first,
    `      Expected: ${line(check.expected)}`,
    `      Found:    ${line(check.found)}`,
    `      Hint:     ${line(check.hint)}`,
    `      Lesson:   presso lesson ${check.lesson}`,
  ];
}

const STEP: Record<LiveStep['kind'], string> = {
  begin: 'live:',
  done: '  ✓',
  trouble: '  ✗',
  tidy: '  ·',
  left: '  !',
};

/** One step of a real test order, as it happens. */
export function liveStepLine(
  { kind, text, tookMs }: LiveStep,
  paint: (status: Status, text: string) => string,
): string {
  const mark = STEP[kind];
  if (kind === 'begin') return `${mark} ${line(text)}`;
  if (kind === 'tidy') return paint('waiting', `${mark} tidied up: ${line(text)}`);
  if (kind === 'left') return `${paint('error', mark)} still there, take it away by hand: ${line(text)}`;
  const coloured = paint(kind === 'done' ? 'pass' : 'fail', mark);
  return `${coloured} ${line(text)}${tookMs >= 100 ? `  ${paint('waiting', duration(tookMs))}` : ''}`;
}

/** `Score: 21/24` over all modules that were judged. */
export function scoreLine(modules: readonly ModuleResult[]): string {
  const total = modules.reduce((sum, { checks }) => sum + checks.length, 0);
  return `Score: ${modules.reduce((sum, { passed }) => sum + passed, 0)}/${total}`;
}

/** The document that `--json` promises. */
export const verifyDocument = (target: { kind: string; account: string; region: string }, modules: ModuleResult[]) => ({
  target,
  modules,
});

const escapeXml = (text: string): string =>
  line(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

/** JUnit XML, one test suite a module: fail is a failure, error an error, waiting skipped. */
export function junit(modules: ModuleResult[]): string {
  const suites = modules.map(({ module, checks, failed, error, waiting }) => {
    const cases = checks.map((check) => {
      const open = `    <testcase classname="${escapeXml(module)}" name="${escapeXml(`${check.id}: ${check.title}`)}">`;
      const inner: Record<Status, string> = {
        pass: '',
        waiting: `<skipped message="${escapeXml(check.found)}"/>`,
        fail: `<failure message="${escapeXml(check.found)}">Expected: ${escapeXml(check.expected)}. Hint: ${escapeXml(check.hint)}</failure>`,
        error: `<error message="${escapeXml(check.found)}">${escapeXml(check.hint)}</error>`,
      };
      return `${open}${inner[check.status]}</testcase>`;
    });
    return `  <testsuite name="${escapeXml(module)}" tests="${checks.length}" failures="${failed}" errors="${error}" skipped="${waiting}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`;
}

/** 0 all pass · 1 some fail or wait · 2 some could not be judged. */
export function exitOf(modules: ModuleResult[]): 0 | 1 | 2 {
  if (modules.some(({ error }) => error > 0)) return 2;
  return modules.some(({ failed, waiting }) => failed + waiting > 0) ? 1 : 0;
}
