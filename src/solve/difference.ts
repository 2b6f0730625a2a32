/**
 * From what a build wants and what is there to the steps between. Pure. One file, because each kind of resource has the
 * same three parts (what it takes, what that replaces, how it is put back), and they are read side by side.
 */
import type { Rule, RuleTarget } from '../aws/events.ts';
import { PressoError } from '../errors.ts';
import { matches, parsePattern } from '../event-pattern/index.ts';
import { EVENTS, sampleEvent } from '../workshop.ts';
import {
  identify,
  meant,
  type CoreRuleWanted,
  type FunctionWanted,
  type NameRef,
  type ParameterWanted,
  type RuleWanted,
  type TargetWanted,
  type Wanted,
} from './build.ts';
import type { Seen } from './observe.ts';
import { type PeopleStep, type PeopleUndo, peopleSteps, undoPeople } from './people.ts';

/** One change. What it takes away or alters is in it, so that it can be put back. */
export type SolveStep =
  | { do: 'create-role'; name: string; path: string; trust: unknown; inline: Record<string, unknown> }
  | {
      do: 'change-role';
      name: string;
      trust: unknown;
      inline: Record<string, unknown>;
      before: { trust: unknown; inline: Record<string, unknown> };
    }
  | {
      do: 'create-workflow';
      name: string;
      arn: string;
      type: 'STANDARD' | 'EXPRESS';
      definition: string;
      roleArn: string;
    }
  | {
      do: 'change-workflow';
      name: string;
      arn: string;
      definition: string;
      roleArn: string;
      before: { definition: string; roleArn: string };
    }
  | {
      do: 'remake-workflow';
      name: string;
      arn: string;
      type: 'STANDARD' | 'EXPRESS';
      definition: string;
      roleArn: string;
      before: { type: string; definition: string; roleArn: string };
    }
  | { do: 'create-function'; name: string; file: string; code: string; roleArn: string }
  | { do: 'remove-rule'; rule: Rule; because: string }
  | { do: 'create-rule'; rule: Rule }
  | { do: 'change-rule'; rule: Rule; before: Rule }
  | { do: 'allow'; function: string; statementId: string; ruleArn: string }
  | PeopleStep
  | { do: 'change-parameter'; name: string; value: string; before: string };

export interface SolvePlan {
  steps: SolveStep[];
  /** What is already as it should be. */
  kept: string[];
}

export function planBuild(wanted: Wanted[], seen: Seen): SolvePlan {
  const plan: SolvePlan = { steps: [], kept: [] };
  const keepOr = (resource: Wanted, steps: SolveStep[]): void => {
    if (steps.length === 0) plan.kept.push(identify(resource));
    plan.steps.push(...steps);
  };
  for (const resource of wanted) {
    if (resource.kind === 'role') keepOr(resource, roleSteps(resource, seen));
    else if (resource.kind === 'workflow') keepOr(resource, workflowSteps(resource, wanted, seen));
    else if (resource.kind === 'function') keepOr(resource, functionSteps(resource, wanted, seen));
    else if (resource.kind === 'rule') keepOr(resource, ruleSteps(resource, wanted, seen));
    else if (resource.kind === 'pool' || resource.kind === 'group' || resource.kind === 'user')
      keepOr(resource, peopleSteps(resource, seen.people));
    else if (resource.kind === 'parameter') keepOr(resource, parameterSteps(resource, seen));
    else if (resource.kind === 'core rule') keepOr(resource, coreRuleSteps(resource, seen));
    else {
      const [target] = functionsMeant(resource.function, seen);
      const rule = wanted.find((other): other is RuleWanted => other.kind === 'rule' && other.name === resource.rule);
      const ruleArn = ruleArnOf(rule?.bus ?? 'default', resource.rule, seen);
      const there = target?.policy.some((statement) => allowsRule(statement, ruleArn));
      const statementId = `presso-${resource.rule}`;
      keepOr(resource, there || !target ? [] : [{ do: 'allow', function: target.name, statementId, ruleArn }]);
    }
  }
  return plan;
}

function allowsRule(statement: Seen['functions'][number]['policy'][number], ruleArn: string): boolean {
  if (statement.Effect !== 'Allow' || JSON.stringify(statement.Principal).indexOf('events.amazonaws.com') < 0)
    return false;
  const sources = Object.values(statement.Condition ?? {}).flatMap((keys) =>
    Object.entries(keys)
      .filter(([key]) => /^aws:sourcearn$/i.test(key))
      .map(([, value]) => String(value)),
  );
  return statement.Condition === undefined || sources.some((source) => source === ruleArn);
}

