import { PressoCommand } from '../command.ts';

export default class Doctor extends PressoCommand {
  static override summary = 'Is everything here that presso needs: Node, credentials, endpoint, runtime, AWS CLI?';
  static override description = 'Exit code 0 when nothing stands in the way, 1 when something does.';
  static override examples = ['presso doctor'];

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const { doctor } = await import('../flows/doctor.ts');
    await doctor({ target: () => this.target(), connection: () => this.connection(), json: flags.json });
  }
}
