import { Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { PressoError } from '../../errors.ts';

export default class Fleet extends PressoCommand {
  static override summary = 'Many attendee accounts at once: set up, watch, put back, take down.';
  static override description =
    'Each account is entered by a role (OrganizationAccountAccessRole unless the roster says another), which goes well up to a few hundred accounts; beyond that fleet setup --engine stacksets lets CloudFormation StackSets deploy from the hub. --print-policy prints the smallest policies for the hub and for that role, with --engine stacksets also for the roles that StackSets go by.';
  static override examples = [
    'presso fleet --print-policy --hub 123456789012',
    'presso fleet --print-policy --hub 123456789012 --engine stacksets',
    'presso fleet list --roster room.yaml',
    'presso fleet setup --roster room.yaml --dry-run',
  ];
  static override flags = {
    'print-policy': Flags.boolean({ description: 'print the policies and stop', dependsOn: ['hub'] }),
    hub: Flags.string({ description: 'the account presso acts from, or the ARN of its role', helpValue: 'ID' }),
    role: Flags.string({ description: 'name of the role in the attendees’ accounts', helpValue: 'NAME' }),
    organization: Flags.boolean({ description: 'the roster is a unit of AWS Organizations (--organization OU)' }),
    'external-id': Flags.string({ description: 'what the hub has to say to be let in', helpValue: 'ID' }),
    engine: Flags.string({
      description: 'stacksets: with the roles that CloudFormation StackSets go by',
      options: ['assume-role', 'stacksets'],
      default: 'assume-role',
    }),
    permissions: Flags.string({
      description: 'stacksets: with roles of your own, or with those AWS Organizations gives',
      options: ['self-managed', 'service-managed'],
      default: 'self-managed',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Fleet);
    if (!flags['print-policy'] || flags.hub === undefined)
      throw new PressoError(
        'usage',
        'Which operation? There are list, setup, verify, watch, reset, teardown and report.',
        {
          hint: 'presso fleet list --roster FILE',
        },
      );
    if (!/^(\d{12}|arn:aws:iam::\d{12}:(role|user)\/.+)$/.test(flags.hub))
      throw new PressoError('usage', `"${flags.hub}" is neither an account of 12 digits nor the ARN of a role.`, {
        hint: 'presso fleet --print-policy --hub 123456789012',
      });
    const { fleetPolicies, stackSetPolicies } = await import('../../fleet/index.ts');
    const { sayJson } = await import('../../terminal.ts');
    const options = {
      hub: flags.hub,
      organization: flags.organization,
      ...(flags.role ? { role: flags.role } : {}),
      ...(flags['external-id'] ? { externalId: flags['external-id'] } : {}),
    };
    const permissions = flags.permissions === 'service-managed' ? 'service-managed' : 'self-managed';
    sayJson(flags.engine === 'stacksets' ? stackSetPolicies({ ...options, permissions }) : fleetPolicies(options));
  }
}
