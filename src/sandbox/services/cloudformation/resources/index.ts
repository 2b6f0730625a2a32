/** Every resource type that the sandbox can make: one file and one line each. */
import { api } from './apigateway-v2-api.ts';
import { authorizer } from './apigateway-v2-authorizer.ts';
import { deployment } from './apigateway-v2-deployment.ts';
import { integration } from './apigateway-v2-integration.ts';
import { route } from './apigateway-v2-route.ts';
import { stage } from './apigateway-v2-stage.ts';
import { waitConditionHandle } from './cloudformation-wait-condition-handle.ts';
import { dashboard } from './cloudwatch-dashboard.ts';
import { identityPool } from './cognito-identity-pool.ts';
import { identityPoolPrincipalTag } from './cognito-identity-pool-principal-tag.ts';
import { identityPoolRoleAttachment } from './cognito-identity-pool-role-attachment.ts';
import { userPool } from './cognito-user-pool.ts';
import { userPoolClient } from './cognito-user-pool-client.ts';
import { userPoolDomain } from './cognito-user-pool-domain.ts';
import { userPoolGroup } from './cognito-user-pool-group.ts';
import { table } from './dynamodb-table.ts';
import { eventBus } from './events-event-bus.ts';
import { rule } from './events-rule.ts';
import { managedPolicy } from './iam-managed-policy.ts';
import { policy } from './iam-policy.ts';
import { role } from './iam-role.ts';
import { iotPolicy } from './iot-policy.ts';
import { eventSourceMapping } from './lambda-event-source-mapping.ts';
import { lambdaFunction } from './lambda-function.ts';
import { lambdaPermission } from './lambda-permission.ts';
import { logGroup } from './logs-log-group.ts';
import { logResourcePolicy } from './logs-resource-policy.ts';
import { queue } from './sqs-queue.ts';
import { queuePolicy } from './sqs-queue-policy.ts';
import { ssmParameter } from './ssm-parameter.ts';
import { stateMachine } from './states-state-machine.ts';
import type { ResourceType } from './type.ts';

export const RESOURCE_TYPES: ReadonlyMap<string, ResourceType> = new Map([
  ['AWS::ApiGatewayV2::Api', api],
  ['AWS::ApiGatewayV2::Authorizer', authorizer],
  ['AWS::ApiGatewayV2::Deployment', deployment],
  ['AWS::ApiGatewayV2::Integration', integration],
  ['AWS::ApiGatewayV2::Route', route],
  ['AWS::ApiGatewayV2::Stage', stage],
  ['AWS::CloudFormation::WaitConditionHandle', waitConditionHandle],
  ['AWS::CloudWatch::Dashboard', dashboard],
  ['AWS::Cognito::IdentityPool', identityPool],
  ['AWS::Cognito::IdentityPoolPrincipalTag', identityPoolPrincipalTag],
  ['AWS::Cognito::IdentityPoolRoleAttachment', identityPoolRoleAttachment],
  ['AWS::Cognito::UserPool', userPool],
  ['AWS::Cognito::UserPoolClient', userPoolClient],
  ['AWS::Cognito::UserPoolDomain', userPoolDomain],
  ['AWS::Cognito::UserPoolGroup', userPoolGroup],
  ['AWS::DynamoDB::Table', table],
  ['AWS::Events::EventBus', eventBus],
  ['AWS::Events::Rule', rule],
  ['AWS::IAM::ManagedPolicy', managedPolicy],
  ['AWS::IAM::Policy', policy],
  ['AWS::IAM::Role', role],
  ['AWS::IoT::Policy', iotPolicy],
  ['AWS::Lambda::EventSourceMapping', eventSourceMapping],
  ['AWS::Lambda::Function', lambdaFunction],
  ['AWS::Lambda::Permission', lambdaPermission],
  ['AWS::Logs::LogGroup', logGroup],
  ['AWS::Logs::ResourcePolicy', logResourcePolicy],
  ['AWS::SQS::Queue', queue],
  ['AWS::SQS::QueuePolicy', queuePolicy],
  ['AWS::SSM::Parameter', ssmParameter],
  ['AWS::StepFunctions::StateMachine', stateMachine],
]);
