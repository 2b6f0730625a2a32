/** What is wrong with a definition before it is pushed, each with its line and column. Pure. */
import { type Diagnostic, validateDefinition } from '../asl/validation/index.ts';

export interface Finding {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  /** Of the definition: `/States/Wait/Next`; absent where nothing of it is meant. */
  location?: string;
  /** From 1; absent where it cannot be told. */
  line?: number;
  column?: number;
}

/** What a lesson or a template leaves for the learner's own values, and what must not reach an account. */
const PLACEHOLDER = /\$\{[^}\n]*\}|\bYOUR_[A-Z0-9_]+/g;

/** What `presso lesson` draws at the left of a block; a selection in the terminal takes it along. */
const BAR = /^[ \t]*▎/m;

/** Errors first by place; no error means that AWS takes it. */
export function lint(text: string, type: 'STANDARD' | 'EXPRESS'): Finding[] {
  const bar = BAR.exec(text);
  if (bar)
    return [
      {
        severity: 'error',
        code: 'BAR',
        message:
          'the bar of the lesson, and its line breaks, came along from the terminal: copy with c in presso learn, or out of presso lesson --plain',
        line: text.slice(0, bar.index + bar[0].length).split('\n').length,
        column: bar[0].length,
      },
    ];
  const findings = validateDefinition(text, { type }).map(toFinding);
  for (const found of text.matchAll(PLACEHOLDER)) {
    const before = text.slice(0, found.index).split('\n');
    findings.push({
      severity: 'error',
      code: 'PLACEHOLDER',
      message: `${found[0]} stands for a value of your own; put it in`,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
    });
  }
  return findings.sort(
    (a, b) =>
      (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER) || (a.column ?? 0) - (b.column ?? 0),
  );
}

const toFinding = ({ severity, code, message, location, line, column }: Diagnostic): Finding => ({
  severity: severity === 'ERROR' ? 'error' : 'warning',
  code,
  message,
  ...(location === undefined || location.startsWith('[Source') ? {} : { location }),
  ...(line === undefined ? {} : { line }),
  ...(column === undefined ? {} : { column }),
});

/** One way to write a definition, so that only what it says counts as a difference. Text that is no JSON stays as it is. */
export function pretty(definition: string): string {
  try {
    return `${JSON.stringify(JSON.parse(definition), null, 2)}\n`;
  } catch {
    return definition.endsWith('\n') ? definition : `${definition}\n`;
  }
}
