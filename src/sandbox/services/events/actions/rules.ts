/** Rules: what a bus looks for. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, must, page, readMembers, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { validPattern } from '../patterns.ts';
import {
  busOrThrow,
  findBus,
  busName,
  type RuleRecord,
  ruleArn,
  ruleKey,
  ruleOrThrow,
  ruleResource,
  rulesOf,
} from '../records.ts';
import { readTags, tagMembers } from '../tags.ts';
import { busNameOrArnMember, invalidToken } from './buses.ts';

const ruleNameRules = { min: 1, max: 64, pattern: /[.\-_A-Za-z0-9]+/, shown: '[\\.\\-_A-Za-z0-9]+' };
export const ruleNameMember = must.text(ruleNameRules);

/** "EventBridge quotas": rules an event bus, and characters of a pattern. */
const MOST_RULES = 300;
const LONGEST_PATTERN = 2048;

export const limitExceeded = (): ServiceError =>
  new ServiceError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');

const onRule =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    { action: `events:${action}`, resource: ruleResource(input, context) },
  ];

const putMembers = {
  Name: ruleNameMember,
  ScheduleExpression: text({ max: 256 }),
  EventPattern: text({ max: 4096 }),
  State: text({ oneOf: ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'] }),
  Description: text({ max: 512 }),
  RoleArn: text({ min: 1, max: 1600 }),
  Tags: tagMembers,
  EventBusName: busNameOrArnMember,
};

const putRule: Action = {
  permissions: (input, context) => [
    { action: 'events:PutRule', resource: ruleResource(input, context) },
    ...(input['RoleArn']
      ? [
          {
            action: 'iam:PassRole',
            resource: String(input['RoleArn']),
            context: { 'iam:PassedToService': 'events.amazonaws.com' },
          },
        ]
      : []),
  ],
  async run(input, context) {
    readMembers(input, putMembers);
    if (input['ScheduleExpression'])
      throw new ServiceError(
        'ValidationException',
        'The sandbox does not carry the member ScheduleExpression of PutRule.',
      );
    if (input['State'] === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')
      throw new ServiceError(
        'ValidationException',
        `The sandbox does not carry the State ${input['State']} of PutRule.`,
      );
    if (!input['EventPattern'])
      throw new ServiceError(
        'ValidationException',
        'Parameter(s) EventPattern or ScheduleExpression must be specified.',
      );
    const bus = busOrThrow(context, input['EventBusName']);
    const eventPattern = String(input['EventPattern']);
    validPattern(eventPattern);
    if (eventPattern.length > LONGEST_PATTERN) throw limitExceeded();
    if (input['RoleArn'] !== undefined) await assumable(context, String(input['RoleArn']));
    const name = String(input['Name']);
    const key = ruleKey(bus.name, name);
    const rules = rulesOf(context);
    const before = rules.get(key);
    if (!before) {
      let count = 0;
      for (const rule of rules.values()) if (rule.bus === bus.name) count++;
      if (count >= MOST_RULES) throw limitExceeded();
    }
    // Anything not said in an update goes back to its default; tags and targets stay ("PutRule").
    const record: RuleRecord = {
      name,
      bus: bus.name,
      arn: ruleArn(context, bus.name, name),
      eventPattern,
      state: input['State'] === 'DISABLED' ? 'DISABLED' : 'ENABLED',
      ...(input['Description'] === undefined ? {} : { description: String(input['Description']) }),
      ...(input['RoleArn'] === undefined ? {} : { roleArn: String(input['RoleArn']) }),
      createdBy: before?.createdBy ?? context.account,
      tags: before?.tags ?? readTags(input['Tags']),
      targets: before?.targets ?? [],
    };
    rules.put(key, record);
    return { RuleArn: record.arn };
  },
};

/** EventBridge looks at a role's trust policy when it is handed over, not only when it is used. */
export async function assumable(context: Context, roleArn: string): Promise<void> {
  try {
    await context.world.assume(roleArn, 'events.amazonaws.com', 'validation', { account: context.account });
  } catch {
    throw new ServiceError(
      'ValidationException',
      `Provided role '${roleArn}' cannot be assumed by principal 'events.amazonaws.com'.`,
    );
  }
}

const nameMembers = { Name: ruleNameMember, EventBusName: busNameOrArnMember };

const describeRule: Action = {
  permissions: onRule('DescribeRule'),
  run(input, context) {
    readMembers(input, nameMembers);
    const rule = ruleOrThrow(context, input['Name'], input['EventBusName']);
    return { ...shown(rule), CreatedBy: rule.createdBy };
  },
};

function shown(rule: RuleRecord): Record<string, unknown> {
  return {
    Arn: rule.arn,
    Description: rule.description,
    EventBusName: rule.bus,
    EventPattern: rule.eventPattern,
    Name: rule.name,
    RoleArn: rule.roleArn,
    State: rule.state,
  };
}

const turn = (action: string, state: RuleRecord['state']): Action => ({
  permissions: onRule(action),
  run(input, context) {
    readMembers(input, nameMembers);
    const rule = ruleOrThrow(context, input['Name'], input['EventBusName']);
    if (rule.state !== state) rulesOf(context).put(ruleKey(rule.bus, rule.name), { ...rule, state });
    return {};
  },
});

const deleteRule: Action = {
  permissions: onRule('DeleteRule'),
  run(input, context) {
    readMembers(input, { ...nameMembers, Force: boolean() });
    // A rule that is not there is gone already; a bus that is not there is an error ("DeleteRule").
    const bus = findBus(context, input['EventBusName']);
    if (!bus)
      throw new ServiceError(
        'ResourceNotFoundException',
        `Event bus ${busName(input['EventBusName'])} does not exist.`,
      );
    const key = ruleKey(bus.name, String(input['Name']));
    const rule = rulesOf(context).get(key);
    if (rule && rule.targets.length > 0)
      throw new ServiceError('ValidationException', "Rule can't be deleted since it has targets.");
    if (rule) rulesOf(context).delete(key);
    return {};
  },
};

const pageMembers = {
  EventBusName: busNameOrArnMember,
  NextToken: text({ min: 1, max: 2048 }),
  Limit: integer({ min: 1, max: 100 }),
};

const listRules: Action = {
  permissions: (_input, context) => [{ action: 'events:ListRules', resource: context.arn('rule/*') }],
  run(input, context) {
    readMembers(input, { NamePrefix: text(ruleNameRules), ...pageMembers });
    const bus = busOrThrow(context, input['EventBusName']);
    const all = [...rulesOf(context).values()]
      .filter((rule) => rule.bus === bus.name && rule.name.startsWith(String(input['NamePrefix'] ?? '')))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const { items, next } = page(
      all,
      input['NextToken'],
      Number(input['Limit'] ?? 100),
      `rules ${bus.name}`,
      invalidToken,
    );
    return { Rules: items.map(shown), NextToken: next };
  },
};

const listRuleNamesByTarget: Action = {
  permissions: (_input, context) => [{ action: 'events:ListRuleNamesByTarget', resource: context.arn('rule/*') }],
  run(input, context) {
    readMembers(input, {
      TargetArn: must.text({ min: 1, max: 1600 }),
      ...pageMembers,
    });
    const bus = busOrThrow(context, input['EventBusName']);
    const all = [...rulesOf(context).values()]
      .filter((rule) => rule.bus === bus.name && rule.targets.some((target) => target.Arn === input['TargetArn']))
      .map((rule) => rule.name)
      .sort();
    const { items, next } = page(
      all,
      input['NextToken'],
      Number(input['Limit'] ?? 100),
      `names ${bus.name}`,
      invalidToken,
    );
    return { RuleNames: items, NextToken: next };
  },
};

export const rules: Record<string, Action> = {
  PutRule: putRule,
  DescribeRule: describeRule,
  EnableRule: turn('EnableRule', 'ENABLED'),
  DisableRule: turn('DisableRule', 'DISABLED'),
  DeleteRule: deleteRule,
  ListRules: listRules,
  ListRuleNamesByTarget: listRuleNamesByTarget,
};
