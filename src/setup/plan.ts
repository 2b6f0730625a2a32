/** What a set-up would do, from what there is. Pure. */
import { MARKER, STACK_PREFIX } from '../workshop.ts';

export interface StackWanted {
  /** `events`; on AWS `serverlesspresso-events` */
  name: string;
  module: string;
  after: string[];
  description: string;
  parameters: Record<string, string>;
  outputs: { key: string; why: string }[];
  cost: string;
  body: string;
}

export interface StackFound {
  /** `serverlesspresso-events`, whatever CloudFormation calls it. */
  name: string;
  /** Its own name where StackSets made it: only the hub that has the set changes it. */
  ofASet?: string;
  status: string;
  reason?: string;
  parameters: Record<string, string>;
  tags: Record<string, string>;
  /** Not read for stacks in the middle of something. */
  body?: string;
}

export interface Facts {
  account: string;
  region: string;
  stacks: StackFound[];
  /** Fixed names of the workshop that exist, with the stack that holds each. */
  taken: { what: string; stack?: string }[];
  logPolicies: { count: number; names: string[] };
  lambdaConcurrency?: number;
  missingServices: string[];
}

export type StackAction = 'create' | 'update' | 'recreate' | 'repair' | 'wait' | 'keep' | 'refuse';

export interface PlanStep {
  stack: string;
  action: StackAction;
  why: string;
  description: string;
  cost: string;
  after: string[];
  /** What CloudFormation calls the stack that is there, where StackSets made it. */
  ofASet?: string;
}

export interface Trouble {
  /** refused: nothing is done; warning: shown, the set-up goes on */
  severity: 'refused' | 'warning';
  sentence: string;
  hint: string;
}

export interface SetupPlan {
  account: string;
  region: string;
  steps: PlanStep[];
  trouble: Trouble[];
}

export const stackName = (name: string): string => `${STACK_PREFIX}${name}`;

/** `engine`: who is to make the stacks. Each keeps what the other made, and changes only its own. */
export function planSetup(wanted: StackWanted[], facts: Facts, engine: 'stacks' | 'stack sets' = 'stacks'): SetupPlan {
  // Where both are there, one is what an attempt that failed has left.
  const found = new Map(
    [...facts.stacks].sort((a, b) => Number(isWhole(a)) - Number(isWhole(b))).map((stack) => [stack.name, stack]),
  );
  const bySets = facts.stacks.some(({ ofASet }) => ofASet !== undefined);
  const step = (stack: StackWanted): Step => {
    const there = found.get(stackName(stack.name));
    if (engine === 'stack sets') return setActionFor(stack, there);
    const alone = actionFor(stack, there);
    // The core is made by one of the two: a stack of presso's own between those of sets would be in their way.
    return alone.action === 'create' && bySets && stack.module === 'setup'
      ? { action: 'refuse', why: `StackSets made the others, and it is not there; ${BY_HUB}` }
      : alone;
  };
  const steps = wanted.map((stack) => ({
    stack: stack.name,
    ...step(stack),
    description: stack.description,
    cost: stack.cost,
    after: stack.after,
  }));
  return { account: facts.account, region: facts.region, steps, trouble: troubleAhead(wanted, steps, facts) };
}

/** Is there anything a run would change? */
export const changes = (plan: SetupPlan): PlanStep[] =>
  plan.steps.filter(({ action }) => action !== 'keep' && action !== 'refuse');

const isWhole = ({ status }: StackFound): boolean => /^(CREATE|UPDATE)_COMPLETE$/.test(status);

interface Step {
  action: StackAction;
  why: string;
  ofASet?: string;
}

/** Under a set of StackSets: whether it is up to date is the set's business. */
function setActionFor(wanted: StackWanted, found: StackFound | undefined): Step {
  if (found?.ofASet !== undefined) return { action: 'keep', why: 'its stack set keeps it', ofASet: found.ofASet };
  const alone = actionFor(wanted, found);
  return alone.action === 'create' || alone.action === 'refuse'
    ? alone
    : { action: 'refuse', why: 'presso made it without StackSets; presso fleet setup without --engine keeps it' };
}

const BY_HUB = 'presso fleet setup --engine stacksets, from the account that has the set, puts it right';

/** The stack of a set is used as it is; made anew or changed, it would be nobody's. */
function ofASetFor(wanted: StackWanted, found: StackFound, ofASet: string): Step {
  const alone = actionFor(wanted, found);
  if (alone.action === 'keep') return { ...alone, ofASet };
  return {
    action: 'refuse',
    why: `StackSets made it and ${alone.why}; ${BY_HUB}`,
    ofASet,
  };
}

