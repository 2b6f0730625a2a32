/** A template as an AWS event may have deployed it: nothing of presso's own, and the workshop's names all the same. */
import { BUS_NAME, USER_POOL_NAME } from '../workshop.ts';

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

/** In the shape of the official core until 2024, as far as module 3 looks at it: one publisher a topic, guests who may listen. */
export const OFFICIAL_CORE = `
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
