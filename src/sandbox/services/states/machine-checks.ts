/** What is asked of a state machine before it is made or changed: definition, role, logging, and what is not carried. */
import { createHash } from 'node:crypto';
import { type Diagnostic, invalidDefinitionMessage, validateDefinition } from '../../../asl/validation/index.ts';
import { ServiceError } from '../../errors.ts';
import { boolean, integer, list, must, structure, text } from '../../members.ts';
import type { Context, Input, Permission } from '../../service.ts';
import type { MachineType } from './records.ts';

export const TYPES = ['STANDARD', 'EXPRESS'] as const;

export const logging = structure({
  level: text({ oneOf: ['ALL', 'ERROR', 'FATAL', 'OFF'] }),
  includeExecutionData: boolean(),
  destinations: list(structure({ cloudWatchLogsLogGroup: structure({ logGroupArn: text({ min: 1, max: 256 }) }) })),
});
export const tracing = structure({ enabled: boolean() });
export const encryption = structure({
  type: must.text({ oneOf: ['AWS_OWNED_KEY', 'CUSTOMER_MANAGED_KMS_KEY'] }),
  kmsKeyId: text(),
  kmsDataKeyReusePeriodSeconds: integer(),
});

export const passRole = (input: Input): Permission[] =>
  typeof input['roleArn'] === 'string'
    ? [
        {
          action: 'iam:PassRole',
          resource: input['roleArn'],
          context: { 'iam:PassedToService': 'states.amazonaws.com' },
        },
      ]
    : [];

export const onMachine =
  (action: string) =>
  (input: Input): Permission[] => [{ action: `states:${action}`, resource: String(input['stateMachineArn'] ?? '*') }];

/** What validation found, by type and text: definitions are judged when they are made and when they are changed. */
const judged = new Map<string, Diagnostic[]>();

export function findingsOf(definition: string, type: MachineType): Diagnostic[] {
  const key = `${type} ${createHash('sha256').update(definition).digest('base64')}`;
  let found = judged.get(key);
  if (!found) {
    found = validateDefinition(definition, { type });
    if (judged.size > 500) judged.clear();
    judged.set(key, found);
  }
  return found;
}

export function checkDefinition(definition: string, type: MachineType): void {
  const found = findingsOf(definition, type);
  if (found.some((one) => one.severity === 'ERROR'))
    throw new ServiceError('InvalidDefinition', invalidDefinitionMessage(found));
}

export async function checkRole(context: Context, roleArn: string): Promise<void> {
  if (!/^arn:aws[\w-]*:iam::\d{12}:role\/.+$/.test(roleArn))
    throw new ServiceError('InvalidArn', `Invalid Role Arn: '${roleArn}'`);
  if (roleArn.split(':')[4] !== context.account)
    throw new ServiceError('AccessDeniedException', 'Cross-account pass role is not allowed.');
  try {
    await context.world.assume(roleArn, 'states.amazonaws.com', 'validation', { account: context.account });
  } catch {
    throw new ServiceError(
      'AccessDeniedException',
      'Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.',
    );
  }
}

export function checkEncryption(configuration: { type: string } | undefined): void {
  if (configuration && configuration.type !== 'AWS_OWNED_KEY')
    throw new ServiceError(
      'ValidationException',
      `The sandbox does not carry encryptionConfiguration ${configuration.type}.`,
    );
}

export function loggingOf(
  given:
    | { level?: string | undefined; includeExecutionData?: boolean | undefined; destinations?: unknown[] | undefined }
    | undefined,
) {
  const { level = 'OFF', includeExecutionData = false, destinations } = given ?? {};
  if (level !== 'OFF' && (destinations ?? []).length === 0)
    throw new ServiceError(
      'InvalidLoggingConfiguration',
      'Invalid Logging Configuration: Must specify exactly one Log Destination.',
    );
  if ((destinations ?? []).length > 1)
    throw new ServiceError(
      'InvalidLoggingConfiguration',
      'Invalid Logging Configuration: Must specify exactly one Log Destination.',
    );
  return { ...(destinations ? { destinations } : {}), includeExecutionData, level };
}

export function refuseVersions(given: {
  publish?: boolean | undefined;
  versionDescription?: string | undefined;
}): void {
  if (given.versionDescription !== undefined && !given.publish)
    throw new ServiceError('ValidationException', 'Version description can only be set when publish is true');
  if (given.publish)
    throw new ServiceError('ValidationException', 'The sandbox does not carry versions of state machines (publish).');
}
