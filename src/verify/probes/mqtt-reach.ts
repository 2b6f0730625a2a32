/** May those who signed in listen: the customer to their own orders, whoever serves to all? */
import { type FunctionSettings, functionSettings } from '../../aws/functions.ts';
import { type IdentityPool, sessionTags } from '../../aws/identity-pools.ts';
import { iotPolicy } from '../../aws/iot.ts';
import { groupRole } from '../../aws/user-pools.ts';
import { decide, type Json, parsePolicy } from '../../iam-policy/index.ts';
import { ADMIN_GROUP, TOPIC_PREFIX } from '../../workshop.ts';
import { type AppSettings, appSettings, poolOf, PUT_BACK } from '../apps/settings.ts';
import type { Facts } from '../facts.ts';
import { askRole } from '../permissions/ask.ts';
import { type Ask, type RoleSeen, roleName } from '../permissions/judge.ts';
import type { Verdict } from '../types.ts';
import { identitiesOf, providerName } from './app-settings.ts';
import { probe } from './probe.ts';

const VOUCHER = 'cognito-identity.amazonaws.com';
/** Any user's id: what holds for it holds for everybody's. */
const SOMEBODY = '5c2d1a36-7d0e-4b3a-9d57-0a6c1d7f8e21';

type Who = 'a customer' | 'who serves' | 'a guest';

interface Listener {
  who: Who;
  asks: Ask[];
  role: RoleSeen | undefined;
}

interface Seen {
  settings: AppSettings;
  identities: IdentityPool | undefined;
  listeners: Listener[];
  /** Claims of the sign-in that become tags of the session. */
  tags: Record<string, string>;
  /** The function that lets an identity in by attaching an IoT policy. */
  attacher: { name: string; role: RoleSeen; policy: string; document: unknown } | undefined;
  account: string;
}

/** What a page does: connects, subscribes, and gets the messages. */
function asksFor(topics: string[], place: { account: string; region: string }, context: Record<string, string>): Ask[] {
  const iot = (rest: string): string => `arn:aws:iot:${place.region}:${place.account}:${rest}`;
  const ask = (action: string, rest: string): Ask => ({ action, resource: iot(rest), context });
  return [
    ask('iot:Connect', `client/${TOPIC_PREFIX}-${SOMEBODY}`),
    ...topics.flatMap((topic) => [
      ask('iot:Subscribe', `topicfilter/${TOPIC_PREFIX}-${topic}`),
      ask('iot:Receive', `topic/${TOPIC_PREFIX}-${topic}`),
    ]),
  ];
}

const TOPICS_OF: Record<Who, string[]> = {
  'a customer': ['config', `user-${SOMEBODY}`],
  'who serves': ['config', 'admin'],
  'a guest': ['config', 'admin', `user-${SOMEBODY}`],
};

/** Values of a sign-in's claims, as far as roles compare with them. */
const CLAIMS: Record<string, string> = { sub: SOMEBODY, email: 'somebody@example.com', email_verified: 'true' };

async function observe(facts: Facts): Promise<Seen> {
  const [settings, identities, account] = await Promise.all([appSettings(facts), identitiesOf(facts), facts.account()]);
  const nobody = { settings, identities, account, listeners: [], tags: {}, attacher: undefined };
  if (!identities) return nobody;
  const place = { account, region: facts.region };
  const pool = poolOf(settings) ?? '';
  const provider = providerName(facts.region, pool);
  const [tags, ofGroup, functions] = await Promise.all([
    facts.once('session tags', (c) => sessionTags(c, identities.id, provider)),
    facts.once(`role of ${ADMIN_GROUP}`, (c) => groupRole(c, pool, ADMIN_GROUP)),
    facts.once('function settings', functionSettings),
  ]);
  const context = Object.fromEntries(
    Object.entries(tags).flatMap(([tag, claim]) => {
      const value = claim === 'aud' ? settings.values.userpoolclient?.value : CLAIMS[claim];
      return value === undefined ? [] : [[`aws:PrincipalTag/${tag}`, value] as const];
    }),
  );
  const attaching = functions.find(({ environment }) => environment['LISTEN_POLICY'] !== undefined);
  const roles: [Who, string | undefined][] =
    attaching === undefined && identities.guests && identities.roles.unauthenticated
      ? [['a guest', identities.roles.unauthenticated]]
      : [
          ['a customer', identities.roles.authenticated],
          ['who serves', roleOfAdmins(identities, ofGroup, settings)],
        ];
  const [listeners, attacher] = await Promise.all([
    Promise.all(
      roles.map(async ([who, arn]) => {
        const asks = asksFor(TOPICS_OF[who], place, context);
        return { who, asks, role: arn === undefined ? undefined : await askRole(facts, arn, asks) };
      }),
    ),
    attaching && attacherOf(facts, attaching),
  ]);
  return { settings, identities, account, listeners, tags, attacher };
}

/** The pool's mapping by token gives the role of the user's group, one by rules what its rule says. */
function roleOfAdmins(
  identities: IdentityPool,
  ofGroup: string | undefined,
  { values }: AppSettings,
): string | undefined {
  const client = values.userpoolclient?.value ?? '';
  const mapping = Object.entries(identities.mappings).find(([provider]) => provider.endsWith(`:${client}`))?.[1];
  if (mapping?.type === 'Rules') {
    const rule = mapping.rules.find(({ claim, value }) => claim === 'cognito:groups' && value.includes(ADMIN_GROUP));
    return rule?.role ?? identities.roles.authenticated;
  }
  if (mapping?.type === 'Token')
    return ofGroup ?? (mapping.ambiguous === 'Deny' ? undefined : identities.roles.authenticated);
  return identities.roles.authenticated;
}

