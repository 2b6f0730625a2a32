/** Names and ARNs of functions. */
import { ServiceError } from '../../errors.ts';
import type { Context } from '../../service.ts';
import type { FunctionRecord } from './records.ts';

export interface FunctionName {
  name: string;
  qualifier?: string;
}

/** `name`, `name:qualifier`, a partial ARN or an ARN (Lambda API Reference, FunctionName). */
export function functionName(value: unknown, context: Context): FunctionName {
  const text = typeof value === 'string' ? value : '';
  const match =
    /^(?:arn:aws[\w-]*:lambda:([a-z0-9-]+):(\d{12}):function:|(\d{12}):function:|function:)?([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/.exec(
      text,
    );
  if (!match?.[4])
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
      400,
    );
  const account = match[2] ?? match[3];
  if ((match[1] !== undefined && match[1] !== context.region) || (account !== undefined && account !== context.account))
    throw notFound(text.startsWith('arn:') ? text : functionArn(match[4], context));
  return match[5] === undefined ? { name: match[4] } : { name: match[4], qualifier: match[5] };
}

export const functionArn = (name: string, context: Context): string => context.arn(`function:${name}`);

export function notFound(arn: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', `Function not found: ${arn}`, 404, { Type: 'User' });
}

/** The function that an input names; only $LATEST exists. */
export function findFunction(input: Record<string, unknown>, context: Context): FunctionRecord {
  const { name, qualifier } = functionName(input['FunctionName'], context);
  const wanted = (input['Qualifier'] as string | undefined) ?? qualifier;
  const record = context.table<FunctionRecord>('functions').get(name);
  if (!record || (wanted !== undefined && wanted !== '$LATEST'))
    throw notFound(functionArn(name, context) + (wanted === undefined ? '' : `:${wanted}`));
  return record;
}

/** IAM: `lambda:<action>` on the function. */
export const onFunction = (action: string) => (input: Record<string, unknown>, context: Context) => {
  const { name } = functionName(input['FunctionName'], context);
  return [{ action: `lambda:${action}`, resource: functionArn(name, context) }];
};

export function invalid(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', message, 400, { Type: 'User' });
}

export function refuse(operation: string, member: string): ServiceError {
  return invalid(`The sandbox does not carry the member ${member} of ${operation}.`);
}

export function only(operation: string, input: Record<string, unknown>, members: readonly string[]): void {
  for (const name of Object.keys(input))
    if (input[name] !== undefined && !members.includes(name)) throw refuse(operation, name);
}
