/** What is seen of the routing, and what a check expects of it. */
import type { Rule } from '../../aws/events.ts';
import type { Json } from '../../event-pattern/index.ts';
import type { RoleSeen } from '../permissions/judge.ts';

/** The `expect` of a check of kind rule-routing. */
export interface RouteExpected {
  /** What the learner was told to call the rule; any name will do. */
  rule: string;
  events: 'all' | string[];
  /** A function whose name contains this. */
  function?: string;
  /** A log group of this name. */
  logGroup?: string;
  /** A queue of this name. */
  queue?: string;
  /** None of these: the learner's workflow. */
}

export interface RoutingSeen {
  account: string;
  region: string;
  bus: string;
  /** Is the bus there? */
  busThere: boolean;
  /** Where else the workshop is, when it is not here. */
  elsewhere: string[];
  /** Other Regions with rules of a learner; asked when one is missing here. */
  rulesElsewhere: string[];
  /** How a command of the AWS CLI begins that reaches this place. */
  cli: string;
  /** undefined: there is none, or several could be it */
  workflow: { arn: string; name: string } | undefined;
  /** Rules of the bus, and those of other buses that could be meant for it. */
  rules: Rule[];
  functions: string[];
  /** names of every state machine */
  machines: string[];
  /** names of state machines beside the learner's that rules start and that serve orders too */
  copies?: string[];
  logGroups: string[];
  /** documents */
  logPolicies: string[];
  /** ARN as it stands in the target → statements of the function's policy */
  functionPolicies: Record<string, unknown[]>;
  /** Name → statements of the queue's policy, for the queues that were looked at. */
  queues?: Record<string, unknown[]>;
  /** by ARN */
  roles: Record<string, RoleSeen>;
  /** What EventBridge said where it was asked, by `questionKey`. */
  confirmed: Record<string, boolean>;
}

/** A match that a verdict rests upon. */
export interface Question {
  pattern: string;
  event: { [key: string]: Json };
}

export const questionKey = ({ pattern, event }: Question): string => `${pattern} ${JSON.stringify(event)}`;