async function attacherOf(facts: Facts, { name, role, environment }: FunctionSettings): Promise<Seen['attacher']> {
  const policy = environment['LISTEN_POLICY'] ?? '';
  const [seen, document] = await Promise.all([
    askRole(facts, role, [{ action: 'iot:AttachPolicy', resource: '*' }]),
    facts.once(`IoT policy ${policy}`, (c) => iotPolicy(c, policy)),
  ]);
  return { name, role: seen, policy, document };
}

/** May the identity pool take the role for somebody, with the tags that it puts on the session? */
function trusted(role: RoleSeen, pool: string, guest: boolean, tagged: boolean): boolean {
  try {
    const policy = parsePolicy(role.trust as Json, 'trust');
    return ['sts:AssumeRoleWithWebIdentity', ...(tagged ? ['sts:TagSession'] : [])].every(
      (action) =>
        decide({
          action,
          resource: role.arn,
          principal: { federated: VOUCHER },
          context: {
            [`${VOUCHER}:aud`]: pool,
            [`${VOUCHER}:amr`]: [guest ? 'unauthenticated' : 'authenticated', VOUCHER],
          },
          identityPolicies: [],
          resourcePolicies: [policy],
          resourceMustAllow: true,
          sameAccount: true,
        }).decision === 'allowed',
    );
  } catch {
    return false;
  }
}

/** What of the asks an IoT policy does not allow. */
function refusedByPolicy(document: unknown, asks: Ask[], session: string, identity: string): Ask | undefined {
  try {
    const policy = parsePolicy({ Version: '2012-10-17', ...(document as object) } as Json);
    return asks.find(
      ({ action, resource }) =>
        decide({
          action,
          resource,
          principal: { arn: session },
          context: { 'iot:ClientId': `${TOPIC_PREFIX}-${SOMEBODY}`, [`${VOUCHER}:sub`]: identity },
          identityPolicies: [policy],
          sameAccount: true,
        }).decision !== 'allowed',
    );
  } catch {
    return asks[0];
  }
}

const short = (resource: string): string => resource.split(':').slice(5).join(':').replace(SOMEBODY, '…');

function judge({ settings, identities, listeners, tags, attacher }: Seen): Omit<Verdict, 'expected'> {
  const say = (status: Verdict['status'], found: string, hint?: string): Omit<Verdict, 'expected'> => ({
    status,
    found,
    ...(hint ? { hint } : {}),
  });
  if (!identities)
    return !settings.own
      ? say('pass', 'the event carries its news by AppSync Events, with the sign-in of the user pool')
      : say('fail', `the identity pool ${settings.values.identitypool?.value ?? ''} is not there`, PUT_BACK);
  for (const { who, role, asks } of listeners) {
    const guest = who === 'a guest';
    if (!role)
      return say(
        'fail',
        `the identity pool ${identities.id} has no role for ${who === 'who serves' ? `the group ${ADMIN_GROUP}` : 'those who signed in'}`,
        PUT_BACK,
      );
    const name = roleName(role.arn);
    if (!role.exists) return say('fail', `the role ${name}, which ${who} gets, is not there`, PUT_BACK);
    if (!trusted(role, identities.id, guest, Object.keys(tags).length > 0))
      return say(
        'fail',
        `the identity pool may not take the role ${name} for ${who}`,
        `Its trust policy must let ${VOUCHER} do sts:AssumeRoleWithWebIdentity${Object.keys(tags).length > 0 ? ' and sts:TagSession' : ''} where aud is ${identities.id}.`,
      );
    const [refused] = role.refused;
    if (refused)
      return say(
        'fail',
        `the role ${name}, which ${who} gets, may not do ${refused.action} on ${short(refused.resource)}`,
        Object.keys(tags).length === 0 && refused.resource.includes(SOMEBODY)
          ? 'The identity pool puts no claim of the sign-in on the session; the role compares topics with the tag userId.'
          : `Allow the role ${refused.action} there.`,
      );
    if (!attacher) continue;
    const missing = refusedByPolicy(attacher.document, asks, role.arn, identities.id);
    if (attacher.document === undefined)
      return say(
        'fail',
        `the IoT policy ${attacher.policy}, which the function ${attacher.name} attaches, is not there`,
        PUT_BACK,
      );
    if (missing)
      return say(
        'fail',
        `the IoT policy ${attacher.policy} does not allow ${missing.action} on ${short(missing.resource)}`,
        PUT_BACK,
      );
  }
  const [first] = listeners;
  if (attacher) {
    if (!attacher.role.exists || attacher.role.refused.length > 0)
      return say(
        'fail',
        `the role ${roleName(attacher.role.arn)} of the function ${attacher.name} ${attacher.role.exists ? 'may not do iot:AttachPolicy' : 'is not there'}`,
        PUT_BACK,
      );
  } else if (first?.who !== 'a guest')
    return say('fail', 'no function attaches an IoT policy to those who signed in, so AWS IoT refuses them', PUT_BACK);
  return say('pass', listeners.map(({ who, role }) => `${who} as ${roleName(role?.arn ?? '')}`).join(', '));
}

/** Each may connect, subscribe and receive, by the identity pool's role and by the IoT policy that is attached. */
export const mqttReach = probe<Seen>({
  observe: (_check, facts) => observe(facts),
  judge: (_check, seen) => ({
    expected: `signed in, a customer may listen to ${TOPIC_PREFIX}-config and to their own topic, who serves to ${TOPIC_PREFIX}-admin besides`,
    ...judge(seen),
  }),
});
