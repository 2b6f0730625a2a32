/** Accounts of the organization: listed, made, moved, closed. */
import { ServiceError } from '../../../errors.ts';
import { list, must, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import {
  accountField,
  type CreationRecord,
  checkParent,
  constraint,
  creations,
  type Hall,
  type MemberRecord,
  isMember,
  managementHall,
  memberOut,
  members,
  membership,
  newId,
  notFound,
  onTarget,
  organization,
  paged,
  paging,
  parentField,
  read,
  readingHall,
  units,
} from '../records.ts';
import { tagsField, tagsOf } from './units.ts';

const listAccounts: Action = {
  permissions: onTarget('ListAccounts'),
  async run(input, context) {
    const wanted = read(input, paging);
    const hall = await readingHall(context);
    const found = paged([...members(hall.store).values()], wanted, 'accounts');
    return { Accounts: found.items.map((member) => memberOut(hall, member)), NextToken: found.NextToken };
  },
};

const listAccountsForParent: Action = {
  permissions: onTarget('ListAccountsForParent', 'ParentId'),
  async run(input, context) {
    const wanted = read(input, { ParentId: must.text(parentField), ...paging });
    const hall = await readingHall(context);
    checkParent(hall, wanted.ParentId);
    const there = [...members(hall.store).values()].filter((member) => member.parent === wanted.ParentId);
    const found = paged(there, wanted, `accounts ${wanted.ParentId}`);
    return { Accounts: found.items.map((member) => memberOut(hall, member)), NextToken: found.NextToken };
  },
};

const memberAt = (hall: Hall, id: string): MemberRecord => {
  const member = members(hall.store).get(id);
  if (!member) throw notFound.account();
  return member;
};

const describeAccount: Action = {
  permissions: onTarget('DescribeAccount', 'AccountId'),
  async run(input, context) {
    const wanted = read(input, { AccountId: must.text(accountField) });
    const hall = await readingHall(context);
    return { Account: memberOut(hall, memberAt(hall, wanted.AccountId)) };
  },
};

const statusOut = (creation: CreationRecord): Record<string, unknown> => ({
  Id: creation.id,
  AccountName: creation.name,
  State: creation.state,
  RequestedTimestamp: new Date(creation.requested),
  ...(creation.completed === undefined ? {} : { CompletedTimestamp: new Date(creation.completed) }),
  ...(creation.state === 'SUCCEEDED' ? { AccountId: creation.account } : {}),
  ...(creation.failure === undefined ? {} : { FailureReason: creation.failure }),
});

const createAccount: Action = {
  permissions: onTarget('CreateAccount'),
  async run(input, context) {
    const wanted = read(input, {
      Email: must.text({ min: 6, max: 64, pattern: /[^\s@]+@[^\s@]+\.[^\s@]+/ }),
      AccountName: must.text({ min: 1, max: 50 }),
      RoleName: text({ max: 64, pattern: /[\w+=,.@-]{1,64}/ }),
      IamUserAccessToBilling: text({ oneOf: ['ALLOW', 'DENY'] }),
      Tags: tagsField(),
    });
    const { store } = await managementHall(context);
    const creation: CreationRecord = {
      id: `car-${newId(context, 32)}`,
      name: wanted.AccountName,
      email: wanted.Email,
      role: wanted.RoleName ?? 'OrganizationAccountAccessRole',
      state: 'IN_PROGRESS',
      requested: context.now(),
      account: await freeAccount(context),
      tags: tagsOf(wanted.Tags),
    };
    creations(store).put(creation.id, creation);
    resumeCreation(context, creation.id);
    return { CreateAccountStatus: statusOut(creation) };
  },
};

async function freeAccount(context: Context): Promise<string> {
  for (;;) {
    const digits = [...context.world.random(12)].map((byte) => byte % 10);
    const id = `${((digits[0] ?? 0) % 9) + 1}${digits.slice(1).join('')}`;
    const taken = await context.world.open(id);
    if (!(await isMember(context.world, taken))) return id;
  }
}

/** Makes the account that was asked for: it is a member, and its role trusts the management account. */
export function resumeCreation(context: Context, id: string): void {
  const { store, world } = context;
  world.background(`making the account of ${id}`, async () => {
    await world.pause();
    const creation = creations(store).get(id);
    const own = membership(store).get('membership');
    const record = organization(store).get('organization');
    if (creation?.state !== 'IN_PROGRESS' || !own || !record) return;
    const done = (changes: Partial<CreationRecord>): void =>
      creations(store).put(id, { ...creation, completed: world.clock.now(), ...changes });
    const emails = [...members(store).values()].filter((member) => member.id !== creation.account);
    if (emails.some((member) => member.email.toLowerCase() === creation.email.toLowerCase()))
      return done({ state: 'FAILED', failure: 'EMAIL_ALREADY_EXISTS' });
    const where = { account: creation.account, region: 'us-east-1' };
    await world
      .call(
        'iam',
        'CreateRole',
        {
          RoleName: creation.role,
          AssumeRolePolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: `arn:aws:iam::${store.account}:root` },
                Action: 'sts:AssumeRole',
              },
            ],
          }),
        },
        where,
      )
      .catch((error: unknown) => {
        // Made before the process ended in the middle.
        if (!(error instanceof ServiceError && error.code === 'EntityAlreadyExists')) throw error;
      });
    await world.call(
      'iam',
      'AttachRolePolicy',
      { RoleName: creation.role, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
      where,
    );
    const theirs = await world.open(creation.account);
    membership(theirs).put('membership', own);
    await theirs.flushed();
    members(store).put(creation.account, {
      id: creation.account,
      name: creation.name,
      email: creation.email,
      state: 'ACTIVE',
      joinedMethod: 'CREATED',
      joined: world.clock.now(),
      // "When you create an account, it is initially placed in the root" (CreateAccount).
      parent: record.rootId,
      tags: creation.tags,
    });
    done({ state: 'SUCCEEDED' });
  });
}

