/** Every service of the sandbox: one line each. */
import type { Service } from '../service.ts';
import { account } from './account/index.ts';
import { cloudformation } from './cloudformation/index.ts';
import { cognitoIdp } from './cognito-idp/index.ts';
import { dynamodb } from './dynamodb/index.ts';
import { events } from './events/index.ts';
import { iam } from './iam/index.ts';
import { iot } from './iot/index.ts';
import { iotdata } from './iotdata/index.ts';
import { lambda } from './lambda/index.ts';
import { logs } from './logs/index.ts';
import { monitoring } from './monitoring/index.ts';
import { sqs } from './sqs/index.ts';
import { ssm } from './ssm/index.ts';
import { states } from './states/index.ts';
import { sts } from './sts/index.ts';
import { cognitoIdentity } from './cognito-identity/index.ts';
import { apigateway } from './apigateway/index.ts';
import { organizations } from './organizations/index.ts';

export function allServices(): Service[] {
  return [
    account,
    apigateway,
    cognitoIdentity,
    cloudformation,
    cognitoIdp,
    dynamodb,
    events,
    iam,
    iot,
    iotdata,
    lambda,
    logs,
    monitoring,
    organizations,
    sqs,
    ssm,
    states,
    sts,
  ];
}
