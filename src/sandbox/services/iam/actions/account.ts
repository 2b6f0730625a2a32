/** The account: its alias, its only user (the root user), figures. */
import { ServiceError } from '../../../errors.ts';
import { must, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { NAME_PATTERN, noSuchEntity, onAccount, paging, pathPrefix, policies, read, roles } from '../records.ts';

interface AliasRecord {
  alias: string;
}

const aliases = (context: Context) => context.table<AliasRecord>('alias');
const alias = () =>
  must.text({
    min: 3,
    max: 63,
    pattern: /[a-z0-9]|[a-z0-9](?:[a-z0-9]|-(?!-)){0,61}[a-z0-9]/,
    shown: '^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$',
  });

const createAccountAlias: Action = {
  permissions: onAccount('iam:CreateAccountAlias'),
  run(input, context) {
    const wanted = read(input, { AccountAlias: alias() });
    // Aliases are unique over all of AWS; of those, the sandbox knows the accounts that are open.
    for (const store of context.world.openAccounts())
      if (store.table<AliasRecord>('iam', '', 'alias').get('alias')?.alias === wanted.AccountAlias)
        throw new ServiceError('EntityAlreadyExists', `The account alias ${wanted.AccountAlias} already exists.`, 409);
    aliases(context).put('alias', { alias: wanted.AccountAlias });
    return {};
  },
};

const deleteAccountAlias: Action = {
  permissions: onAccount('iam:DeleteAccountAlias'),
  run(input, context) {
    const wanted = read(input, { AccountAlias: alias() });
    if (aliases(context).get('alias')?.alias !== wanted.AccountAlias)
      throw noSuchEntity(`The account alias ${wanted.AccountAlias} cannot be found.`);
    aliases(context).delete('alias');
    return {};
  },
};

const listAccountAliases: Action = {
  permissions: onAccount('iam:ListAccountAliases'),
  run(input, context) {
    read(input, paging);
    return { AccountAliases: [...aliases(context).values()].map((record) => record.alias), IsTruncated: false };
  },
};

const getAccountSummary: Action = {
  permissions: onAccount('iam:GetAccountSummary'),
  run(input, context) {
    read(input, {});
    const figures: Record<string, number> = {
      Users: 0,
      UsersQuota: 5000,
      Groups: 0,
      GroupsQuota: 300,
      Roles: roles(context).size,
      RolesQuota: 1000,
      Policies: policies(context).size,
      PoliciesQuota: 1500,
      PolicySizeQuota: 6144,
      VersionsPerPolicyQuota: 5,
      AttachedPoliciesPerRoleQuota: 10,
      AssumeRolePolicySizeQuota: 2048,
      RolePolicySizeQuota: 10_240,
      InstanceProfiles: 0,
      AccountAccessKeysPresent: 0,
      AccountMFAEnabled: 0,
    };
    return { SummaryMap: new Map(Object.entries(figures)) };
  },
};

/** The sandbox's accounts have the root user only. */
const getUser: Action = {
  permissions: (input, context) => [
    { action: 'iam:GetUser', resource: context.arn(`user/${String(input['UserName'] ?? '*')}`) },
  ],
  run(input, context) {
    const wanted = read(input, { UserName: text({ min: 1, max: 64, pattern: NAME_PATTERN }) });
    if (wanted.UserName !== undefined) throw noSuchEntity(`The user with name ${wanted.UserName} cannot be found.`);
    if (context.caller.kind !== 'admin')
      throw new ServiceError('ValidationError', 'Must specify userName when calling with non-User credentials', 400);
    return {
      User: {
        UserId: context.account,
        Arn: context.arn('root'),
        CreateDate: new Date(Date.UTC(2023, 0, 1)),
      },
    };
  },
};

const listUsers: Action = {
  permissions: onAccount('iam:ListUsers'),
  run(input) {
    read(input, { PathPrefix: pathPrefix(), ...paging });
    return { Users: [], IsTruncated: false };
  },
};

export const accountActions: Record<string, Action> = {
  CreateAccountAlias: createAccountAlias,
  DeleteAccountAlias: deleteAccountAlias,
  ListAccountAliases: listAccountAliases,
  GetAccountSummary: getAccountSummary,
  GetUser: getUser,
  ListUsers: listUsers,
};
