/** Does an event that a rule has caught arrive at its target, and as what? Pure. */
import type { Rule, RuleTarget } from '../../aws/events.ts';
import { roleName, serviceMay, trusted, trusts } from '../permissions/judge.ts';
import { samplesOf } from './samples.ts';
import { lost } from './target-input.ts';
import type { RouteExpected, RoutingSeen } from './types.ts';

export interface Fault {
  found: string;
  hint?: string;
}

export const EVENTBRIDGE = 'events.amazonaws.com';

export interface Thing {
  kind: 'workflow' | 'function' | 'log group' | 'queue' | 'other';
  /** The service of the ARN: `sqs`, `sns` … */
  service: string;
  name: string;
  region: string;
  account: string;
  /** version or alias */
  qualifier?: string;
}

export function thingOf(arn: string): Thing {
  const [, , service = '', region = '', account = '', type = '', ...rest] = arn.split(':');
  const place = { service, region, account };
  if (service === 'lambda' && type === 'function')
    return { kind: 'function', name: rest[0] ?? '', ...place, ...(rest[1] ? { qualifier: rest[1] } : {}) };
  if (service === 'states' && type === 'stateMachine')
    return { kind: 'workflow', name: rest[0] ?? '', ...place, ...(rest[1] ? { qualifier: rest[1] } : {}) };
  if (service === 'logs' && type === 'log-group') return { kind: 'log group', name: rest[0] ?? '', ...place };
  if (service === 'sqs') return { kind: 'queue', name: type, ...place };
  return { kind: 'other', name: [type, ...rest].join(':'), ...place };
}

/** `the function WorkflowStarted-1AB2`, without the noise of an ARN. */
export function thingText(arn: string): string {
  const thing = thingOf(arn);
  return thing.kind === 'other' ? arn : `the ${thing.kind} ${thing.name}`;
}

/** What a check wants the events to reach, in words. */
export function wantedText(expected: RouteExpected, seen: Pick<RoutingSeen, 'workflow'>): string {
  if (expected.function !== undefined) return `the function whose name contains ${expected.function}`;
  if (expected.logGroup !== undefined) return `the log group ${expected.logGroup}`;
  if (expected.queue !== undefined) return `the queue ${expected.queue}`;
  return `the workflow ${seen.workflow?.name ?? ''}`.trim();
}

/** Is this what the check wants the events to reach, wherever it lies? */
export function isRight(expected: RouteExpected, target: RuleTarget, seen: RoutingSeen): boolean {
  const { kind, name } = thingOf(target.arn);
  if (expected.function !== undefined) return kind === 'function' && name.includes(expected.function);
  if (expected.logGroup !== undefined) return kind === 'log group' && name === expected.logGroup;
  if (expected.queue !== undefined) return kind === 'queue' && name === expected.queue;
  return kind === 'workflow' && name === seen.workflow?.name;
}

/** Why the events do not arrive at a right target as they should; undefined when they do. */
export function faultOfTarget(
  expected: RouteExpected,
  rule: Rule,
  target: RuleTarget,
  seen: RoutingSeen,
): Fault | undefined {
  return (
    foreign(rule, target, seen) ??
    dead(rule, target, seen) ??
    barred(rule, target, seen) ??
    mangled(expected, rule, target, seen)
  );
}

/** The target gets something, and not what it can use; undefined where nothing arrives, or what should. */
export function arrivesMangled(
  expected: RouteExpected,
  rule: Rule,
  target: RuleTarget,
  seen: RoutingSeen,
): Fault | undefined {
  return reaches(rule, target, seen) ? mangled(expected, rule, target, seen) : undefined;
}

/** Something arrives at the target: it is there, and the rule may use it. */
export const reaches = (rule: Rule, target: RuleTarget, seen: RoutingSeen): boolean =>
  !(foreign(rule, target, seen) ?? dead(rule, target, seen) ?? barred(rule, target, seen));

