/** User pools (Amazon Cognito User Pools API Reference: CreateUserPool and its like). */
import { boolean, integer, list, must, structure, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { makeSchema } from '../attributes.ts';
import { DEFAULT_POLICY } from '../passwords.ts';
import {
  clients,
  displayNameField,
  groups,
  invalid,
  onPool,
  type PasswordPolicy,
  type PoolRecord,
  paged,
  poolArn,
  poolAt,
  poolIdField,
  pools,
  read,
  tokenField,
  users,
  within,
} from '../records.ts';
import { tagsField } from './tags.ts';

const contacts = () => list(must.text({ oneOf: ['phone_number', 'email'] as const }));

const schemaField = (max: number) =>
  list(
    must.structure({
      Name: text({ min: 1, max: 20 }),
      AttributeDataType: text({ oneOf: ['String', 'Number', 'DateTime', 'Boolean'] as const }),
      DeveloperOnlyAttribute: boolean(),
      Mutable: boolean(),
      Required: boolean(),
      NumberAttributeConstraints: structure({ MinValue: text(), MaxValue: text() }),
      StringAttributeConstraints: structure({ MinLength: text(), MaxLength: text() }),
    }),
    { min: 1, max },
  );

/** What can be set when a pool is made and changed later. */
const CHANGEABLE = {
  Policies: structure({
    PasswordPolicy: structure({
      MinimumLength: integer({ min: 6, max: 99 }),
      RequireUppercase: boolean(),
      RequireLowercase: boolean(),
      RequireNumbers: boolean(),
      RequireSymbols: boolean(),
      TemporaryPasswordValidityDays: integer({ min: 0, max: 365 }),
    }),
    SignInPolicy: structure({ AllowedFirstAuthFactors: list(must.text({ oneOf: ['PASSWORD'] }), { min: 1, max: 4 }) }),
  }),
  DeletionProtection: text({ oneOf: ['ACTIVE', 'INACTIVE'] as const }),
  // Triggers are not built: each is refused by its name, an empty list of them is not.
  LambdaConfig: structure({}),
  AutoVerifiedAttributes: contacts(),
  EmailVerificationMessage: text({ min: 6, max: 20_000 }),
  EmailVerificationSubject: text({ min: 1, max: 140 }),
  VerificationMessageTemplate: structure({
    EmailMessage: text({ min: 6, max: 20_000 }),
    EmailSubject: text({ min: 1, max: 140 }),
    EmailMessageByLink: text({ min: 6, max: 20_000 }),
    EmailSubjectByLink: text({ min: 1, max: 140 }),
    SmsMessage: text({ min: 6, max: 140 }),
    DefaultEmailOption: text({ oneOf: ['CONFIRM_WITH_LINK', 'CONFIRM_WITH_CODE'] }),
  }),
  MfaConfiguration: text({ oneOf: ['OFF'] }),
  UserAttributeUpdateSettings: structure({ AttributesRequireVerificationBeforeUpdate: contacts() }),
  EmailConfiguration: structure({ EmailSendingAccount: text({ oneOf: ['COGNITO_DEFAULT'] }) }),
  UserPoolTags: tagsField(),
  AdminCreateUserConfig: structure({
    AllowAdminCreateUserOnly: boolean(),
    UnusedAccountValidityDays: integer({ min: 0, max: 365 }),
    InviteMessageTemplate: structure({
      SMSMessage: text({ min: 6, max: 140 }),
      EmailMessage: text({ min: 6, max: 20_000 }),
      EmailSubject: text({ min: 1, max: 140 }),
    }),
  }),
  AccountRecoverySetting: structure({
    RecoveryMechanisms: list(
      must.structure({
        Priority: must.integer({ min: 1, max: 2 }),
        Name: must.text({ oneOf: ['verified_email', 'verified_phone_number', 'admin_only'] }),
      }),
      { min: 1, max: 2 },
    ),
  }),
  UserPoolTier: text({ oneOf: ['LITE', 'ESSENTIALS', 'PLUS'] }),
};

const SHOWN = [
  'AutoVerifiedAttributes',
  'EmailVerificationMessage',
  'EmailVerificationSubject',
  'VerificationMessageTemplate',
  'UserAttributeUpdateSettings',
  'EmailConfiguration',
  'AccountRecoverySetting',
  'UserPoolTier',
] as const;

type Changeable = ReturnType<typeof read<typeof CHANGEABLE>>;

function passwordPolicy(wanted: Changeable): PasswordPolicy {
  const given = Object.entries(wanted.Policies?.PasswordPolicy ?? {}).filter(([, value]) => value !== undefined);
  // A policy that is given says yes only where it says so; without one, everything is required.
  const base: PasswordPolicy =
    given.length > 0
      ? {
          ...DEFAULT_POLICY,
          RequireLowercase: false,
          RequireNumbers: false,
          RequireSymbols: false,
          RequireUppercase: false,
        }
      : DEFAULT_POLICY;
  return { ...base, ...(Object.fromEntries(given) as Partial<PasswordPolicy>) };
}

function settings(wanted: Changeable): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const name of SHOWN) if (wanted[name] !== undefined) shown[name] = wanted[name];
  shown['VerificationMessageTemplate'] ??= { DefaultEmailOption: 'CONFIRM_WITH_CODE' };
  shown['EmailConfiguration'] ??= { EmailSendingAccount: 'COGNITO_DEFAULT' };
  shown['UserPoolTier'] ??= 'ESSENTIALS';
  shown['AdminCreateUserConfig'] = {
    AllowAdminCreateUserOnly: wanted.AdminCreateUserConfig?.AllowAdminCreateUserOnly ?? false,
    UnusedAccountValidityDays: wanted.AdminCreateUserConfig?.UnusedAccountValidityDays ?? 7,
    InviteMessageTemplate: wanted.AdminCreateUserConfig?.InviteMessageTemplate,
  };
  return shown;
}

