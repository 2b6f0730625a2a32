/** Every resource type that the sandbox can make: one file and one line each. */
import { waitConditionHandle } from './cloudformation-wait-condition-handle.ts';
import { table } from './dynamodb-table.ts';
import { eventBus } from './events-event-bus.ts';
import { rule } from './events-rule.ts';
import { managedPolicy } from './iam-managed-policy.ts';
import { policy } from './iam-policy.ts';
import { role } from './iam-role.ts';
import { logGroup } from './logs-log-group.ts';
import { logResourcePolicy } from './logs-resource-policy.ts';
import { ssmParameter } from './ssm-parameter.ts';
import type { ResourceType } from './type.ts';

export const RESOURCE_TYPES: ReadonlyMap<string, ResourceType> = new Map([
  ['AWS::CloudFormation::WaitConditionHandle', waitConditionHandle],
  ['AWS::DynamoDB::Table', table],
  ['AWS::Events::EventBus', eventBus],
  ['AWS::Events::Rule', rule],
  ['AWS::IAM::ManagedPolicy', managedPolicy],
  ['AWS::IAM::Policy', policy],
  ['AWS::IAM::Role', role],
  ['AWS::Logs::LogGroup', logGroup],
  ['AWS::Logs::ResourcePolicy', logResourcePolicy],
  ['AWS::SSM::Parameter', ssmParameter],
]);
