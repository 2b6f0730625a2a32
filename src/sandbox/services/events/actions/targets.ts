/** Targets of rules: where a matching event goes. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, map, must, page, readMembers, structure, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { targetKind } from '../delivery.ts';
import { type RuleRecord, ruleKey, ruleOrThrow, ruleResource, rulesOf, type Target } from '../records.ts';
import { checkTransform, InvalidTransform } from '../transform.ts';
import { busNameOrArnMember, invalidToken } from './buses.ts';
import { assumable, limitExceeded, ruleNameMember } from './rules.ts';

/** "EventBridge quotas": targets a rule. */
const MOST_TARGETS = 5;

const targetIdMember = must.text({
  min: 1,
  max: 64,
  pattern: /[.\-_A-Za-z0-9]+/,
  shown: '[\\.\\-_A-Za-z0-9]+',
});

const targetMembers = {
  Id: targetIdMember,
  Arn: must.text({ min: 1, max: 1600 }),
  RoleArn: text({ min: 1, max: 1600 }),
  Input: text({ max: 8192 }),
  InputPath: text({ max: 256 }),
  InputTransformer: structure({
    InputPathsMap: map(text(), { max: 100 }),
    InputTemplate: must.text({ min: 1, max: 8192 }),
  }),
  SqsParameters: structure({ MessageGroupId: text() }),
  RetryPolicy: structure({
    MaximumRetryAttempts: integer({ min: 0, max: 185 }),
    MaximumEventAgeInSeconds: integer({ min: 60, max: 86_400 }),
  }),
  DeadLetterConfig: structure({ Arn: text({ min: 1, max: 1600 }) }),
};

const putMembers = {
  Rule: ruleNameMember,
  EventBusName: busNameOrArnMember,
  Targets: must.list(structure(targetMembers), { min: 1, max: 100 }),
};

function passedRoles(input: Input): string[] {
  const targets = Array.isArray(input['Targets']) ? (input['Targets'] as (Partial<Target> | null)[]) : [];
  return [...new Set(targets.flatMap((target) => (target?.RoleArn ? [String(target.RoleArn)] : [])))];
}

const putTargets: Action = {
  permissions: (input, context): Permission[] => [
    { action: 'events:PutTargets', resource: ruleResource(input, context, 'Rule') },
    ...passedRoles(input).map((roleArn) => ({
      action: 'iam:PassRole',
      resource: roleArn,
      context: { 'iam:PassedToService': 'events.amazonaws.com' },
    })),
  ],
  async run(input, context) {
    readMembers(input, putMembers);
    const given = input['Targets'] as Target[];
    ruleOrThrow(context, input['Rule'], input['EventBusName']);
    for (const target of given) await checkTarget(context, target);
    // Read after the last wait, so that two calls at once do not undo each other.
    const rule = ruleOrThrow(context, input['Rule'], input['EventBusName']);
    const targets = new Map(rule.targets.map((target) => [target.Id, target]));
    for (const target of given) targets.set(target.Id, target);
    if (targets.size > MOST_TARGETS) throw limitExceeded();
    save(context, rule, [...targets.values()]);
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
};

async function checkTarget(context: Context, target: Target): Promise<void> {
  const { world } = context;
  const kind = targetKind(target.Arn);
  if (kind === 'malformed')
    throw new ServiceError(
      'ValidationException',
      `Parameter ${target.Arn} is not valid. Reason: Provided Arn is not in correct format.`,
    );
  if (kind === undefined || !world.services.has(kind))
    throw new ServiceError(
      'ValidationException',
      `The sandbox does not carry targets like ${target.Arn} (target ${target.Id}).`,
    );
  if (kind === 'states' && !target.RoleArn)
    throw new ServiceError('ValidationException', `RoleArn is required for target ${target.Arn}.`);
  if (target.SqsParameters && kind !== 'sqs')
    throw new ServiceError(
      'ValidationException',
      `Parameter(s) SqsParameters is not valid for target ${target.Id}: ${target.Arn} is not a queue.`,
    );
  const fifo = kind === 'sqs' && target.Arn.endsWith('.fifo');
  if (fifo && !target.SqsParameters?.MessageGroupId)
    throw new ServiceError(
      'ValidationException',
      `Parameter(s) SqsParameters must be specified for target: ${target.Id}.`,
    );
  if (target.DeadLetterConfig?.Arn !== undefined) {
    if (!world.services.has('sqs'))
      throw new ServiceError(
        'ValidationException',
        'The sandbox does not carry the member DeadLetterConfig of PutTargets.',
      );
    if (targetKind(target.DeadLetterConfig.Arn) !== 'sqs')
      throw new ServiceError(
        'ValidationException',
        `Parameter DeadLetterConfig is not valid. Reason: ${target.DeadLetterConfig.Arn} is not the ARN of a queue.`,
      );
  }
  try {
    checkTransform(target);
  } catch (error) {
    if (error instanceof InvalidTransform) throw new ServiceError('ValidationException', error.message);
    throw error;
  }
  if (target.RoleArn) await assumable(context, target.RoleArn);
}

function save(context: Context, rule: RuleRecord, targets: Target[]): void {
  rulesOf(context).put(ruleKey(rule.bus, rule.name), { ...rule, targets });
}

const removeTargets: Action = {
  permissions: (input, context) => [{ action: 'events:RemoveTargets', resource: ruleResource(input, context, 'Rule') }],
  run(input, context) {
    readMembers(input, {
      Rule: ruleNameMember,
      EventBusName: busNameOrArnMember,
      Ids: must.list(targetIdMember, { min: 1, max: 100 }),
      Force: boolean(),
    });
    const rule = ruleOrThrow(context, input['Rule'], input['EventBusName']);
    const ids = input['Ids'] as string[];
    save(
      context,
      rule,
      rule.targets.filter((target) => !ids.includes(target.Id)),
    );
    const missing = ids.filter((id) => !rule.targets.some((target) => target.Id === id));
    return {
      FailedEntryCount: missing.length,
      FailedEntries: missing.map((id) => ({
        TargetId: id,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Target ${id} does not exist on the rule ${rule.name}.`,
      })),
    };
  },
};

const listTargetsByRule: Action = {
  permissions: (input, context) => [
    { action: 'events:ListTargetsByRule', resource: ruleResource(input, context, 'Rule') },
  ],
  run(input, context) {
    readMembers(input, {
      Rule: ruleNameMember,
      EventBusName: busNameOrArnMember,
      NextToken: text({ min: 1, max: 2048 }),
      Limit: integer({ min: 1, max: 100 }),
    });
    const rule = ruleOrThrow(context, input['Rule'], input['EventBusName']);
    const { items, next } = page(
      rule.targets,
      input['NextToken'],
      Number(input['Limit'] ?? 100),
      `targets ${rule.arn}`,
      invalidToken,
    );
    return { Targets: items, NextToken: next };
  },
};

export const targets: Record<string, Action> = {
  PutTargets: putTargets,
  RemoveTargets: removeTargets,
  ListTargetsByRule: listTargetsByRule,
};
