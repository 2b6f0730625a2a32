/** Gathers what a set-up needs to know. Only reads. */
import { whoAmI } from '../aws/account.ts';
import { listStacks, stackOfResource, stackTemplate } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { isDenied } from '../aws/failure.ts';
import { missingServices, quotas, takenNames } from '../aws/presence.ts';
import { PressoError } from '../errors.ts';
import { coreStackName, isOfASet } from '../workshop.ts';
import { type Facts, type StackFound, type StackWanted, stackName } from './plan.ts';

export async function observeSetup(
  connection: Connection,
  wanted: StackWanted[],
  options: { /** look up whether the Region has the services: on AWS only */ checkRegion: boolean },
): Promise<Facts> {
  const [identity, stacks, taken, quota, missing] = await Promise.all([
    whoAmI(connection),
    listStacks(connection).catch((error: unknown) => {
      if (isDenied(error))
        throw new PressoError('denied', 'These credentials may not call CloudFormation here.', {
          hint: 'aws sts get-caller-identity   (is this the account and role you meant?)',
          cause: error,
        });
      throw error;
    }),
    takenNames(connection),
    quotas(connection),
    options.checkRegion ? missingServices(connection.region) : [],
  ]);
  const names = new Set(wanted.map(({ name }) => stackName(name)));
  const found = await Promise.all(
    stacks
      .filter(({ name }) => names.has(coreStackName(name) ?? ''))
      .map(async (one): Promise<StackFound> => {
        const stack = {
          ...one,
          name: coreStackName(one.name) ?? '',
          ...(isOfASet(one.name) ? { ofASet: one.name } : {}),
        };
        const readable = !/^(REVIEW|DELETE)/.test(stack.status);
        return readable ? { ...stack, body: await stackTemplate(connection, one.name) } : stack;
      }),
  );
  // Only names without their own stack need an owner looked up.
  const present = new Set(
    found.filter(({ status }) => !/^(REVIEW|ROLLBACK|DELETE)/.test(status)).map(({ name }) => name),
  );
  const everyStackThere = wanted.every(({ name }) => present.has(stackName(name)));
  const owned = everyStackThere
    ? []
    : await Promise.all(
        taken.map(async ({ what, physicalId }) => {
          const stack = await stackOfResource(connection, physicalId);
          return stack === undefined ? { what } : { what, stack: coreStackName(stack) ?? stack };
        }),
      );
  return {
    account: identity.account,
    region: connection.region,
    stacks: found,
    taken: owned,
    logPolicies: quota.logPolicies,
    ...(quota.lambdaConcurrency === undefined ? {} : { lambdaConcurrency: quota.lambdaConcurrency }),
    missingServices: missing,
  };
}
