/** What a parameter is, what its name may be, how it is found by name, version or ARN (Systems Manager API Reference). */
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import { list, must, text } from '../../members.ts';
import type { Context } from '../../service.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface ParameterVersion {
  version: number;
  value: string;
  /** What a SecureString shows to who may not or does not ask to decrypt it. */
  cipher?: string;
  description?: string;
  allowedPattern?: string;
  /** epoch milliseconds */
  modified: number;
  user: string;
}

export interface ParameterRecord {
  name: string;
  type: ParameterType;
  tier: 'Standard' | 'Advanced';
  tags: Record<string, string>;
  current: ParameterVersion;
}

/** Versions kept, the current one included (PutParameter: "Parameter Store retains the 100 most recently created versions"). */
export const MOST_VERSIONS = 100;

export const parameters = (context: Context): Table<ParameterRecord> => context.table<ParameterRecord>('parameters');
/** Earlier versions, by `name:version`. */
export const history = (context: Context): Table<ParameterVersion> => context.table<ParameterVersion>('history');

export const nameField = () => must.text({ min: 1, max: 2048 });
export const tagsField = () =>
  list(must.structure({ Key: must.text({ min: 1, max: 128 }), Value: must.text({ max: 256 }) }), { max: 1000 });
export const optionalText = (max: number) => text({ max });

export function parameterArn(context: Context, name: string): string {
  return context.arn(`parameter${name.startsWith('/') ? '' : '/'}${name}`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message, 400);
}

/** Names one may make: letters, digits and `.-_`, in up to fifteen levels; AWS's own are out of reach. */
export function checkName(name: string): void {
  const bare = name.replace(/^\//, '').toLowerCase();
  const isPath = name.indexOf('/', 1) > 0;
  if (/^aws|^ssm/.test(bare)) {
    if (isPath && /^\/aws/i.test(name))
      throw new ServiceError('AccessDeniedException', `No access to reserved parameter name: ${name}.`, 400);
    throw invalid(
      isPath
        ? 'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_'
        : 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
    );
  }
  if (isPath && !name.startsWith('/')) throw invalid('Parameter name must be a fully qualified name.');
  if (!/^\/?[a-zA-Z0-9_.-]+(?:\/[a-zA-Z0-9_.-]+)*$/.test(name))
    throw invalid(
      'Parameter name: only a mix of letters, numbers and the following 3 symbols .-_ are allowed. If formed as a path, sub-paths are divided by slash symbol.',
    );
  if (name.split('/').length > 16)
    throw new ServiceError(
      'HierarchyLevelLimitExceededException',
      'Parameter name exceeds the limit of 15 levels of hierarchy.',
      400,
    );
}

export function parameterNotFound(): ServiceError {
  return new ServiceError('ParameterNotFound', '', 400);
}

export interface Found {
  parameter: ParameterRecord;
  version: ParameterVersion;
  /** `:3`, where a version was asked for */
  selector: string | undefined;
}

/** A parameter by `name`, `name:version` or ARN; undefined when there is none. */
export function find(context: Context, asked: string): Found | undefined {
  let name = asked;
  const arn = /^arn:aws:ssm:[a-z0-9-]+:\d{12}:parameter(\/.+)$/.exec(asked);
  if (arn) {
    const own = parameterArn(context, '');
    if (!asked.startsWith(own.slice(0, own.lastIndexOf('parameter')))) return undefined;
    name = arn[1] ?? '';
  }
  const selected = /^(.*):([^:/]+)$/.exec(name);
  const bare = selected?.[1] ?? name;
  if (/^\/aws\//.test(bare))
    throw new ServiceError(
      'ValidationException',
      `The sandbox does not carry AWS's public parameters, and so not ${bare}.`,
      400,
    );
  const parameter = parameters(context).get(bare) ?? (arn ? parameters(context).get(bare.slice(1)) : undefined);
  if (!parameter) return undefined;
  const selector = selected?.[2];
  if (selector === undefined) return { parameter, version: parameter.current, selector: undefined };
  const version =
    Number(selector) === parameter.current.version
      ? parameter.current
      : history(context).get(`${parameter.name}:${selector}`);
  if (!version) {
    throw new ServiceError(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${selector} of ${parameter.name}. Verify the version and try again.`,
      400,
    );
  }
  return { parameter, version, selector: `:${selector}` };
}

export function parameterOut(context: Context, found: Found, decrypt: boolean): Record<string, unknown> {
  const { parameter, version, selector } = found;
  return {
    Name: parameter.name,
    Type: parameter.type,
    Value: parameter.type === 'SecureString' && !decrypt ? version.cipher : version.value,
    Version: version.version,
    Selector: selector,
    LastModifiedDate: new Date(version.modified),
    ARN: parameterArn(context, parameter.name),
    DataType: 'text',
  };
}

export function metadataOut(context: Context, parameter: ParameterRecord): Record<string, unknown> {
  const { current } = parameter;
  return {
    Name: parameter.name,
    ARN: parameterArn(context, parameter.name),
    Type: parameter.type,
    ...(parameter.type === 'SecureString' ? { KeyId: 'alias/aws/ssm' } : {}),
    LastModifiedDate: new Date(current.modified),
    LastModifiedUser: current.user,
    Description: current.description,
    AllowedPattern: current.allowedPattern,
    Version: current.version,
    Tier: parameter.tier,
    Policies: [],
    DataType: 'text',
  };
}

export function invalidToken(): ServiceError {
  return new ServiceError('InvalidNextToken', 'The specified token is not valid.', 400);
}
