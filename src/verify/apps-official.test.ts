/** Accounts that an AWS event set up: other publishers, other APIs, guests who may listen. None of it is anybody's fault. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack, describeStack } from '../aws/cloudformation.ts';
import { listRules, putRule } from '../aws/events.ts';
import { createGroup, createUser, joinGroup, userPoolsNamed } from '../aws/user-pools.ts';
import { checksDir } from '../paths.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { BUS_NAME, MODULES, USER_POOL_NAME } from '../workshop.ts';
import { factsOf, KINDS, readChecklists, verify } from './index.ts';

const publisherOf = (name: string, topic: string, prefixes: string[]): string => `
  ${name}:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      Role: !GetAtt PublisherRole.Arn
      Environment: { Variables: { IOT_TOPIC: ${topic} } }
      Code: { ZipFile: 'exports.handler = async () => {};' }
  ${name}Trigger:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern:
        source: [awsserverlessda.serverlesspresso]
        detail-type: [${prefixes.map((prefix) => `{ prefix: ${prefix} }`).join(', ')}]
      Targets: [{ Id: target, Arn: !GetAtt ${name}.Arn }]
  ${name}Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref ${name}
      Principal: events.amazonaws.com
      SourceArn: !GetAtt ${name}Trigger.Arn`;

const apiOf = (name: string): string => `
  ${name}:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: ${name}, ProtocolType: HTTP }`;

/** In the shape of the official core until 2024, as far as module 3 looks at it. */
const TEMPLATE = `
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: ${BUS_NAME} } }
  UserPool:
    Type: AWS::Cognito::UserPool
    Properties:
      UserPoolName: ${USER_POOL_NAME}
      AutoVerifiedAttributes: [email]
      Schema: [{ Name: email, AttributeDataType: String, Mutable: false, Required: true }]
  UserPoolClient: { Type: AWS::Cognito::UserPoolClient, Properties: { UserPoolId: !Ref UserPool, GenerateSecret: false } }
  UserPoolParameter:
    Type: AWS::SSM::Parameter
    Properties: { Name: /Serverlesspresso/core/userpool, Type: String, Value: !Ref UserPool }
  UserPoolClientParameter:
    Type: AWS::SSM::Parameter
    Properties: { Name: /Serverlesspresso/core/userpoolclient, Type: String, Value: !Ref UserPoolClient }
  IdentityPool:
    Type: AWS::Cognito::IdentityPool
    Properties:
      IdentityPoolName: ServerlesspressoIdentityPool
      AllowUnauthenticatedIdentities: true
      CognitoIdentityProviders: [{ ClientId: !Ref UserPoolClient, ProviderName: !GetAtt UserPool.ProviderName }]
  GuestRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Federated: cognito-identity.amazonaws.com }
            Action: [sts:AssumeRoleWithWebIdentity]
            Condition:
              StringEquals: { 'cognito-identity.amazonaws.com:aud': !Ref IdentityPool }
              ForAnyValue:StringLike: { 'cognito-identity.amazonaws.com:amr': unauthenticated }
      Policies:
        - PolicyName: Listen
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - { Effect: Allow, Action: iot:Connect, Resource: !Sub 'arn:aws:iot:\${AWS::Region}:\${AWS::AccountId}:client/serverlesspresso-*' }
              - { Effect: Allow, Action: iot:Subscribe, Resource: '*' }
              - { Effect: Allow, Action: iot:Receive, Resource: !Sub 'arn:aws:iot:\${AWS::Region}:\${AWS::AccountId}:topic/*' }
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties: { IdentityPoolId: !Ref IdentityPool, Roles: { unauthenticated: !GetAtt GuestRole.Arn } }
  PublisherRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
      Policies:
        - PolicyName: Publish
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{ Effect: Allow, Action: [iot:Connect, iot:Publish], Resource: '*' }]${publisherOf('PublisherFunction', 'serverlesspresso-config', ['ConfigService.'])}${publisherOf('AdminPublisherFunction', 'serverlesspresso-admin', ['OrderManager.', 'OrderProcessor.', 'Validator.', 'ConfigService.'])}${publisherOf('UserPublisherFunction', 'serverlesspresso-user-', ['OrderManager.', 'OrderProcessor.'])}${apiOf('OrderApi')}${apiOf('ValidatorApi')}${apiOf('ConfigApi')}
Outputs:
  UserPoolID: { Value: !Ref UserPool }
  UserPoolWebClientId: { Value: !Ref UserPoolClient }
  OrderManagerEndpoint: { Value: !Sub 'https://\${OrderApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/' }
  APIGWEndpointValidatorService: { Value: !Sub 'https://\${ValidatorApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/' }
  APIGWEndpointConfigService: { Value: !Sub 'https://\${ConfigApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/' }
`;

const list = readChecklists(checksDir(), MODULES, KINDS).filter(({ module }) => module === 'module-3');
let workshop: Workshop;

async function statuses(): Promise<string[]> {
  const explain = (error: unknown) => ({ found: String(error), hint: '' });
  const found: string[] = [];
  for await (const { checks } of verify(list, factsOf(workshop.connection), explain))
    found.push(
      ...checks.map((check) => `${check.status} ${check.id}${check.status === 'pass' ? '' : `: ${check.found}`}`),
    );
  return found;
}

beforeAll(async () => {
  workshop = await openWorkshop({ core: false });
  await createStack(workshop.connection, { name: 'Core', body: TEMPLATE, parameters: {}, tags: {} });
  await workshop.sandbox.settle();
  const stack = await describeStack(workshop.connection, 'Core');
  expect([stack?.status, stack?.reason]).toEqual(['CREATE_COMPLETE', undefined]);
});
afterAll(() => workshop.close());

test('with somebody in the group admin everything passes', async () => {
  const { connection } = workshop;
  const [pool = ''] = await userPoolsNamed(connection, USER_POOL_NAME);
  await createUser(connection, pool, { name: 'ann@example.com', password: 'Perm4nent-', temporary: false });
  expect((await statuses())[0]).toMatch(/^fail module-3\.admin: the user pool .* has no group admin$/);
  await createGroup(connection, pool, 'admin');
  await joinGroup(connection, pool, 'ann@example.com', 'admin');
  expect(await statuses()).toEqual([
    'pass module-3.admin',
    'pass module-3.settings',
    'pass module-3.apis',
    'pass module-3.listen',
    'pass module-3.publisher',
  ]);
});

test('a publisher that was switched off is found among three', async () => {
  const { connection } = workshop;
  const rule = (await listRules(connection, BUS_NAME)).find(({ name }) => name.includes('UserPublisher'));
  if (!rule) throw new Error('no rule');
  await putRule(connection, { ...rule, state: 'DISABLED' });
  expect((await statuses()).filter((text) => !text.startsWith('pass'))).toEqual([
    expect.stringMatching(
      /^fail module-3\.publisher: .* do not reach serverlesspresso-user-…: the rule .* is disabled$/,
    ),
  ]);
  await putRule(connection, rule);
});
