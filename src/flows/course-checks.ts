/** The folder of checks that a command goes by. One without any is refused: nothing to judge must not look like all is well. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { PressoError } from '../errors.ts';
import { checksDir } from '../paths.ts';
import { line } from '../text.ts';

export function courseChecks(given: string | undefined, command: string): string {
  if (given === undefined) return checksDir();
  const names = statSync(given, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(given) : [];
  if (names.some((name) => existsSync(path.join(given, name, 'checks.yaml')))) return given;
  throw new PressoError('no-checks', `There is no <module>/checks.yaml in ${line(given) || 'the folder ""'}.`, {
    hint: `${command}   (without --checks: those that presso brings)`,
  });
}