const describeCreation: Action = {
  permissions: onTarget('DescribeCreateAccountStatus'),
  async run(input, context) {
    const wanted = read(input, { CreateAccountRequestId: must.text({ pattern: /car-[a-z0-9]{8,32}/ }) });
    const { store } = await readingHall(context);
    const creation = creations(store).get(wanted.CreateAccountRequestId);
    if (!creation)
      throw new ServiceError(
        'CreateAccountStatusNotFoundException',
        "You specified a create account request that doesn't exist.",
      );
    return { CreateAccountStatus: statusOut(creation) };
  },
};

const listCreations: Action = {
  permissions: onTarget('ListCreateAccountStatus'),
  async run(input, context) {
    const wanted = read(input, {
      States: list(must.text({ oneOf: ['IN_PROGRESS', 'SUCCEEDED', 'FAILED'] })),
      ...paging,
    });
    const { store } = await readingHall(context);
    const states = new Set(wanted.States ?? []);
    const all = [...creations(store).values()].filter(({ state }) => states.size === 0 || states.has(state));
    const found = paged(all, wanted, `creations ${[...states].sort().join(' ')}`);
    return { CreateAccountStatuses: found.items.map(statusOut), NextToken: found.NextToken };
  },
};

const moveAccount: Action = {
  permissions: onTarget('MoveAccount', 'AccountId', 'SourceParentId', 'DestinationParentId'),
  async run(input, context) {
    const wanted = read(input, {
      AccountId: must.text(accountField),
      SourceParentId: must.text(parentField),
      DestinationParentId: must.text(parentField),
    });
    const hall = await managementHall(context);
    const { record, store } = hall;
    const exists = (id: string): boolean => id === record.rootId || units(store).has(id);
    const member = memberAt(hall, wanted.AccountId);
    if (!exists(wanted.SourceParentId) || member.parent !== wanted.SourceParentId)
      throw new ServiceError(
        'SourceParentNotFoundException',
        "You specified a source parent that doesn't exist or isn't the parent of the account.",
      );
    if (!exists(wanted.DestinationParentId))
      throw new ServiceError(
        'DestinationParentNotFoundException',
        "You specified a destination parent that doesn't exist.",
      );
    if (wanted.DestinationParentId === wanted.SourceParentId)
      throw new ServiceError('DuplicateAccountException', 'The account is in the destination parent already.');
    members(store).put(member.id, { ...member, parent: wanted.DestinationParentId });
    return {};
  },
};

const closeAccount: Action = {
  permissions: onTarget('CloseAccount', 'AccountId'),
  async run(input, context) {
    const wanted = read(input, { AccountId: must.text(accountField) });
    const hall = await managementHall(context);
    const member = memberAt(hall, wanted.AccountId);
    if (member.id === hall.record.management)
      throw constraint('CANNOT_CLOSE_MANAGEMENT_ACCOUNT', 'You attempted to close the management account.');
    if (member.state !== 'ACTIVE')
      throw new ServiceError(
        'AccountAlreadyClosedException',
        'You attempted to close an account that is already closed.',
      );
    members(hall.store).put(member.id, { ...member, state: 'CLOSED' });
    return {};
  },
};

export const accountActions: Record<string, Action> = {
  ListAccounts: listAccounts,
  ListAccountsForParent: listAccountsForParent,
  DescribeAccount: describeAccount,
  CreateAccount: createAccount,
  DescribeCreateAccountStatus: describeCreation,
  ListCreateAccountStatus: listCreations,
  MoveAccount: moveAccount,
  CloseAccount: closeAccount,
};
