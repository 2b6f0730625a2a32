/** Into a target account, as StackSets get there (guide, "Grant self-managed permissions", "service-managed permissions"). */
import { authorize, findRole, mayAssume } from '../../../authorize.ts';
import { ServiceError } from '../../../errors.ts';
import { type Principal, principalArn } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import { setArn } from './input.ts';
import type { SetOperationRecord, StackSetRecord } from './records.ts';

export const ADMINISTRATION_ROLE = 'AWSCloudFormationStackSetAdministrationRole';
export const EXECUTION_ROLE = 'AWSCloudFormationStackSetExecutionRole';
/** Service principal of trusted access (guide, "Activate trusted access for StackSets with AWS Organizations"). */
export const TRUSTED_SERVICE = 'member.org.stacksets.cloudformation.amazonaws.com';

/** The account cannot be entered: StackSets' own words for it. */
export class NoEntry extends Error {}

/** Whoever makes the stacks in `account`. @throws NoEntry */
export function enter(
  context: Context,
  set: StackSetRecord,
  operation: SetOperationRecord,
  account: string,
): Promise<Principal> {
  return set.permissionModel === 'SERVICE_MANAGED'
    ? serviceRole(context, set, account)
    : executionRole(context, set, operation, account);
}

async function executionRole(
  context: Context,
  set: StackSetRecord,
  operation: SetOperationRecord,
  account: string,
): Promise<Principal> {
  const { world } = context;
  const hubRole = operation.administrationRoleArn ?? '';
  const executionName = operation.executionRoleName ?? EXECUTION_ROLE;
  const target: Principal = {
    kind: 'role',
    account,
    roleArn: `arn:aws:iam::${account}:role/${executionName}`,
    sessionName: operation.id.slice(0, 64).padEnd(2, '-'),
  };
  const hubName = hubRole.split('/').at(-1) ?? '';
  let hub: Principal;
  try {
    hub = await world.assume(hubRole, 'cloudformation.amazonaws.com', operation.id.slice(0, 64), {
      account: context.account,
      sourceArn: setArn(context, set),
    });
  } catch {
    throw new NoEntry(
      `Account ${context.account} should have '${hubName}' role with trust relationship to CloudFormation service.`,
    );
  }
  const store = await world.open(account);
  if (world.options.enforceIam === false) return target;
  const role = findRole(store, target.roleArn);
  try {
    authorize(
      context.store,
      hub,
      { action: 'sts:AssumeRole', resource: target.roleArn },
      context.now(),
      context.region,
    );
    if (role && mayAssume(role, { arn: principalArn(hub), role: hubRole }, {})) return target;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  throw new NoEntry(
    `Account ${account} should have '${executionName}' role with trust relationship to Role '${hubName}'.`,
  );
}

/** Service-managed sets make this role by themselves when they first come to an account, with AdministratorAccess. */
async function serviceRole(context: Context, set: StackSetRecord, account: string): Promise<Principal> {
  const { world } = context;
  const name = `stacksets-exec-${set.id.split(':').at(-1)?.replaceAll('-', '') ?? ''}`;
  const roleArn = `arn:aws:iam::${account}:role/${name}`;
  const store = await world.open(account);
  if (!findRole(store, roleArn)) {
    const where = { account, region: context.region };
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: TRUSTED_SERVICE }, Action: 'sts:AssumeRole' }],
    };
    try {
      await world.call('iam', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }, where);
    } catch (error) {
      // Made by another Region of the same operation.
      if (!(error instanceof ServiceError) || error.code !== 'EntityAlreadyExists') throw error;
    }
    await world.call(
      'iam',
      'AttachRolePolicy',
      { RoleName: name, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
      where,
    );
  }
  return { kind: 'role', account, roleArn, sessionName: 'StackSets' };
}
