/** The door of the binary: oclif runs the command; every error ends as one sentence and the next command. */
import { Config } from '@oclif/core/config';
import * as Errors from '@oclif/core/errors';
import { flush } from '@oclif/core/flush';
import { run } from '@oclif/core/run';
import { EXIT, PressoError } from './errors.ts';
import { packageRoot } from './paths.ts';
import { setUpTerminal, showError } from './terminal.ts';
import { line, nearest } from './text.ts';

export async function main(argv: string[]): Promise<void> {
  silenceSdkWarning();
  setUpTerminal(argv);
  try {
    const config = await Config.load({ root: packageRoot() });
    try {
      await run(argv, config);
      await flush();
    } catch (error) {
      const told = fromOclif(error, argv, config);
      if (told !== undefined) process.exitCode = showError(told);
    }
  } catch (error) {
    process.exitCode = showError(error);
  }
}

/** oclif's own errors (usage, unknown command, a wish to exit) in presso's voice; undefined where there is nothing to say. */
function fromOclif(error: unknown, argv: string[], config: Config): unknown {
  if (error instanceof Errors.ExitError) {
    process.exitCode = error.oclif.exit ?? 0;
    return undefined;
  }
  if (!(error instanceof Error) || error instanceof PressoError) return error;
  const words = argv.filter((word) => !word.startsWith('-'));
  const known = config.commandIDs.map((id) => id.replaceAll(':', ' '));
  const command = known
    .filter((id) => `${words.join(' ')} `.startsWith(`${id} `))
    .sort((a, b) => b.length - a.length)[0];
  if (/^command .* not found$/.test(error.message) || error.constructor.name === 'CommandNotFound') {
    const typed = words.slice(0, 2).join(' ') || (argv[0] ?? '');
    const near = nearest(typed, known) ?? nearest(words[0] ?? '', known);
    return new PressoError('unknown-command', `"${line(typed)}" is not a command of presso.`, {
      hint: near ? `presso ${near}` : 'presso --help',
    });
  }
  if ('oclif' in error || error instanceof Errors.CLIError) {
    const text = line((error.message.split('\nSee more help')[0] ?? error.message).replace(/\n\s*/g, ' ')).replace(
      /\.*$/,
      '.',
    );
    return new PressoError('usage', text, { hint: `presso ${command ? `${command} ` : ''}--help`, exit: EXIT.unknown });
  }
  return error;
}

/** The SDK warns on every start that it will leave Node 20 one day; a learner can do nothing about that. */
function silenceSdkWarning(): void {
  const emit = process.emitWarning.bind(process);
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (/NodeVersionSupportWarning|AWS SDK for JavaScript/.test(String(warning))) return;
    (emit as (...args: unknown[]) => void)(warning, ...rest);
  }) as typeof process.emitWarning;
}
