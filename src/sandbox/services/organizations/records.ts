/** What the actions share: the organization's records, who may ask for what, ids, ARNs, errors and pages. */
import { ServiceError } from '../../errors.ts';
import type { AccountStore, Table } from '../../journal.ts';
import { integer, page, readMembers, type Shape, text } from '../../members.ts';
import type { Context, Input, Permission } from '../../service.ts';
import type { World } from '../../world.ts';

export interface OrganizationRecord {
  id: string;
  rootId: string;
  management: string;
  email: string;
  featureSet: 'ALL' | 'CONSOLIDATED_BILLING';
  /** epoch milliseconds */
  created: number;
}

export interface UnitRecord {
  id: string;
  name: string;
  /** root or unit */
  parent: string;
  tags: Record<string, string>;
}

export interface MemberRecord {
  id: string;
  name: string;
  email: string;
  state: 'ACTIVE' | 'PENDING_CLOSURE' | 'CLOSED' | 'SUSPENDED';
  joinedMethod: 'CREATED' | 'INVITED';
  /** epoch milliseconds */
  joined: number;
  parent: string;
  tags: Record<string, string>;
}

/** In an account's own records: whose member it is. ARNs need both before the management account's data is open. */
export interface MembershipRecord {
  organization: string;
  management: string;
}

export interface CreationRecord {
  id: string;
  name: string;
  email: string;
  role: string;
  state: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  requested: number;
  completed?: number;
  account: string;
  failure?: 'EMAIL_ALREADY_EXISTS';
  tags: Record<string, string>;
}

export interface HandshakeRecord {
  id: string;
  organization: string;
  management: string;
  account: string;
  state: 'OPEN' | 'ACCEPTED' | 'DECLINED' | 'CANCELED';
  requested: number;
  expires: number;
  notes?: string;
}

/** `<account> <service principal>` */
export interface DelegationRecord {
  account: string;
  principal: string;
  enabled: number;
}

const table =
  <T>(kind: string) =>
  (store: AccountStore): Table<T> =>
    store.table<T>('organizations', '', kind);

export const organization = table<OrganizationRecord>('organization');
export const units = table<UnitRecord>('units');
export const members = table<MemberRecord>('members');
export const membership = table<MembershipRecord>('membership');
export const creations = table<CreationRecord>('creations');
/** With the management account and with the invited one, the same record. */
export const handshakes = table<HandshakeRecord>('handshakes');
export const delegations = table<DelegationRecord>('delegations');
/** Service principal → when its trusted access was enabled. */
export const trusted = table<{ principal: string; enabled: number }>('trusted');

export interface Hall {
  record: OrganizationRecord;
  /** The management account's records. */
  store: AccountStore;
}

/** Is this account in an organization that is still there? Its management account's data may have been reset since. */
export async function isMember(world: World, account: AccountStore): Promise<boolean> {
  const member = membership(account).get('membership');
  if (!member) return false;
  const record = organization(await world.open(member.management)).get('organization');
  return record?.id === member.organization && members(await world.open(member.management)).has(account.account);
}

/** @throws AWSOrganizationsNotInUseException when the caller's account is in none */
export async function hallOf(context: Context): Promise<Hall> {
  const member = membership(context.store).get('membership');
  if (!member) throw notInUse();
  const store = await context.world.open(member.management);
  const record = organization(store).get('organization');
  if (!record || !(await isMember(context.world, context.store))) throw notInUse();
  return { record, store };
}

const notInUse = (): ServiceError =>
  new ServiceError('AWSOrganizationsNotInUseException', 'Your account is not a member of an organization.', 400);

const noAccess = (): ServiceError =>
  new ServiceError('AccessDeniedException', "You don't have permissions to access this resource.", 400);

/** For what "can be called only from the organization's management account". */
export async function managementHall(context: Context): Promise<Hall> {
  const hall = await hallOf(context);
  if (hall.record.management !== context.account) throw noAccess();
  return hall;
}

/** For what can be called "from the management account or by a member account that is a delegated administrator". */
export async function readingHall(context: Context): Promise<Hall> {
  const hall = await hallOf(context);
  if (hall.record.management === context.account) return hall;
  for (const delegation of delegations(hall.store).values()) if (delegation.account === context.account) return hall;
  throw noAccess();
}

export const notFound = {
  parent: () => new ServiceError('ParentNotFoundException', "You specified parent that doesn't exist.", 400),
  unit: () =>
    new ServiceError(
      'OrganizationalUnitNotFoundException',
      "You specified an organizational unit that doesn't exist.",
      400,
    ),
  account: () => new ServiceError('AccountNotFoundException', "You specified an account that doesn't exist.", 400),
  child: () =>
    new ServiceError(
      'ChildNotFoundException',
      "You specified an organizational unit or account that doesn't exist.",
      400,
    ),
};

export const invalid = (Reason: string, message: string): ServiceError =>
  new ServiceError('InvalidInputException', message, 400, { Reason });
export const constraint = (Reason: string, message: string): ServiceError =>
  new ServiceError('ConstraintViolationException', message, 400, { Reason });