function actionFor(wanted: StackWanted, given: StackFound | undefined): Step {
  if (given?.ofASet !== undefined) {
    const { ofASet, ...found } = given;
    return ofASetFor(wanted, found, ofASet);
  }
  const found = given;
  if (!found || found.status === 'DELETE_COMPLETE') return { action: 'create', why: 'it is not there yet' };
  const { status } = found;
  // A change set that was never executed leaves a shell without tags and resources: nobody can miss it.
  if (status === 'REVIEW_IN_PROGRESS')
    return { action: 'recreate', why: 'a change set was left without being executed' };
  if (found.tags[MARKER.key] !== MARKER.value)
    return { action: 'refuse', why: `a stack of that name is there that presso did not make (no tag ${MARKER.key})` };
  if (status.endsWith('_IN_PROGRESS')) return { action: 'wait', why: `it is in the middle of something (${status})` };
  if (/^(ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|DELETE_FAILED)$/.test(status))
    return { action: 'recreate', why: `an earlier attempt ended as ${status}` };
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return { action: 'repair', why: 'an earlier update could not be rolled back' };
  if (found.body !== wanted.body) return { action: 'update', why: 'its template differs from this version of presso' };
  const differs = Object.entries(wanted.parameters).find(([key, value]) => found.parameters[key] !== value);
  if (differs)
    return { action: 'update', why: `its parameter ${differs[0]} is ${found.parameters[differs[0]] ?? 'not set'}` };
  return { action: 'keep', why: 'it is as it should be' };
}

/** AWS quota "Resource policies: 10 per Region" (AWS page "CloudWatch Logs quotas"). */
const LOG_POLICIES = 10;
/** Fewer concurrent executions than this and a room's orders throttle (new accounts have 10). */
const CONCURRENCY = 10;

function troubleAhead(wanted: StackWanted[], steps: PlanStep[], facts: Facts): Trouble[] {
  const trouble: Trouble[] = [];
  for (const step of steps)
    if (step.action === 'refuse')
      trouble.push({
        severity: 'refused',
        sentence: `The stack ${stackName(step.stack)} cannot be used: ${step.why}.`,
        hint:
          step.ofASet === undefined
            ? 'presso setup --self-hosted --region ANOTHER   (or delete that stack yourself)'
            : 'presso fleet setup --engine stacksets   (from the account that has the stack sets)',
      });
  const ours = new Set(wanted.map(({ name }) => stackName(name)));
  const foreign = facts.taken.filter(({ stack }) => stack === undefined || !ours.has(stack));
  // A name held by hand matters only where a stack of ours is still to make it.
  const making = steps.some(({ action }) => action === 'create' || action === 'recreate');
  if (making && foreign.length > 0) {
    const owner = foreign.find(({ stack }) => stack !== undefined)?.stack;
    const list = `${foreign
      .slice(0, 4)
      .map(({ what }) => what)
      .join(', ')}${foreign.length > 4 ? ` and ${foreign.length - 4} more` : ''}`;
    trouble.push({
      severity: 'refused',
      sentence: owner
        ? `Names of the workshop are taken in this account and Region by the stack ${owner}: ${list}.`
        : `Names of the workshop are taken in this account and Region by something made by hand: ${list}.`,
      hint: owner
        ? 'presso setup --aws-hosted   (if this is the account of an event)'
        : 'presso teardown --dry-run   (or choose another --region)',
    });
  }
  if (facts.missingServices.length > 0)
    trouble.push({
      severity: 'refused',
      sentence: `The Region ${facts.region} does not have ${facts.missingServices.join(', ')}.`,
      hint: 'presso setup --self-hosted --region us-east-1',
    });
  const eventsStep = steps.find(({ stack }) => stack === 'events');
  if (eventsStep && /create/.test(eventsStep.action) && facts.logPolicies.count >= LOG_POLICIES)
    trouble.push({
      severity: 'refused',
      sentence: `This Region already has ${facts.logPolicies.count} CloudWatch Logs resource policies and AWS allows ${LOG_POLICIES}.`,
      hint: 'aws logs describe-resource-policies   (delete one that nothing needs)',
    });
  if (facts.lambdaConcurrency !== undefined && facts.lambdaConcurrency <= CONCURRENCY)
    trouble.push({
      severity: 'warning',
      sentence: `The account may run only ${facts.lambdaConcurrency} functions at a time, so a rush of orders will be throttled.`,
      hint: 'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
    });
  return trouble;
}
