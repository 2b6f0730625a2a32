/** Which rules of a bus take an event, and which of its fields says no to the others. Pure. */
import type { Rule } from '../aws/events.ts';
import { explain, type Json, parsePattern } from '../event-pattern/index.ts';

export interface RuleVerdict {
  rule: string;
  /** Its pattern takes the event. */
  matches: boolean;
  /** It takes the event but is switched off, so nothing happens. */
  disabled: boolean;
  /** What it hands the event to, short: `OrderProcessorWorkflow`, `/aws/events/…` */
  targets: string[];
  /** Why not, field by field; empty where it matches. */
  why: string[];
}

/** Rules that match stand first. Rules on a schedule take no events and are left out. */
export function judgeRules(rules: readonly Rule[], event: Record<string, unknown>): RuleVerdict[] {
  const verdicts: RuleVerdict[] = [];
  for (const { name, pattern, state, targets } of rules) {
    if (pattern === undefined) continue;
    const verdict = { rule: name, disabled: state === 'DISABLED', targets: targets.map(({ arn }) => shortTarget(arn)) };
    try {
      const { matches, faults } = explain(parsePattern(pattern), event as Json);
      verdicts.push({ ...verdict, matches, why: faults.map(({ sentence }) => sentence) });
    } catch (error) {
      const why = `Its pattern cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      verdicts.push({ ...verdict, matches: false, why: [why] });
    }
  }
  return verdicts.sort((a, b) => Number(b.matches) - Number(a.matches) || a.rule.localeCompare(b.rule));
}

/** The last part of an ARN, the way a person would name it. */
export function shortTarget(arn: string): string {
  const group = /:log-group:(.+?)(:\*)?$/.exec(arn);
  if (group) return group[1] ?? arn;
  return (
    arn
      .split(':')
      .slice(5)
      .join(':')
      .replace(/^(stateMachine|function|event-bus)[:/]/, '') || arn
  );
}
