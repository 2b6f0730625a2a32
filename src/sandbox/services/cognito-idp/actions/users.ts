/** Users, as an administrator makes and changes them. No mail is ever sent. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, list, map, must, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { checkAttributes, checkRequired, isEmail } from '../attributes.ts';
import { checkPassword, makePassword, makeVerifier } from '../passwords.ts';
import {
  attributesField,
  findUser,
  invalid,
  nameField,
  onPool,
  type PoolRecord,
  paged,
  poolAt,
  poolIdField,
  putUser,
  read,
  type UserRecord,
  userAt,
  users,
  within,
} from '../records.ts';

const passwordField = { max: 256, pattern: /[\S]+.*[\S]+|\S/, secret: true };
const USER = { UserPoolId: poolIdField(), Username: nameField() };

/** A user as the API shows one; AdminGetUser calls the attributes UserAttributes. */
export function userOut(
  user: UserRecord,
  attributes: 'Attributes' | 'UserAttributes',
  only?: string[],
): Record<string, unknown> {
  return {
    Username: user.username,
    [attributes]: Object.entries(user.attributes)
      .filter(([name]) => only === undefined || only.includes(name))
      .map(([Name, Value]) => ({ Name, Value })),
    UserCreateDate: new Date(user.created),
    UserLastModifiedDate: new Date(user.modified),
    Enabled: user.enabled,
    UserStatus: user.status,
  };
}

const values = (given: { Name: string; Value?: string | undefined }[] | undefined): Record<string, string> =>
  Object.fromEntries((given ?? []).map(({ Name, Value }) => [Name, Value ?? '']));

function withPassword(context: Context, user: UserRecord, password: string): UserRecord {
  const verifier = makeVerifier(context.world.random(16), user.pool, user.username, password);
  return { ...user, password: { ...verifier, set: context.now() } };
}

function exists(message: string): ServiceError {
  return new ServiceError('UsernameExistsException', message, 400);
}

/** In pools that take mail addresses or telephone numbers as names, the username is an id of Cognito's making. */
function naming(
  pool: PoolRecord,
  asked: string,
  sub: string,
  given: Record<string, string>,
): { username: string; attributes: Record<string, string> } {
  const { usernameAttributes } = pool;
  if (!usernameAttributes)
    return { username: pool.caseSensitive ? asked : asked.toLowerCase(), attributes: { sub, ...given } };
  const kind = isEmail(asked) ? 'email' : /^\+\d+$/.test(asked) ? 'phone_number' : undefined;
  if (!kind || !usernameAttributes.includes(kind))
    throw invalid(
      usernameAttributes.length > 1
        ? 'Username should be either an email or a phone number.'
        : `Username should be ${usernameAttributes[0] === 'email' ? 'an email' : 'a phone number'}.`,
    );
  if (given[kind] !== undefined && given[kind] !== asked) throw invalid(`User ${kind} does not match the username.`);
  return { username: sub, attributes: { [kind]: asked, ...given, sub } };
}

const adminCreateUser: Action = {
  permissions: onPool('cognito-idp:AdminCreateUser'),
  run(input, context) {
    const wanted = read(input, {
      ...USER,
      UserAttributes: attributesField(),
      // For Lambda triggers, of which there are none.
      ValidationData: attributesField(),
      TemporaryPassword: text(passwordField),
      ForceAliasCreation: boolean(),
      MessageAction: text({ oneOf: ['RESEND', 'SUPPRESS'] }),
      DesiredDeliveryMediums: list(must.text({ oneOf: ['SMS', 'EMAIL'] })),
      ClientMetadata: map(text()),
    });
    const pool = poolAt(context, wanted.UserPoolId);
    if (wanted.MessageAction !== 'SUPPRESS')
      throw invalid(
        'The sandbox does not carry invitations: set MessageAction to SUPPRESS, and a password with AdminSetUserPassword.',
      );
    if (wanted.ForceAliasCreation === true) throw invalid('The sandbox does not carry ForceAliasCreation.');
    const given = values(wanted.UserAttributes);
    if (given['sub'] !== undefined) throw invalid('Cannot modify the non-mutable attribute sub');
    checkAttributes(pool, given);
    const { username, attributes } = naming(pool, wanted.Username, context.world.uuid(), given);
    checkRequired(pool, attributes);
    if (findUser(context, pool, wanted.Username))
      throw exists(
        pool.usernameAttributes
          ? `An account with the given ${isEmail(wanted.Username) ? 'email' : 'phone_number'} already exists.`
          : 'User account already exists',
      );
    if (wanted.TemporaryPassword !== undefined) checkPassword(pool.passwordPolicy, wanted.TemporaryPassword);
    const now = context.now();
    const user = withPassword(
      context,
      {
        pool: pool.id,
        username,
        attributes,
        created: now,
        modified: now,
        enabled: true,
        status: 'FORCE_CHANGE_PASSWORD',
        groups: [],
      },
      wanted.TemporaryPassword ?? makePassword(context.world, pool.passwordPolicy),
    );
    return { User: userOut(putUser(context, user), 'Attributes') };
  },
};

