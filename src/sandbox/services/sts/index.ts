/** AWS STS: who am I, and sessions of roles. Sessions are what functions and `presso fleet` act under. */
import { findRole, mayAssume } from '../../authorize.ts';
import { ServiceError } from '../../errors.ts';
import type { SessionRecord } from '../../iam-records.ts';
import { accountOfAccessKey, type Principal, principalArn, sessionAccessKey } from '../../identity.ts';
import type { Action, Context, Service } from '../../service.ts';

const getCallerIdentity: Action = {
  run: (_input, context) => ({
    UserId: userId(context.caller),
    Account: context.account,
    Arn: principalArn(context.caller),
  }),
};

function userId(caller: Principal): string {
  if (caller.kind !== 'role') return caller.account;
  return `AROA${Buffer.from(caller.roleArn).toString('hex').toUpperCase().slice(-17)}:${caller.sessionName}`;
}

const assumeRole: Action = {
  permissions: (input) => [{ action: 'sts:AssumeRole', resource: String(input['RoleArn'] ?? '*') }],
  async run(input, context) {
    const roleArn = String(input['RoleArn'] ?? '');
    const sessionName = String(input['RoleSessionName'] ?? '');
    const match = /^arn:aws:iam::(\d{12}):role\/.+$/.exec(roleArn);
    if (!match?.[1]) throw new ServiceError('ValidationError', `${roleArn} is invalid`, 400);
    if (!/^[\w+=,.@-]{2,64}$/.test(sessionName))
      throw new ServiceError(
        'ValidationError',
        `1 validation error detected: Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
        400,
      );
    const seconds = Number(input['DurationSeconds'] ?? 3600);
    if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200)
      throw new ServiceError(
        'ValidationError',
        `1 validation error detected: Value '${String(input['DurationSeconds'])}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200`,
        400,
      );
    const store = await context.world.open(match[1]);
    const role = findRole(store, roleArn);
    const externalId: Record<string, string> =
      input['ExternalId'] === undefined ? {} : { 'sts:externalid': String(input['ExternalId']) };
    const by = {
      arn: principalArn(context.caller),
      ...(context.caller.kind === 'role' ? { role: context.caller.roleArn } : {}),
    };
    if (context.world.options.enforceIam !== false && (!role || !mayAssume(role, by, externalId)))
      throw new ServiceError(
        'AccessDenied',
        `User: ${principalArn(context.caller)} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        403,
      );
    const accessKeyId = sessionAccessKey(match[1], context.world.random(8));
    const expires = context.now() + seconds * 1000;
    const session: SessionRecord = { accessKeyId, roleArn, sessionName, expires };
    store.table<SessionRecord>('sts', '', 'sessions').put(accessKeyId, session);
    await store.flushed();
    const principal: Principal = { kind: 'role', account: match[1], roleArn, sessionName };
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: context.world.suffix(40),
        SessionToken: context.world.suffix(64),
        Expiration: new Date(expires),
      },
      AssumedRoleUser: { AssumedRoleId: userId(principal), Arn: principalArn(principal) },
    };
  },
};

const getAccessKeyInfo: Action = {
  permissions: () => [{ action: 'sts:GetAccessKeyInfo', resource: '*' }],
  run: (input: Record<string, unknown>, _context: Context) => ({
    Account: accountOfAccessKey(String(input['AccessKeyId'] ?? '')),
  }),
};

export const sts: Service = {
  name: 'sts',
  protocol: 'query',
  xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  global: true,
  actions: { GetCallerIdentity: getCallerIdentity, AssumeRole: assumeRole, GetAccessKeyInfo: getAccessKeyInfo },
};
