/** A file that is to be written at the end of long work is looked at before it: a name that cannot be must not cost the result. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { PressoError } from '../errors.ts';
import { line } from '../text.ts';

export const notWritable = (file: string, code: string | undefined, hint: string): PressoError =>
  new PressoError('not-writable', `The file ${line(file)} cannot be written (${code}).`, { hint });

export function refuseUnwritable(file: string | undefined, hint: string): void {
  if (file === undefined) return;
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (file === '' || there?.isDirectory()) throw Object.assign(new Error(), { code: there ? 'EISDIR' : 'ENOENT' });
    accessSync(there ? file : path.dirname(file), constants.W_OK);
  } catch (error) {
    throw notWritable(file, (error as NodeJS.ErrnoException).code, hint);
  }
}