const ruleArnOf = (bus: string, rule: string, { account, region }: Seen): string =>
  `arn:aws:events:${region}:${account}:rule/${bus === 'default' ? '' : `${bus}/`}${rule}`;
const workflowArn = (name: string, { account, region }: Seen): string =>
  `arn:aws:states:${region}:${account}:stateMachine:${name}`;

/** `${accountId}`, `${region}`, `${workflow.NAME.arn}`, `${function.NAME.arn}`: filled in from this account. */
export function fillIn(text: string, { account, region }: Pick<Seen, 'account' | 'region'>): string {
  return text.replace(
    /\$\{(?:(accountId|region)|(workflow|function)\.([\w-]+)\.arn)\}/g,
    (_, what: string | undefined, kind: string | undefined, name: string | undefined) => {
      if (what !== undefined) return what === 'region' ? region : account;
      return kind === 'workflow'
        ? `arn:aws:states:${region}:${account}:stateMachine:${name}`
        : `arn:aws:lambda:${region}:${account}:function:${name}`;
    },
  );
}

const fillValue = (value: unknown, seen: Seen): unknown => JSON.parse(fillIn(JSON.stringify(value), seen)) as unknown;

function roleSteps(resource: Extract<Wanted, { kind: 'role' }>, seen: Seen): SolveStep[] {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: resource.service }, Action: 'sts:AssumeRole' }],
  };
  const inline = fillValue(resource.policies, seen) as Record<string, unknown>;
  const there = seen.roles[resource.name];
  if (!there) return [{ do: 'create-role', name: resource.name, path: resource.path, trust, inline }];
  const fine =
    same(there.trust, trust) && Object.entries(inline).every(([name, document]) => same(there.inline[name], document));
  const before = { trust: there.trust, inline: there.inline };
  return fine ? [] : [{ do: 'change-role', name: resource.name, trust, inline, before }];
}

/** The role of a workflow or function: one that this build makes, or one of the account. */
function roleArnOf(ref: NameRef, user: string, wanted: Wanted[], seen: Seen): string {
  if ('arn' in ref) return fillIn(ref.arn, seen);
  const made = wanted.find((other) => other.kind === 'role' && 'name' in ref && other.name === ref.name);
  if (made?.kind === 'role') return `arn:aws:iam::${seen.account}:role${made.path}${made.name}`;
  const roles = meant(ref, seen.roleNames);
  const said = JSON.stringify(Object.values(ref)[0]);
  const [role] = roles;
  if (!role)
    throw new PressoError('no-role', `The role for ${user} (${said}) is not in this account.`, {
      hint: 'presso setup',
    });
  if (roles.length > 1)
    throw new PressoError('two-roles', `There are ${roles.length} roles whose name contains ${said}.`, {
      hint: 'presso status',
    });
  return role.arn;
}

/** A function of that name that is there already is left as it is: it may be anybody's. */
function functionSteps(resource: FunctionWanted, wanted: Wanted[], seen: Seen): SolveStep[] {
  if (seen.functionNames.includes(resource.name)) return [];
  const { name, file, code } = resource;
  return [{ do: 'create-function', name, file, code, roleArn: roleArnOf(resource.role, name, wanted, seen) }];
}

function workflowSteps(resource: Extract<Wanted, { kind: 'workflow' }>, wanted: Wanted[], seen: Seen): SolveStep[] {
  const roleArn = roleArnOf(resource.role, resource.name, wanted, seen);
  const definition = fillIn(resource.definition, seen);
  const arn = workflowArn(resource.name, seen);
  const there = seen.workflows[resource.name];
  const step = { name: resource.name, arn, definition, roleArn };
  if (!there) return [{ do: 'create-workflow', ...step, type: resource.type }];
  const before = { definition: there.definition, roleArn: there.roleArn };
  if (there.type !== resource.type)
    return [{ do: 'remake-workflow', ...step, type: resource.type, before: { ...before, type: there.type } }];
  const fine = there.roleArn === roleArn && sameJson(there.definition, definition);
  return fine ? [] : [{ do: 'change-workflow', ...step, before }];
}