const REASONS: [RegExp, string, string][] = [
  [/must not be null/, 'INPUT_REQUIRED', 'You must include a value for all required parameters.'],
  [/enum value set/, 'INVALID_ENUM', 'You specified an invalid value.'],
  [/regular expression/, 'INVALID_PATTERN', "You provided a value that doesn't match the required pattern."],
  [
    /length less than/,
    'MAX_LENGTH_EXCEEDED',
    'You provided a string parameter that is longer than the maximum allowed.',
  ],
  [
    /length greater than/,
    'MIN_LENGTH_EXCEEDED',
    'You provided a string parameter that is shorter than the minimum allowed.',
  ],
  [/value less than/, 'MAX_VALUE_EXCEEDED', 'You provided a number that is larger than the maximum allowed.'],
  [/value greater than/, 'MIN_VALUE_EXCEEDED', 'You provided a number that is smaller than the minimum allowed.'],
];

/** The members of an input. Organizations tells a fault by a reason of its own (InvalidInputException), the first of them. */
export function read<S extends Shape>(input: Input, shape: S) {
  try {
    return readMembers(input, shape, 'InvalidInputException');
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'InvalidInputException') throw error;
    const found = REASONS.find(([pattern]) => pattern.test(error.message));
    if (!found) throw error;
    throw invalid(found[1], found[2]);
  }
}

export const accountField = { pattern: /\d{12}/ };
export const parentField = { pattern: /r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}/ };
export const unitField = { pattern: /ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}/ };
/** Pages hold up to 20 entries (every List action of the AWS Organizations API Reference). */
export const paging = { NextToken: text({ max: 100_000 }), MaxResults: integer({ min: 1, max: 20 }) };

export function paged<T>(
  items: T[],
  wanted: { NextToken?: string | undefined; MaxResults?: number | undefined },
  kind: string,
): { items: T[]; NextToken: string | undefined } {
  const found = page(items, wanted.NextToken, wanted.MaxResults ?? 20, kind, () =>
    invalid(
      'INVALID_PAGINATION_TOKEN',
      'Get the value for the NextToken parameter from the response to a previous call of the operation.',
    ),
  );
  return { items: found.items, NextToken: found.next };
}

/** Ids are small letters and digits. */
export const newId = (context: Context, length: number): string => context.world.suffix(length).toLowerCase();

const arn = (management: string, rest: string): string => `arn:aws:organizations::${management}:${rest}`;
export const arns = {
  organization: (record: OrganizationRecord) => arn(record.management, `organization/${record.id}`),
  root: (record: OrganizationRecord) => arn(record.management, `root/${record.id}/${record.rootId}`),
  unit: (record: OrganizationRecord, id: string) => arn(record.management, `ou/${record.id}/${id}`),
  account: (record: OrganizationRecord, id: string) => arn(record.management, `account/${record.id}/${id}`),
  handshake: (record: HandshakeRecord) =>
    arn(record.management, `handshake/${record.organization}/invite/${record.id}`),
};

/** What IAM decides for one that names a root, unit or account by `member`; `*` for those that name nothing. */
export const onTarget =
  (action: string, ...named: string[]) =>
  (input: Input, context: Context): Permission[] => {
    const own = membership(context.store).get('membership');
    const resources = named
      .map((name) => String(input[name] ?? ''))
      .filter((id) => id !== '')
      .map((id) => {
        if (!own) return '*';
        const kind = id.startsWith('ou-') ? 'ou' : id.startsWith('r-') ? 'root' : 'account';
        return arn(own.management, `${kind}/${own.organization}/${id}`);
      });
    return (resources.length === 0 ? ['*'] : resources).map((resource) => ({
      action: `organizations:${action}`,
      resource,
    }));
  };

/** @throws ParentNotFoundException unless `id` is the root or one of the units */
export function checkParent({ record, store }: Hall, id: string): void {
  if (id !== record.rootId && !units(store).has(id)) throw notFound.parent();
}

/** `o-…/r-…/ou-…/`, as Account.Paths and OrganizationalUnit.Path give it. */
export function pathOf({ record, store }: Hall, id: string): string {
  const steps: string[] = [];
  for (let at: string | undefined = id; at !== undefined && at !== record.rootId; ) {
    steps.unshift(at);
    at = units(store).get(at)?.parent ?? members(store).get(at)?.parent;
  }
  return `${[record.id, record.rootId, ...steps].join('/')}/`;
}

export function unitOut(hall: Hall, unit: UnitRecord): Record<string, unknown> {
  return { Id: unit.id, Arn: arns.unit(hall.record, unit.id), Name: unit.name, Path: pathOf(hall, unit.id) };
}

/**
 * An account as the lists show it. `Status` was retired on 2026-09-09 in favour of `State` (API Reference, Account), so it
 * is not answered: who still reads it finds out here.
 */
export function memberOut(hall: Hall, member: MemberRecord): Record<string, unknown> {
  return {
    Id: member.id,
    Arn: arns.account(hall.record, member.id),
    Email: member.email,
    Name: member.name,
    State: member.state,
    Paths: [pathOf(hall, member.id)],
    JoinedMethod: member.joinedMethod,
    JoinedTimestamp: new Date(member.joined),
  };
}
