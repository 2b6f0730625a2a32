/** An account that is there already joins by invitation: one handshake, made by the one side and accepted by the other. */
import { ServiceError } from '../../../errors.ts';
import { must, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import {
  arns,
  type HandshakeRecord,
  handshakes,
  invalid,
  isMember,
  managementHall,
  members,
  membership,
  newId,
  onTarget,
  organization,
  paged,
  paging,
  read,
} from '../records.ts';

/** "Handshakes … expire after 15 days" (HandshakeState). */
const GOOD_FOR = 15 * 86_400_000;

const out = (handshake: HandshakeRecord, now: number): Record<string, unknown> => ({
  Id: handshake.id,
  Arn: arns.handshake(handshake),
  Parties: [
    { Id: handshake.account, Type: 'ACCOUNT' },
    { Id: handshake.organization, Type: 'ORGANIZATION' },
  ],
  State: handshake.state === 'OPEN' && handshake.expires <= now ? 'EXPIRED' : handshake.state,
  RequestedTimestamp: new Date(handshake.requested),
  ExpirationTimestamp: new Date(handshake.expires),
  Action: 'INVITE',
  Resources: [
    { Type: 'ORGANIZATION', Value: handshake.organization },
    { Type: 'ACCOUNT', Value: handshake.account },
    ...(handshake.notes === undefined ? [] : [{ Type: 'NOTES', Value: handshake.notes }]),
  ],
});

const invite: Action = {
  permissions: (input, context) =>
    onTarget('InviteAccountToOrganization', 'Id')((input['Target'] ?? {}) as Record<string, unknown>, context),
  async run(input, context) {
    const wanted = read(input, {
      Target: must.structure({
        Id: must.text({ min: 1, max: 64 }),
        Type: must.text({ oneOf: ['ACCOUNT', 'ORGANIZATION', 'EMAIL'] }),
      }),
      Notes: text({ max: 1024 }),
    });
    const { record, store } = await managementHall(context);
    if (wanted.Target.Type === 'ORGANIZATION')
      throw invalid('INVALID_PARTY_TYPE_TARGET', 'You specified the wrong type of entity as a party.');
    // The sandbox's accounts have no mail address of their own to be found by.
    if (wanted.Target.Type === 'EMAIL' || !/^\d{12}$/.test(wanted.Target.Id))
      throw new ServiceError(
        'AccountNotFoundException',
        'The sandbox finds an account to invite by its 12 digits only.',
      );
    const account = wanted.Target.Id;
    const theirs = await context.world.open(account);
    const fault = (Reason: string, message: string): ServiceError =>
      new ServiceError('HandshakeConstraintViolationException', message, 400, { Reason });
    if (await isMember(context.world, theirs))
      throw fault('ALREADY_IN_AN_ORGANIZATION', 'The account is already a member of an organization.');
    for (const other of handshakes(store).values())
      if (other.account === account && other.state === 'OPEN' && other.expires > context.now())
        throw new ServiceError('DuplicateHandshakeException', 'A handshake with the same action and target exists.');
    const handshake: HandshakeRecord = {
      id: `h-${newId(context, 10)}`,
      organization: record.id,
      management: record.management,
      account,
      state: 'OPEN',
      requested: context.now(),
      expires: context.now() + GOOD_FOR,
      ...(wanted.Notes === undefined ? {} : { notes: wanted.Notes }),
    };
    handshakes(store).put(handshake.id, handshake);
    handshakes(theirs).put(handshake.id, handshake);
    await theirs.flushed();
    return { Handshake: out(handshake, context.now()) };
  },
};

const handshakeField = { HandshakeId: must.text({ pattern: /h-[0-9a-z]{8,32}/ }) };

function handshakeAt(context: Context, id: string): HandshakeRecord {
  const found = handshakes(context.store).get(id);
  if (!found) throw new ServiceError('HandshakeNotFoundException', "You specified a handshake that doesn't exist.");
  return found;
}

const onHandshake =
  (action: string) =>
  (input: Record<string, unknown>, context: Context): { action: string; resource: string }[] => {
    const found = handshakes(context.store).get(String(input['HandshakeId'] ?? ''));
    return [{ action: `organizations:${action}`, resource: found ? arns.handshake(found) : '*' }];
  };

/** Who may end a handshake, how it ends, and what that does. */
const end = (action: string, by: 'account' | 'management', state: 'ACCEPTED' | 'DECLINED' | 'CANCELED'): Action => ({
  permissions: onHandshake(action),
  async run(input, context) {
    const { HandshakeId: id } = read(input, handshakeField);
    const handshake = handshakeAt(context, id);
    if (handshake[by] !== context.account)
      throw new ServiceError('AccessDeniedException', "You don't have permissions to access this resource.", 400);
    if (handshake.state !== 'OPEN' || handshake.expires <= context.now())
      throw new ServiceError(
        handshake.state === state ? 'HandshakeAlreadyInStateException' : 'InvalidHandshakeTransitionException',
        'The specified handshake is already in the requested state, or can no longer get there.',
      );
    const [ours, theirs] = await Promise.all([
      context.world.open(handshake.management),
      context.world.open(handshake.account),
    ]);
    if (state === 'ACCEPTED') {
      const record = organization(ours).get('organization');
      if (!record) throw new ServiceError('AWSOrganizationsNotInUseException', 'The organization is no longer there.');
      if (await isMember(context.world, theirs))
        throw new ServiceError(
          'HandshakeConstraintViolationException',
          'The account is already a member of an organization.',
          400,
          { Reason: 'ALREADY_IN_AN_ORGANIZATION' },
        );
      membership(theirs).put('membership', { organization: record.id, management: record.management });
      members(ours).put(handshake.account, {
        id: handshake.account,
        name: `Account ${handshake.account}`,
        email: `root@${handshake.account}.example.com`,
        state: 'ACTIVE',
        joinedMethod: 'INVITED',
        joined: context.now(),
        parent: record.rootId,
        tags: {},
      });
    }
    const ended = { ...handshake, state };
    handshakes(ours).put(id, ended);
    handshakes(theirs).put(id, ended);
    await Promise.all([ours.flushed(), theirs.flushed()]);
    return { Handshake: out(ended, context.now()) };
  },
});

const describe: Action = {
  permissions: onHandshake('DescribeHandshake'),
  run(input, context) {
    const { HandshakeId: id } = read(input, handshakeField);
    return { Handshake: out(handshakeAt(context, id), context.now()) };
  },
};

/** The same records either way: they lie with both sides. */
const listFor = (action: string, mine: 'account' | 'management'): Action => ({
  permissions: onTarget(action),
  run(input, context) {
    const wanted = read(input, paging);
    const all = [...handshakes(context.store).values()].filter((one) => one[mine] === context.account);
    const found = paged(all, wanted, action);
    return { Handshakes: found.items.map((one) => out(one, context.now())), NextToken: found.NextToken };
  },
});

export const invitationActions: Record<string, Action> = {
  InviteAccountToOrganization: invite,
  AcceptHandshake: end('AcceptHandshake', 'account', 'ACCEPTED'),
  DeclineHandshake: end('DeclineHandshake', 'account', 'DECLINED'),
  CancelHandshake: end('CancelHandshake', 'management', 'CANCELED'),
  DescribeHandshake: describe,
  ListHandshakesForAccount: listFor('ListHandshakesForAccount', 'account'),
  ListHandshakesForOrganization: listFor('ListHandshakesForOrganization', 'management'),
};