function functionsMeant(ref: NameRef, seen: Seen): Seen['functions'] {
  const found = meant(ref, seen.functions);
  const said = JSON.stringify(Object.values(ref)[0]);
  if (found.length === 0)
    throw new PressoError(
      'no-function',
      `There is no function whose name contains ${said} in this account and Region.`,
      { hint: 'presso setup' },
    );
  if (found.length > 1)
    throw new PressoError(
      'two-functions',
      `There are ${found.length} functions whose name contains ${said}: ${found.map(({ name }) => name).join(', ')}.`,
      { hint: 'presso status' },
    );
  return found;
}

function toTarget(target: TargetWanted, wanted: Wanted[], seen: Seen): RuleTarget {
  const role = target.role;
  const made = wanted.find((other) => other.kind === 'role' && other.name === role);
  const roleArn =
    role === undefined
      ? undefined
      : made?.kind === 'role'
        ? `arn:aws:iam::${seen.account}:role${made.path}${made.name}`
        : (seen.roleNames.find(({ name }) => name === role)?.arn ??
          (role.startsWith('arn:') ? fillIn(role, seen) : `arn:aws:iam::${seen.account}:role/${role}`));
  const arn = target.workflow
    ? workflowArn(target.workflow, seen)
    : target.function
      ? (functionsMeant(target.function, seen)[0]?.arn ?? '')
      : target.logGroup
        ? `arn:aws:logs:${seen.region}:${seen.account}:log-group:${target.logGroup}`
        : fillIn(target.arn ?? '', seen);
  return {
    id: target.id,
    arn,
    ...(roleArn ? { roleArn } : {}),
    ...(target.input ? { input: target.input } : {}),
    ...(target.inputPath ? { inputPath: target.inputPath } : {}),
    ...(target.inputTransformer ? { rest: { InputTransformer: target.inputTransformer } } : {}),
  };
}

function ruleSteps(resource: RuleWanted, wanted: Wanted[], seen: Seen): SolveStep[] {
  const rule: Rule = {
    name: resource.name,
    arn: ruleArnOf(resource.bus, resource.name, seen),
    bus: resource.bus,
    state: resource.state,
    pattern: fillIn(resource.pattern, seen),
    targets: resource.targets.map((target) => toTarget(target, wanted, seen)),
  };
  const there = seen.rules.find(({ name, bus }) => name === rule.name && bus === rule.bus);
  const steps: SolveStep[] = rivals(rule, wanted, seen).map((rival) => ({
    do: 'remove-rule',
    rule: rival,
    because: `it sends the same events to the same target as ${rule.name}, so everything would happen twice`,
  }));
  if (!there) return [...steps, { do: 'create-rule', rule }];
  const fine =
    there.state === rule.state &&
    sameJson(there.pattern ?? '', rule.pattern ?? '') &&
    same(bare(there.targets), bare(rule.targets));
  return fine ? steps : [...steps, { do: 'change-rule', rule, before: there }];
}

function coreRuleSteps({ name, bus, state, pattern }: CoreRuleWanted, seen: Seen): SolveStep[] {
  const there = seen.rules.find((rule) => rule.bus === bus && rule.name.includes(name));
  if (!there)
    throw new PressoError('no-rule', `There is no rule whose name contains "${name}" on the bus ${bus}.`, {
      hint: 'presso setup',
    });
  const rule = { ...there, state: state ?? there.state, pattern: pattern ?? there.pattern ?? '' };
  const fine = rule.state === there.state && sameJson(rule.pattern, there.pattern ?? '');
  return fine ? [] : [{ do: 'change-rule', rule, before: there }];
}

function parameterSteps({ name, value }: ParameterWanted, seen: Seen): SolveStep[] {
  const before = seen.parameters[name];
  if (before === undefined)
    throw new PressoError('no-parameter', `There is no parameter ${name} in this account and Region.`, {
      hint: 'presso setup',
    });
  const wanted = fillIn(value, seen).replaceAll('${value}', before);
  return wanted === before ? [] : [{ do: 'change-parameter', name, value: wanted, before }];
}

