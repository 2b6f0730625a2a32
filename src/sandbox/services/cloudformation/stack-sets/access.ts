/** Trusted access: ActivateOrganizationsAccess, DeactivateOrganizationsAccess, DescribeOrganizationsAccess. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context } from '../../../service.ts';
import { action } from '../actions/input.ts';
import { TRUSTED_SERVICE } from './enter.ts';
import { checkCaller } from './sets.ts';
import { isTrusted } from './targets.ts';

const rights = (name: string) => () => [{ action: `cloudformation:${name}`, resource: '*' }];

/** Organizations' own switch, thrown for the caller (who is asked for the right to it as well). */
async function change(
  context: Context,
  name: 'EnableAWSServiceAccess' | 'DisableAWSServiceAccess',
): Promise<undefined> {
  try {
    await context.call('organizations', name, { ServicePrincipal: TRUSTED_SERVICE });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError('InvalidOperationException', error.message, 400);
  }
  return undefined;
}

const activate: Action = action('', rights('ActivateOrganizationsAccess'), (_input, context) =>
  change(context, 'EnableAWSServiceAccess'),
);

const deactivate: Action = action('', rights('DeactivateOrganizationsAccess'), (_input, context) =>
  change(context, 'DisableAWSServiceAccess'),
);

const describe: Action = action('CallAs', rights('DescribeOrganizationsAccess'), async (input, context) => {
  await checkCaller(input, context);
  return { Status: (await isTrusted(context)) ? 'ENABLED' : 'DISABLED' };
});

export const accessActions: Record<string, Action> = {
  ActivateOrganizationsAccess: activate,
  DeactivateOrganizationsAccess: deactivate,
  DescribeOrganizationsAccess: describe,
};
