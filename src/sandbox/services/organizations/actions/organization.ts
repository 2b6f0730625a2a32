/** The organization itself, and its root. */
import { ServiceError } from '../../../errors.ts';
import { text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import {
  arns,
  hallOf,
  isMember,
  members,
  membership,
  newId,
  type OrganizationRecord,
  onTarget,
  organization,
  paged,
  paging,
  read,
  readingHall,
} from '../records.ts';

const out = (record: OrganizationRecord): Record<string, unknown> => ({
  Id: record.id,
  Arn: arns.organization(record),
  FeatureSet: record.featureSet,
  MasterAccountArn: arns.account(record, record.management),
  MasterAccountId: record.management,
  MasterAccountEmail: record.email,
  AvailablePolicyTypes: record.featureSet === 'ALL' ? [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }] : [],
});

const createOrganization: Action = {
  permissions: onTarget('CreateOrganization'),
  async run(input, context) {
    const wanted = read(input, { FeatureSet: text({ oneOf: ['ALL', 'CONSOLIDATED_BILLING'] as const }) });
    if (await isMember(context.world, context.store))
      throw new ServiceError(
        'AlreadyInOrganizationException',
        'The AWS account is already a member of an organization.',
      );
    const { account, store } = context;
    const record: OrganizationRecord = {
      id: `o-${newId(context, 10)}`,
      rootId: `r-${newId(context, 4)}`,
      management: account,
      email: `root@${account}.example.com`,
      featureSet: wanted.FeatureSet ?? 'ALL',
      created: context.now(),
    };
    organization(store).put('organization', record);
    membership(store).put('membership', { organization: record.id, management: account });
    members(store).put(account, {
      id: account,
      name: 'Management account',
      email: record.email,
      state: 'ACTIVE',
      joinedMethod: 'INVITED',
      joined: record.created,
      parent: record.rootId,
      tags: {},
    });
    return { Organization: out(record) };
  },
};

/** "This operation can be called from any account in a organization." */
const describeOrganization: Action = {
  permissions: onTarget('DescribeOrganization'),
  async run(input, context) {
    read(input, {});
    return { Organization: out((await hallOf(context)).record) };
  },
};

const listRoots: Action = {
  permissions: onTarget('ListRoots'),
  async run(input, context) {
    const wanted = read(input, paging);
    const { record } = await readingHall(context);
    const found = paged([record.rootId], wanted, 'roots');
    return {
      Roots: found.items.map((Id) => ({ Id, Arn: arns.root(record), Name: 'Root', PolicyTypes: [] })),
      NextToken: found.NextToken,
    };
  },
};

export const organizationActions: Record<string, Action> = {
  CreateOrganization: createOrganization,
  DescribeOrganization: describeOrganization,
  ListRoots: listRoots,
};
