/** The shapes that checks, probes and reports share. */

export type Status = 'pass' | 'fail' | 'waiting' | 'error';

/** One line of checks.yaml. */
export interface Check {
  id: string;
  title: string;
  /** Which probe judges it. */
  kind: string;
  /** What the probe is asked; its own words. */
  expect: Record<string, unknown>;
  /** From a nudge to the shape of the solution. */
  hints: string[];
  /** `module-1/is-the-shop-open`, with an anchor if need be. */
  lesson: string;
  /** Ids of checks without which this one cannot be judged. */
  needs: string[];
  /** Part of a module that has parts: `a`, `b`. */
  part?: string;
}

export interface Checklist {
  module: string;
  checks: Check[];
}

/** What a probe says of one check. */
export interface Verdict {
  status: Status;
  expected: string;
  found: string;
  /** A hint that fits what was found better than the check's own. */
  hint?: string;
  /** The same for the lesson. */
  lesson?: string;
}

/** As `presso verify --json` prints it: a promise. */
export interface Result extends Verdict {
  id: string;
  title: string;
  hint: string;
  lesson: string;
}

export interface ModuleResult {
  module: string;
  passed: number;
  failed: number;
  waiting: number;
  error: number;
  checks: Result[];
}
