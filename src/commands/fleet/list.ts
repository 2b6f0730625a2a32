import { PressoCommand } from '../../command.ts';
import { commonOf, fleetFlags } from '../../flows/fleet-flags.ts';

export default class FleetList extends PressoCommand {
  static override summary = 'Check a roster, and that every account of it can be entered.';
  static override description =
    'Reads the roster, or asks AWS Organizations who is in a unit (--organization, for every operation of a fleet; accounts that are not active and the management account are left out and named), assumes the role of each account, and tells what of the workshop is there. Changes nothing. ' +
    'A roster is CSV (account, name, region, role, group) or YAML with name and accounts, and optionally region, role, externalId, protect, protectedWords.';
  static override examples = [
    'presso fleet list --roster monday.csv',
    'presso fleet list --roster room.yaml --json',
    'presso fleet list --organization Workshops/Monday',
  ];
  static override flags = fleetFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(FleetList);
    const { fleet } = await import('../../flows/fleet.ts');
    await fleet({
      ...commonOf(flags),
      again: (...without) => this.again('fleet', 'run', 'resume', ...without),
      connection: await this.connection(),
      target: await this.target(),
      operation: 'list',
      module: undefined,
      dryRun: true,
      yes: false,
      fleet: undefined,
    });
  }
}
