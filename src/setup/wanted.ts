/** The stacks as this version of presso ships them. Touches the disk. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { PressoError } from '../errors.ts';
import type { StackWanted } from './plan.ts';

interface StacksFile {
  runtime: string;
  runtimes: { name: string; blockCreate: string }[];
  stacks: (Omit<StackWanted, 'body' | 'parameters'> & { parameters: Record<string, string | number> })[];
}

export function readStacksFile(dir: string): StacksFile {
  try {
    return parse(readFileSync(path.join(dir, 'stacks.yaml'), 'utf8')) as StacksFile;
  } catch (error) {
    throw new PressoError('incomplete', 'The finished templates of this presso are missing.', {
      hint: 'npm run build',
      cause: error,
    });
  }
}

/** The stacks of `module` (`setup`, `module-4`) in order, bodies finished. */
export function wantedStacks(dir: string, module = 'setup'): StackWanted[] {
  return readStacksFile(dir)
    .stacks.filter((stack) => stack.module === module)
    .map((stack) => ({
      ...stack,
      parameters: Object.fromEntries(Object.entries(stack.parameters).map(([key, value]) => [key, String(value)])),
      body: readFileSync(path.join(dir, `${stack.name}.yaml`), 'utf8'),
    }));
}

export interface RuntimeNotice {
  runtime: string;
  /** days from `today` to the day AWS refuses to create functions with it; negative when past */
  days: number;
  blockCreate: string;
}

/** Speaks up from 180 days before AWS stops creating functions with the runtime we ship. */
export function runtimeNotice(
  file: Pick<StacksFile, 'runtime' | 'runtimes'>,
  today: string,
): RuntimeNotice | undefined {
  const known = file.runtimes.find(({ name }) => name === file.runtime);
  if (!known) return undefined;
  const days = Math.floor((Date.parse(known.blockCreate) - Date.parse(today)) / 86_400_000);
  return days <= 180 ? { runtime: file.runtime, days, blockCreate: known.blockCreate } : undefined;
}