function foreign(rule: Rule, target: RuleTarget, seen: RoutingSeen): Fault | undefined {
  const { region, account } = thingOf(target.arn);
  const where =
    account !== seen.account ? `account ${account}` : region !== seen.region ? `Region ${region}` : undefined;
  return where === undefined
    ? undefined
    : {
        found: `the target of the rule "${rule.name}" is ${thingText(target.arn)} of ${where}`,
        hint: `Choose the one of account ${seen.account}, Region ${seen.region}.`,
      };
}

export function dead(rule: Rule, target: RuleTarget, seen: RoutingSeen): Fault | undefined {
  const { kind, name, region, account } = thingOf(target.arn);
  if (region !== seen.region || account !== seen.account) return undefined;
  const there =
    kind === 'function'
      ? seen.functions.includes(name)
      : kind === 'log group'
        ? seen.logGroups.includes(name)
        : kind === 'workflow'
          ? seen.machines.includes(name)
          : true;
  return there
    ? undefined
    : {
        found: `the target of the rule "${rule.name}" is ${thingText(target.arn)}, which is not there`,
        hint: 'Edit the target of the rule and choose one that exists.',
      };
}

/** EventBridge acts as the target's role, or without one by what the target's own policy allows it. */
function barred(rule: Rule, target: RuleTarget, seen: RoutingSeen): Fault | undefined {
  const { kind, name } = thingOf(target.arn);
  const what = thingText(target.arn);
  const source = { arn: rule.arn, account: seen.account };
  const actions = actionsOn(target.arn);
  if (target.roleArn) return barredRole(rule, target.roleArn, seen);
  if (kind === 'workflow')
    return {
      found: `the rule "${rule.name}" has no role with which to start ${what}`,
      hint: 'Edit the target: let the console create a role for it, or choose one that trusts events.amazonaws.com and allows states:StartExecution on the workflow.',
    };
  if (kind === 'function') {
    const statements = seen.functionPolicies[target.arn] ?? [];
    if (actions.every((ask) => serviceMay(statements, EVENTBRIDGE, ask, source))) return undefined;
    const others = rulesAllowed(statements);
    return {
      found: `the rule "${rule.name}" may not invoke ${what}: ${
        statements.length === 0
          ? 'the function has no permission for it'
          : others.length > 0
            ? `the function allows only ${others.join(', ')}`
            : 'no permission of the function fits this rule'
      }`,
      hint: `Save the target once more in the console, or: ${seen.cli} lambda add-permission --function-name ${name} --statement-id ${rule.name.slice(0, 80)} --action lambda:InvokeFunction --principal ${EVENTBRIDGE} --source-arn ${rule.arn}`,
    };
  }
  if (kind === 'log group') {
    const statements = seen.logPolicies.flatMap(statementsOf);
    if (actions.every((ask) => serviceMay(statements, EVENTBRIDGE, ask, source))) return undefined;
    return {
      found: `the rule "${rule.name}" may not write to ${what}: no log resource policy lets ${EVENTBRIDGE} do so`,
      hint: 'Put a log resource policy that allows events.amazonaws.com logs:CreateLogStream and logs:PutLogEvents on /aws/events/*, as the set-up does: presso setup',
    };
  }
  const statements = kind === 'queue' ? seen.queues?.[name] : undefined;
  if (statements && !actions.every((ask) => serviceMay(statements, EVENTBRIDGE, ask, source))) {
    const others = rulesAllowed(statements);
    return {
      found: `the rule "${rule.name}" may not send to ${what}: ${
        statements.length === 0
          ? 'the queue has no policy'
          : others.length > 0
            ? `its policy allows only ${others.join(', ')}`
            : 'its policy does not let this rule in'
      }`,
      hint: `Give the queue a policy that allows ${EVENTBRIDGE} sqs:SendMessage where aws:SourceArn is ${rule.arn}, as presso setup module-4 does.`,
    };
  }
  return undefined;
}

