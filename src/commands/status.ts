import { PressoCommand } from '../command.ts';

export default class Status extends PressoCommand {
  static override summary = 'Where the workshop runs, what of it is there, and what to do next.';
  static override examples = ['presso status', 'presso status --json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    const { status } = await import('../flows/status.ts');
    await status(await this.connection(), await this.target(), flags.json);
  }
}
