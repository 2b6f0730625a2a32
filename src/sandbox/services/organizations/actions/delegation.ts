/** Which services may act over the organization, and which members administer them. */
import { ServiceError } from '../../../errors.ts';
import { must, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import {
  accountField,
  constraint,
  delegations,
  managementHall,
  memberOut,
  members,
  notFound,
  onTarget,
  paged,
  paging,
  read,
  readingHall,
  trusted,
} from '../records.ts';

const principal = () => must.text({ min: 1, max: 128, pattern: /[\w+=,.@-]*/ });

const onService =
  (action: string, ...named: string[]) =>
  (input: Input, context: Context): Permission[] =>
    onTarget(action, ...named)(input, context).map((permission) => ({
      ...permission,
      context: { 'organizations:ServicePrincipal': String(input['ServicePrincipal'] ?? '') },
    }));

const enable: Action = {
  permissions: onService('EnableAWSServiceAccess'),
  async run(input, context) {
    const wanted = read(input, { ServicePrincipal: principal() });
    const { record, store } = await managementHall(context);
    if (record.featureSet !== 'ALL')
      throw new ServiceError(
        'AccessDeniedException',
        'Trusted access needs an organization with all features enabled.',
        400,
      );
    if (!trusted(store).has(wanted.ServicePrincipal))
      trusted(store).put(wanted.ServicePrincipal, { principal: wanted.ServicePrincipal, enabled: context.now() });
    return {};
  },
};

const disable: Action = {
  permissions: onService('DisableAWSServiceAccess'),
  async run(input, context) {
    const wanted = read(input, { ServicePrincipal: principal() });
    trusted((await managementHall(context)).store).delete(wanted.ServicePrincipal);
    return {};
  },
};

const listTrusted: Action = {
  permissions: onTarget('ListAWSServiceAccessForOrganization'),
  async run(input, context) {
    const wanted = read(input, paging);
    const found = paged([...trusted((await readingHall(context)).store).values()], wanted, 'trusted');
    return {
      EnabledServicePrincipals: found.items.map((one) => ({
        ServicePrincipal: one.principal,
        DateEnabled: new Date(one.enabled),
      })),
      NextToken: found.NextToken,
    };
  },
};

const keyOf = (account: string, service: string): string => `${account} ${service}`;

const register: Action = {
  permissions: onService('RegisterDelegatedAdministrator', 'AccountId'),
  async run(input, context) {
    const wanted = read(input, { AccountId: must.text(accountField), ServicePrincipal: principal() });
    const { record, store } = await managementHall(context);
    const member = members(store).get(wanted.AccountId);
    if (!member) throw notFound.account();
    if (member.id === record.management)
      throw constraint(
        'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR',
        'You attempted to register the management account as a delegated administrator.',
      );
    if (member.state !== 'ACTIVE')
      throw constraint(
        'CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR',
        'You attempted to register a suspended account as a delegated administrator.',
      );
    const key = keyOf(member.id, wanted.ServicePrincipal);
    if (delegations(store).has(key))
      throw new ServiceError(
        'AccountAlreadyRegisteredException',
        'The specified account is already a delegated administrator for this service.',
      );
    delegations(store).put(key, { account: member.id, principal: wanted.ServicePrincipal, enabled: context.now() });
    return {};
  },
};

const deregister: Action = {
  permissions: onService('DeregisterDelegatedAdministrator', 'AccountId'),
  async run(input, context) {
    const wanted = read(input, { AccountId: must.text(accountField), ServicePrincipal: principal() });
    const { store } = await managementHall(context);
    if (!members(store).has(wanted.AccountId)) throw notFound.account();
    if (!delegations(store).delete(keyOf(wanted.AccountId, wanted.ServicePrincipal)))
      throw new ServiceError(
        'AccountNotRegisteredException',
        'The specified account is not a delegated administrator for this service.',
      );
    return {};
  },
};

const listAdministrators: Action = {
  permissions: onService('ListDelegatedAdministrators'),
  async run(input, context) {
    const wanted = read(input, {
      ServicePrincipal: text({ min: 1, max: 128, pattern: /[\w+=,.@-]*/ }),
      ...paging,
    });
    const hall = await readingHall(context);
    const first = new Map<string, number>();
    for (const { account, principal: service, enabled } of delegations(hall.store).values())
      if (wanted.ServicePrincipal === undefined || wanted.ServicePrincipal === service)
        first.set(account, Math.min(enabled, first.get(account) ?? enabled));
    const found = paged([...first], wanted, `administrators ${wanted.ServicePrincipal ?? ''}`);
    return {
      DelegatedAdministrators: found.items.flatMap(([account, enabled]) => {
        const member = members(hall.store).get(account);
        if (!member) return [];
        const { Paths: _paths, ...rest } = memberOut(hall, member);
        return [{ ...rest, DelegationEnabledDate: new Date(enabled) }];
      }),
      NextToken: found.NextToken,
    };
  },
};

const listServices: Action = {
  permissions: onTarget('ListDelegatedServicesForAccount', 'AccountId'),
  async run(input, context) {
    const wanted = read(input, { AccountId: must.text(accountField), ...paging });
    const { store } = await readingHall(context);
    if (!members(store).has(wanted.AccountId)) throw notFound.account();
    const all = [...delegations(store).values()].filter(({ account }) => account === wanted.AccountId);
    if (all.length === 0)
      throw new ServiceError(
        'AccountNotRegisteredException',
        'The specified account is not a delegated administrator.',
      );
    const found = paged(all, wanted, `services ${wanted.AccountId}`);
    return {
      DelegatedServices: found.items.map((one) => ({
        ServicePrincipal: one.principal,
        DelegationEnabledDate: new Date(one.enabled),
      })),
      NextToken: found.NextToken,
    };
  },
};

export const delegationActions: Record<string, Action> = {
  EnableAWSServiceAccess: enable,
  DisableAWSServiceAccess: disable,
  ListAWSServiceAccessForOrganization: listTrusted,
  RegisterDelegatedAdministrator: register,
  DeregisterDelegatedAdministrator: deregister,
  ListDelegatedAdministrators: listAdministrators,
  ListDelegatedServicesForAccount: listServices,
};