function barredRole(rule: Rule, roleArn: string, seen: RoutingSeen): Fault | undefined {
  const role = seen.roles[roleArn];
  const name = roleName(roleArn);
  if (!role?.exists)
    return {
      found: `the role ${name} of the rule "${rule.name}" is not there`,
      hint: 'Edit the target and let the console create a role for it.',
    };
  if (!trusts(role.trust, EVENTBRIDGE, roleArn, { arn: rule.arn, account: seen.account })) {
    const others = trusted(role.trust);
    return {
      found: `${EVENTBRIDGE} may not assume the role ${name} of the rule "${rule.name}"${others.length > 0 ? `, which trusts ${others.join(', ')}` : ''}`,
      hint: 'A role for a rule trusts events.amazonaws.com: edit the target and let the console create one.',
    };
  }
  const targets = rule.targets.filter((target) => target.roleArn === roleArn).flatMap(({ arn }) => actionsOn(arn));
  const refused = role.refused.find((ask) =>
    targets.some(({ action, resource }) => action === ask.action && resource === ask.resource),
  );
  return refused
    ? {
        found: `the role ${name} of the rule "${rule.name}" may not do ${refused.action} on ${refused.resource}`,
        hint: `Allow the role ${refused.action} there, or edit the target and let the console create a role for it.`,
      }
    : undefined;
}

/** What EventBridge does at a target. */
export function actionsOn(arn: string): { action: string; resource: string }[] {
  const { kind } = thingOf(arn);
  if (kind === 'workflow') return [{ action: 'states:StartExecution', resource: arn }];
  if (kind === 'function') return [{ action: 'lambda:InvokeFunction', resource: arn.replace(/:\$LATEST$/, '') }];
  if (kind === 'log group')
    return ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({
      action,
      resource: `${arn.replace(/:\*$/, '')}:log-stream:stream`,
    }));
  if (kind === 'queue') return [{ action: 'sqs:SendMessage', resource: arn }];
  return [];
}

export function statementsOf(document: string): unknown[] {
  try {
    const { Statement } = JSON.parse(document) as { Statement?: unknown };
    return Array.isArray(Statement) ? (Statement as unknown[]) : Statement === undefined ? [] : [Statement];
  } catch {
    return [];
  }
}

/** The rules that a function's policy lets in, for the sentence that says it is another's. */
function rulesAllowed(statements: readonly unknown[]): string[] {
  const text = JSON.stringify(statements);
  return [
    ...new Set(
      [...text.matchAll(/arn:aws[\w-]*:events:[^:"]*:\d*:rule\/([^"]+)/g)].map((match) => `the rule ${match[1]}`),
    ),
  ];
}

const NEEDED: Record<string, string[]> = {
  'Validator.NewOrder': ['$.detail.orderId', '$.detail.userId'],
  // By the event's own id the function knows a second delivery from a new beginning.
  'OrderProcessor.WorkflowStarted': ['$.detail.orderId', '$.detail.userId', '$.detail.TaskToken', '$.id'],
  'OrderProcessor.WaitingCompletion': [
    '$.detail.orderId',
    '$.detail.userId',
    '$.detail.TaskToken',
    '$.detail.orderNumber',
  ],
  'OrderManager.WaitingCompletion': ['$.detail.drinkOrder'],
};

/** A target's input may be changed, as long as what is needed of the event is still where it is looked for. */
function mangled(expected: RouteExpected, rule: Rule, target: RuleTarget, seen: RoutingSeen): Fault | undefined {
  const types = expected.events === 'all' ? ['Validator.NewOrder'] : expected.events;
  for (const type of types)
    for (const sample of samplesOf(type, { ...seen, workflow: seen.workflow?.arn })) {
      const paths = expected.logGroup === undefined ? (NEEDED[type] ?? ['$.detail']) : ["$['detail-type']", '$.detail'];
      const [missing] = lost(target, sample, paths);
      if (missing === undefined) continue;
      const how =
        target.input !== undefined
          ? 'a constant'
          : target.inputPath !== undefined
            ? `only the part ${target.inputPath}`
            : 'a transformed input';
      return {
        found: `the rule "${rule.name}" hands ${thingText(target.arn)} ${how}, in which ${missing} is not as in the event`,
        hint: 'Leave the target input at "Matched events", so that the target gets the whole event.',
      };
    }
  return undefined;
}