/** Other rules that bring an event of ours to a target of ours: with both, every order would start twice. */
function rivals(rule: Rule, wanted: Wanted[], seen: Seen): Rule[] {
  const ours = new Set(wanted.flatMap((other) => (other.kind === 'rule' ? [`${other.bus}/${other.name}`] : [])));
  const caught = eventsCaught(rule.pattern, seen);
  const arns = new Set(rule.targets.map(({ arn }) => plainArn(arn)));
  return seen.rules.filter(
    (other) =>
      other.bus === rule.bus &&
      !ours.has(`${other.bus}/${other.name}`) &&
      other.managedBy === undefined &&
      other.targets.some(({ arn }) => arns.has(plainArn(arn))) &&
      eventsCaught(other.pattern, seen).some((event) => caught.includes(event)),
  );
}

/** A log group's ARN is written with and without `:*`. */
const plainArn = (arn: string): string => arn.replace(/:\*$/, '');

function eventsCaught(pattern: string | undefined, seen: Seen): string[] {
  if (pattern === undefined) return [];
  try {
    const parsed = parsePattern(pattern);
    return Object.values(EVENTS).filter((type) => matches(parsed, sampleEvent(type, seen) as never));
  } catch {
    return [];
  }
}

const bare = (targets: RuleTarget[]): unknown =>
  targets
    .map(({ arn, roleArn, input, inputPath, rest }) => ({ arn: plainArn(arn), roleArn, input, inputPath, rest }))
    .sort((a, b) => a.arn.localeCompare(b.arn));

function sameJson(a: string, b: string): boolean {
  try {
    return same(JSON.parse(a), JSON.parse(b));
  } catch {
    return a === b;
  }
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => same(value, b[i]));
  if (!a || !b || typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) || Array.isArray(b)) return false;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/** The steps that put back what a plan changed, last first. */
export function inverse(steps: SolveStep[]): UndoStep[] {
  return steps
    .map(undoOf)
    .filter((step) => step !== undefined)
    .reverse();
}

export type UndoStep =
  | { do: 'delete-role'; name: string }
  | { do: 'restore-role'; name: string; trust: unknown; inline: Record<string, unknown>; drop: string[] }
  | { do: 'delete-workflow'; name: string; arn: string }
  | { do: 'delete-function'; name: string }
  | { do: 'restore-workflow'; name: string; arn: string; definition: string; roleArn: string }
  | {
      do: 'recreate-workflow';
      name: string;
      arn: string;
      type: 'STANDARD' | 'EXPRESS';
      definition: string;
      roleArn: string;
    }
  | { do: 'delete-rule'; bus: string; name: string }
  | { do: 'restore-rule'; rule: Rule; drop: string[] }
  | { do: 'disallow'; function: string; statementId: string }
  | PeopleUndo
  | { do: 'restore-parameter'; name: string; value: string };

/** undefined where there is nothing to go back to: a password that was replaced is known to nobody. */
function undoOf(step: SolveStep): UndoStep | undefined {
  switch (step.do) {
    case 'create-role':
      return { do: 'delete-role', name: step.name };
    case 'change-role':
      return {
        do: 'restore-role',
        name: step.name,
        ...step.before,
        drop: Object.keys(step.inline).filter((name) => !(name in step.before.inline)),
      };
    case 'create-workflow':
      return { do: 'delete-workflow', name: step.name, arn: step.arn };
    case 'create-function':
      return { do: 'delete-function', name: step.name };
    case 'change-workflow':
      return { do: 'restore-workflow', name: step.name, arn: step.arn, ...step.before };
    case 'remake-workflow':
      return {
        do: 'recreate-workflow',
        name: step.name,
        arn: step.arn,
        definition: step.before.definition,
        roleArn: step.before.roleArn,
        type: step.before.type === 'EXPRESS' ? 'EXPRESS' : 'STANDARD',
      };
    case 'remove-rule':
      return { do: 'restore-rule', rule: step.rule, drop: [] };
    case 'create-rule':
      return { do: 'delete-rule', bus: step.rule.bus, name: step.rule.name };
    case 'change-rule':
      return {
        do: 'restore-rule',
        rule: step.before,
        drop: step.rule.targets.map(({ id }) => id).filter((id) => !step.before.targets.some((old) => old.id === id)),
      };
    case 'allow':
      return { do: 'disallow', function: step.function, statementId: step.statementId };
    case 'change-parameter':
      return { do: 'restore-parameter', name: step.name, value: step.before };
    default:
      return undoPeople(step);
  }
}