function poolOut(context: Context, pool: PoolRecord): Record<string, unknown> {
  let count = 0;
  for (const user of users(context).values()) if (user.pool === pool.id) count++;
  return {
    Id: pool.id,
    Name: pool.name,
    Policies: { PasswordPolicy: pool.passwordPolicy, SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD'] } },
    DeletionProtection: pool.deletionProtection,
    LambdaConfig: {},
    LastModifiedDate: new Date(pool.modified),
    CreationDate: new Date(pool.created),
    SchemaAttributes: pool.schema,
    UsernameAttributes: pool.usernameAttributes,
    AliasAttributes: pool.aliasAttributes,
    UsernameConfiguration: { CaseSensitive: pool.caseSensitive },
    MfaConfiguration: 'OFF',
    EstimatedNumberOfUsers: count,
    UserPoolTags: pool.tags,
    Arn: poolArn(context, pool.id),
    ...pool.settings,
  };
}

const createUserPool: Action = {
  permissions: () => [{ action: 'cognito-idp:CreateUserPool', resource: '*' }],
  run(input, context) {
    const wanted = read(input, {
      ...CHANGEABLE,
      PoolName: displayNameField(),
      AliasAttributes: list(must.text({ oneOf: ['phone_number', 'email', 'preferred_username'] })),
      UsernameAttributes: contacts(),
      UsernameConfiguration: structure({ CaseSensitive: must.boolean() }),
      Schema: schemaField(50),
    });
    if (wanted.AliasAttributes && wanted.UsernameAttributes)
      throw invalid('Only one of the aliasAttributes or usernameAttributes can be set in a user pool.');
    const now = context.now();
    const pool: PoolRecord = {
      id: `${context.region}_${context.world.suffix(9)}`,
      name: wanted.PoolName,
      created: now,
      modified: now,
      passwordPolicy: passwordPolicy(wanted),
      ...(wanted.UsernameAttributes ? { usernameAttributes: wanted.UsernameAttributes } : {}),
      ...(wanted.AliasAttributes ? { aliasAttributes: wanted.AliasAttributes } : {}),
      caseSensitive: wanted.UsernameConfiguration?.CaseSensitive ?? true,
      schema: makeSchema(wanted.Schema ?? []),
      settings: settings(wanted),
      deletionProtection: wanted.DeletionProtection ?? 'INACTIVE',
      tags: wanted.UserPoolTags ?? {},
    };
    pools(context).put(pool.id, pool);
    return { UserPool: poolOut(context, pool) };
  },
};

const describeUserPool: Action = {
  permissions: onPool('cognito-idp:DescribeUserPool'),
  run: (input, context) => ({
    UserPool: poolOut(context, poolAt(context, read(input, { UserPoolId: poolIdField() }).UserPoolId)),
  }),
};

/** UpdateUserPool: what is not given goes back to its default. */
const updateUserPool: Action = {
  permissions: onPool('cognito-idp:UpdateUserPool'),
  run(input, context) {
    const wanted = read(input, {
      ...CHANGEABLE,
      UserPoolId: poolIdField(),
      PoolName: { ...displayNameField(), required: false },
    });
    const pool = poolAt(context, wanted.UserPoolId);
    pools(context).put(pool.id, {
      ...pool,
      name: wanted.PoolName ?? pool.name,
      modified: context.now(),
      passwordPolicy: passwordPolicy(wanted),
      settings: settings(wanted),
      deletionProtection: wanted.DeletionProtection ?? 'INACTIVE',
      tags: wanted.UserPoolTags ?? pool.tags,
    });
    return {};
  },
};

const deleteUserPool: Action = {
  permissions: onPool('cognito-idp:DeleteUserPool'),
  run(input, context) {
    const pool = poolAt(context, read(input, { UserPoolId: poolIdField() }).UserPoolId);
    if (pool.deletionProtection === 'ACTIVE')
      throw invalid(
        'The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.',
      );
    for (const client of [...clients(context).values()])
      if (client.pool === pool.id) clients(context).delete(client.id);
    for (const group of [...groups(context).values()])
      if (group.pool === pool.id) groups(context).delete(within(pool.id, group.name));
    for (const user of [...users(context).values()])
      if (user.pool === pool.id) users(context).delete(within(pool.id, user.username));
    pools(context).delete(pool.id);
    return {};
  },
};

/** Attributes are only ever added to a schema. */
const addCustomAttributes: Action = {
  permissions: onPool('cognito-idp:AddCustomAttributes'),
  run(input, context) {
    const wanted = read(input, { UserPoolId: poolIdField(), CustomAttributes: { ...schemaField(25), required: true } });
    const pool = poolAt(context, wanted.UserPoolId);
    const added = makeSchema(
      (wanted.CustomAttributes ?? []).map((attribute) => ({
        ...attribute,
        Name: `custom:${(attribute.Name ?? '').replace(/^custom:/, '')}`,
      })),
    );
    const custom = added.filter((attribute) => attribute.Name.startsWith('custom:'));
    for (const { Name } of custom)
      if (pool.schema.some((known) => known.Name === Name))
        throw invalid(`${Name}: Existing attribute already has name ${Name}.`);
    pools(context).put(pool.id, { ...pool, modified: context.now(), schema: [...pool.schema, ...custom] });
    return {};
  },
};

const listUserPools: Action = {
  permissions: () => [{ action: 'cognito-idp:ListUserPools', resource: '*' }],
  run(input, context) {
    const wanted = read(input, { MaxResults: must.integer({ min: 1, max: 60 }), NextToken: tokenField() });
    const { items, next } = paged([...pools(context).values()], wanted.NextToken, wanted.MaxResults, 'pools');
    return {
      UserPools: items.map((pool) => ({
        Id: pool.id,
        Name: pool.name,
        LambdaConfig: {},
        LastModifiedDate: new Date(pool.modified),
        CreationDate: new Date(pool.created),
      })),
      NextToken: next,
    };
  },
};

export const poolActions: Record<string, Action> = {
  CreateUserPool: createUserPool,
  DescribeUserPool: describeUserPool,
  UpdateUserPool: updateUserPool,
  AddCustomAttributes: addCustomAttributes,
  DeleteUserPool: deleteUserPool,
  ListUserPools: listUserPools,
};
