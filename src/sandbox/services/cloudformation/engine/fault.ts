/** Why a resource failed, in the words of CloudFormation's registry. */
import { ServiceError } from '../../../errors.ts';
import type { Context } from '../../../service.ts';
import { resources, type StackRecord, stacks } from '../records.ts';
import type { ResourceType } from '../resources/type.ts';

/** Which service an error came from; a provider's own errors have none. */
const sources = new WeakMap<ServiceError, string>();

export function fromService(error: unknown, service: string): unknown {
  if (error instanceof ServiceError && !sources.has(error)) sources.set(error, service);
  return error;
}

const DISPLAY: Record<string, string> = {
  events: 'EventBridge',
  logs: 'CloudWatchLogs',
  dynamodb: 'DynamoDb',
  lambda: 'Lambda',
  iam: 'Iam',
  states: 'Sfn',
  ssm: 'Ssm',
  'cognito-idp': 'CognitoIdentityProvider',
  'cognito-identity': 'CognitoIdentity',
  apigateway: 'ApiGatewayV2',
  iot: 'Iot',
  sqs: 'Sqs',
  monitoring: 'CloudWatch',
};

export function isAlreadyThere(error: unknown): error is ServiceError {
  return (
    error instanceof ServiceError &&
    (/AlreadyExist/.test(error.code) || (/InUse|Conflict|Exists/.test(error.code) && /exist/i.test(error.message)))
  );
}

/** CloudFormation CLI guide, "Handler error codes". */
function handlerCode(error: ServiceError): string {
  if (/AccessDenied|Unauthorized|NotAuthorized|Forbidden/.test(error.code)) return 'AccessDenied';
  if (/NotFound|NoSuchEntity|DoesNotExist|NonExistent/.test(error.code)) return 'NotFound';
  if (/LimitExceeded|TooMany|QuotaExceeded/.test(error.code)) return 'ServiceLimitExceeded';
  if (/Throttl/.test(error.code)) return 'Throttling';
  if (/NotStabilized/.test(error.code)) return 'NotStabilized';
  if (/Conflict|InUse|ConcurrentModification/.test(error.code)) return 'ResourceConflict';
  if (/Validation|Invalid|Malformed|BadRequest|Serialization|UnknownOperation/.test(error.code))
    return 'InvalidRequest';
  return error.status >= 500 ? 'ServiceInternalError' : 'GeneralServiceException';
}

export function reasonOf(
  error: unknown,
  context: Context,
  about: { stack: StackRecord; typeName: string; type: ResourceType; id: string | undefined; creating: boolean },
): string {
  const { stack, typeName, type, creating } = about;
  if (!(error instanceof ServiceError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    context.world.log('sandbox', `cloudformation: ${typeName}: ${text}`);
    return `Internal Failure: ${error instanceof Error ? error.message : String(error)}`;
  }
  const service = sources.get(error);
  // A value that cannot be resolved: CloudFormation's own words, no handler was called.
  if (service === undefined && error.code === 'ValidationError') return error.message;
  const wrap = (message: string, code: string): string =>
    `Resource handler returned message: "${message}" (RequestToken: ${context.world.uuid()}, HandlerErrorCode: ${code})`;
  if (creating && isAlreadyThere(error)) {
    const id = error.code === 'AlreadyExists' && service === undefined ? error.message : (about.id ?? '');
    const owner = ownerOf(context, typeName, id, stack.stackId);
    if (owner) return `${id} already exists in stack ${owner}`;
    const property = type.nameProperty ?? 'Id';
    return wrap(
      `Resource of type '${typeName}' with identifier '{"/properties/${property}":"${id}"}' already exists.`,
      'AlreadyExists',
    );
  }
  const from =
    service === undefined
      ? ''
      : ` (Service: ${DISPLAY[service] ?? service}, Status Code: ${error.status}, Request ID: ${context.world.uuid()})`;
  return wrap(`${error.message}${from}`, handlerCode(error));
}

/** The stack that has this resource, if it is another one's. */
function ownerOf(context: Context, typeName: string, id: string, except: string): string | undefined {
  for (const stack of stacks(context).values()) {
    if (stack.stackId === except || stack.status === 'DELETE_COMPLETE') continue;
    for (const record of resources(context, stack.stackId).values())
      if (record.made && record.type === typeName && record.physicalId === id) return stack.stackId;
  }
  return undefined;
}
