/** `presso setup --export DIR`: the finished templates, for the CloudFormation console. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PressoError } from '../errors.ts';
import { wantedStacks } from '../setup/wanted.ts';
import { stackName } from '../setup/plan.ts';
import { say, sayJson } from '../terminal.ts';
import { word } from '../text.ts';
import { MARKER } from '../workshop.ts';

export function exportTemplates(templates: string, dir: string, module: string, json: boolean): void {
  const stacks = wantedStacks(templates, module);
  const files = stacks.map(({ name }, i) => path.join(dir, `${i + 1}-${stackName(name)}.yaml`));
  try {
    mkdirSync(dir, { recursive: true });
    const taken = readdirSync(dir).filter((name) =>
      stacks.some((stack) => name.endsWith(`-${stackName(stack.name)}.yaml`)),
    );
    if (existsSync(dir) && taken.length > 0)
      throw new PressoError('not-empty', `${path.join(dir, taken[0] ?? '')} is there already and is not overwritten.`, {
        hint: `presso setup --export ${word(`${dir}-2`)}`,
      });
    stacks.forEach((stack, i) => {
      writeFileSync(files[i] ?? '', stack.body);
    });
  } catch (error) {
    if (error instanceof PressoError) throw error;
    throw new PressoError(
      'not-writable',
      `The folder ${dir} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
      { hint: 'presso setup --export ./templates' },
    );
  }
  if (json) {
    sayJson({ files, tag: MARKER });
    return;
  }
  for (const file of files) say(file);
  say(
    `Create them in this order, each as a stack named like its file (serverlesspresso-…), with the tag presso:workshop = serverlesspresso.`,
  );
}
