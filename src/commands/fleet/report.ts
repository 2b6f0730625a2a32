import { PressoCommand } from '../../command.ts';
import { reportFlags, roomOf, rosterFlag } from '../../flows/fleet-flags.ts';

export default class FleetReport extends PressoCommand {
  static override summary = 'Tell the last fleet verify again: as a table, JSON, CSV or a page. Asks no account.';
  static override examples = ['presso fleet report --roster room.yaml --html room.html'];
  static override flags = { ...rosterFlag, ...reportFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(FleetReport);
    const { report } = await import('../../flows/fleet.ts');
    const region = flags.region ?? 'us-east-1';
    const connection = () => this.connection();
    const { json, csv, html } = flags;
    const again = (...without: string[]) => this.again(...without);
    await report({ room: roomOf(flags), json, csv, html, region, connection, again });
  }
}
