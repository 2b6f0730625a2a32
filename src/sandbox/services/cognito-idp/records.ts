/** What the user pools' actions share: records, fields, errors, and how a user is found by name or alias. */
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import { list, must, page, readMembers, type Shape, text } from '../../members.ts';
import type { Action, Context, Input, Permission } from '../../service.ts';

export interface PasswordPolicy {
  MinimumLength: number;
  RequireUppercase: boolean;
  RequireLowercase: boolean;
  RequireNumbers: boolean;
  RequireSymbols: boolean;
  TemporaryPasswordValidityDays: number;
}

export interface SchemaAttribute {
  Name: string;
  AttributeDataType: 'String' | 'Number' | 'DateTime' | 'Boolean';
  DeveloperOnlyAttribute: boolean;
  Mutable: boolean;
  Required: boolean;
  StringAttributeConstraints?: { MinLength?: string | undefined; MaxLength?: string | undefined };
  NumberAttributeConstraints?: { MinValue?: string | undefined; MaxValue?: string | undefined };
}

export interface PoolRecord {
  id: string;
  name: string;
  created: number;
  modified: number;
  passwordPolicy: PasswordPolicy;
  usernameAttributes?: ('email' | 'phone_number')[];
  aliasAttributes?: string[];
  caseSensitive: boolean;
  schema: SchemaAttribute[];
  /** What is kept as it was said and shown again: members of the UserPool type, by name. */
  settings: Record<string, unknown>;
  deletionProtection: 'ACTIVE' | 'INACTIVE';
  tags: Record<string, string>;
}

export interface ClientRecord {
  id: string;
  pool: string;
  created: number;
  modified: number;
  secret?: string;
  /** Members of the UserPoolClient type, by name. */
  settings: Record<string, unknown>;
}

export interface GroupRecord {
  pool: string;
  name: string;
  description?: string;
  roleArn?: string;
  precedence?: number;
  created: number;
  modified: number;
}

export type UserStatus = 'FORCE_CHANGE_PASSWORD' | 'CONFIRMED';

export interface UserRecord {
  pool: string;
  username: string;
  attributes: Record<string, string>;
  created: number;
  modified: number;
  enabled: boolean;
  status: UserStatus;
  groups: string[];
  /** SRP's salt and verifier (hexadecimal): enough to check a password by, and not the password. */
  password?: { salt: string; verifier: string; set: number };
}

export const pools = (context: Context): Table<PoolRecord> => context.table<PoolRecord>('pools');
export const clients = (context: Context): Table<ClientRecord> => context.table<ClientRecord>('clients');
export const groups = (context: Context): Table<GroupRecord> => context.table<GroupRecord>('groups');
export const users = (context: Context): Table<UserRecord> => context.table<UserRecord>('users');
/** Pool ids hold no slash. */
export const within = (pool: string, name: string): string => `${pool}/${name}`;

export const poolIdField = () => must.text({ min: 1, max: 55, pattern: /[\w-]+_[0-9a-zA-Z]+/ });
const NAME = /[\p{L}\p{M}\p{S}\p{N}\p{P}]+/u;
export const nameField = () => must.text({ min: 1, max: 128, pattern: NAME });
export const displayNameField = () => must.text({ min: 1, max: 128, pattern: /[\w\s+=,.@-]+/ });
export const arnField = () =>
  text({ min: 20, max: 2048, pattern: /arn:[\w+=/,.@-]+:[\w+=/,.@-]+:[\w+=/,.@-]*:[0-9]*:.+/ });
export const tokenField = () => text({ min: 1, max: 131_072, pattern: /\S+/ });
export const attributesField = () =>
  list(must.structure({ Name: must.text({ min: 1, max: 32 }), Value: text({ max: 2048 }) }));

export const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterException', message, 400);
export const missing = (message: string): ServiceError => new ServiceError('ResourceNotFoundException', message, 400);
/** Cognito's name for a bad input is InvalidParameterException. */
export const read = <S extends Shape>(input: Input, shape: S) => readMembers(input, shape, 'InvalidParameterException');

export function poolAt(context: Context, id: string): PoolRecord {
  const pool = pools(context).get(id);
  if (!pool) throw missing(`User pool ${id} does not exist.`);
  return pool;
}

export function groupAt(context: Context, pool: PoolRecord, name: string): GroupRecord {
  const group = groups(context).get(within(pool.id, name));
  if (!group) throw missing('Group not found.');
  return group;
}

/** A pool's user by username, by sub, or by an attribute that serves as a name. */
export function findUser(context: Context, pool: PoolRecord, name: string): UserRecord | undefined {
  const same = (text: string | undefined, other: string): boolean =>
    text !== undefined && (pool.caseSensitive ? text === other : text.toLowerCase() === other.toLowerCase());
  const direct = users(context).get(within(pool.id, name));
  if (direct) return direct;
  const aliases = [...(pool.usernameAttributes ?? []), ...(pool.aliasAttributes ?? [])];
  for (const user of users(context).values()) {
    if (user.pool !== pool.id) continue;
    if (same(user.username, name) || user.attributes['sub'] === name) return user;
    if (aliases.some((alias) => same(user.attributes[alias], name))) return user;
  }
  return undefined;
}

export function userAt(context: Context, pool: PoolRecord, name: string): UserRecord {
  const user = findUser(context, pool, name);
  if (!user) throw new ServiceError('UserNotFoundException', 'User does not exist.', 400);
  return user;
}

export function putUser(context: Context, user: UserRecord): UserRecord {
  const changed = { ...user, modified: context.now() };
  users(context).put(within(user.pool, user.username), changed);
  return changed;
}

export const poolArn = (context: Context, id: string): string => context.arn(`userpool/${id}`);

/** What a call about a pool needs: its action on the pool's ARN, and to pass on a role that it names. */
export const onPool =
  (action: string): Action['permissions'] =>
  (input, context) => {
    const needed: Permission[] = [{ action, resource: poolArn(context, String(input['UserPoolId'] ?? '')) }];
    if (typeof input['RoleArn'] === 'string')
      needed.push({
        action: 'iam:PassRole',
        resource: input['RoleArn'],
        context: { 'iam:PassedToService': 'cognito-idp.amazonaws.com' },
      });
    return needed;
  };

export function paged<T>(
  items: T[],
  token: string | undefined,
  size: number | undefined,
  kind: string,
): { items: T[]; next: string | undefined } {
  // A limit of 0 means the default.
  return page(items, token, size || 60, kind, () => invalid('Invalid pagination token given.'));
}