const adminSetUserPassword: Action = {
  permissions: onPool('cognito-idp:AdminSetUserPassword'),
  run(input, context) {
    const wanted = read(input, { ...USER, Password: must.text(passwordField), Permanent: boolean() });
    const pool = poolAt(context, wanted.UserPoolId);
    const user = userAt(context, pool, wanted.Username);
    checkPassword(pool.passwordPolicy, wanted.Password);
    putUser(context, {
      ...withPassword(context, user, wanted.Password),
      status: wanted.Permanent === true ? 'CONFIRMED' : 'FORCE_CHANGE_PASSWORD',
    });
    return {};
  },
};

const adminGetUser: Action = {
  permissions: onPool('cognito-idp:AdminGetUser'),
  run(input, context) {
    const wanted = read(input, USER);
    return userOut(userAt(context, poolAt(context, wanted.UserPoolId), wanted.Username), 'UserAttributes');
  },
};

const adminDeleteUser: Action = {
  permissions: onPool('cognito-idp:AdminDeleteUser'),
  run(input, context) {
    const wanted = read(input, USER);
    const user = userAt(context, poolAt(context, wanted.UserPoolId), wanted.Username);
    users(context).delete(within(user.pool, user.username));
    return {};
  },
};

const enabling = (action: string, enabled: boolean): Action => ({
  permissions: onPool(`cognito-idp:${action}`),
  run(input, context) {
    const wanted = read(input, USER);
    putUser(context, { ...userAt(context, poolAt(context, wanted.UserPoolId), wanted.Username), enabled });
    return {};
  },
});

const adminUpdateUserAttributes: Action = {
  permissions: onPool('cognito-idp:AdminUpdateUserAttributes'),
  run(input, context) {
    const wanted = read(input, {
      ...USER,
      UserAttributes: { ...attributesField(), required: true },
      ClientMetadata: map(text()),
    });
    const pool = poolAt(context, wanted.UserPoolId);
    const user = userAt(context, pool, wanted.Username);
    const changes = values(wanted.UserAttributes);
    checkAttributes(pool, changes);
    for (const attribute of pool.schema)
      if (!attribute.Mutable && changes[attribute.Name] !== undefined)
        throw invalid(`user.${attribute.Name}: Attribute cannot be updated.\n`);
    for (const alias of pool.usernameAttributes ?? []) {
      const holder = changes[alias] === undefined ? undefined : findUser(context, pool, changes[alias]);
      if (holder && holder.username !== user.username)
        throw new ServiceError('AliasExistsException', `An account with the given ${alias} already exists.`, 400);
    }
    // An address that changes is no longer a verified one, unless the same call says so.
    const unverified = Object.fromEntries(
      (['email', 'phone_number'] as const)
        .filter((name) => changes[name] !== undefined && changes[name] !== user.attributes[name])
        .map((name) => [`${name}_verified`, 'false']),
    );
    const attributes = Object.fromEntries(
      Object.entries({ ...user.attributes, ...unverified, ...changes }).filter(([, value]) => value !== ''),
    );
    putUser(context, { ...user, attributes });
    return {};
  },
};

const SEARCHABLE = [
  'username',
  'email',
  'phone_number',
  'name',
  'given_name',
  'family_name',
  'preferred_username',
  'cognito:user_status',
  'status',
  'sub',
];

/** ListUsers: `attribute = "value"`, or `^=` for how a value begins. */
function parseFilter(filter: string | undefined): (user: UserRecord) => boolean {
  if (filter === undefined || filter.trim() === '') return () => true;
  const [, name = '', operator, value = ''] = /^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$/.exec(filter) ?? [];
  if (!operator || !SEARCHABLE.includes(name)) throw invalid(`Error while parsing filter: ${filter}`);
  const wanted = value.replace(/\\(.)/g, '$1');
  return (user) => {
    const found =
      name === 'username'
        ? user.username
        : name === 'cognito:user_status'
          ? user.status
          : name === 'status'
            ? user.enabled
              ? 'Enabled'
              : 'Disabled'
            : user.attributes[name];
    return found !== undefined && (operator === '=' ? found === wanted : found.startsWith(wanted));
  };
}

const listUsers: Action = {
  permissions: onPool('cognito-idp:ListUsers'),
  run(input, context) {
    const wanted = read(input, {
      UserPoolId: poolIdField(),
      AttributesToGet: list(must.text({ min: 1, max: 32 })),
      Limit: integer({ min: 0, max: 60 }),
      PaginationToken: text({ min: 1 }),
      Filter: text({ max: 256 }),
    });
    const pool = poolAt(context, wanted.UserPoolId);
    const matches = parseFilter(wanted.Filter);
    const found = [...users(context).values()].filter((user) => user.pool === pool.id && matches(user));
    const kind = `users ${pool.id} ${wanted.Filter ?? ''}`;
    const { items, next } = paged(found, wanted.PaginationToken, wanted.Limit, kind);
    return {
      Users: items.map((user) => userOut(user, 'Attributes', wanted.AttributesToGet)),
      PaginationToken: next,
    };
  },
};

export const userActions: Record<string, Action> = {
  AdminCreateUser: adminCreateUser,
  AdminSetUserPassword: adminSetUserPassword,
  AdminGetUser: adminGetUser,
  AdminDeleteUser: adminDeleteUser,
  AdminEnableUser: enabling('AdminEnableUser', true),
  AdminDisableUser: enabling('AdminDisableUser', false),
  AdminUpdateUserAttributes: adminUpdateUserAttributes,
  ListUsers: listUsers,
};
