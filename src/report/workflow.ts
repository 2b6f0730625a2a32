/** The workflow in words. Pure. */
import { duration, line } from '../text.ts';
import type { Finding, RunStep } from '../workflow/index.ts';
import { clock } from './order.ts';

/** `order.asl.json:12:7 error …` as editors and CI read it. */
export function findingLines(findings: readonly Finding[], file: string): string[] {
  return findings.map(({ severity, message, location, line: row, column }) => {
    const place = [file, row, row === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
    const where = location === undefined || location === '/' ? '' : ` (${line(location)})`;
    return `${place} ${severity}: ${line(message)}${where}`;
  });
}

export interface ExecutionLine {
  name: string;
  status: string;
  /** epoch milliseconds */
  started: number;
  stopped?: number;
}

/** Executions, newest first, one line each. */
export function executionLines(executions: readonly ExecutionLine[]): string[] {
  return executions.map(({ name, status, started, stopped }) => {
    const took = stopped === undefined ? '' : ` in ${duration(stopped - started)}`;
    const short = name.length > 36 ? `${name.slice(0, 35)}…` : name;
    return `${clock(started).slice(0, 8)} ${line(short).padEnd(36)} ${line(status)}${took}`;
  });
}

/** A step of an execution, one line. */
export function stepLine(step: RunStep): string {
  if (step.kind === 'entered') return `  ${`+${duration(step.after)}`.padStart(9)}  ${line(step.state)}`;
  if (step.kind === 'waits')
    return `◐ It waits in ${line(step.state)}${step.limit ? `, at most ${step.limit}` : ''}${step.event ? `; it has sent ${step.event}` : ''}.`;
  const sign = step.status === 'SUCCEEDED' ? '✓' : '✗';
  return `${sign} ${step.status} in ${line(step.state)} after ${duration(step.took)}.`;
}
