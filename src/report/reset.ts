/** What a reset or a teardown would do, did and looked at, in words. Pure. */
import type { Left, Removal, Traces } from '../reset/plan.ts';
import { count, line } from '../text.ts';

/** One line a thing: what, which, why. `dim` paints the reason. */
export function removalLines(removals: Removal[], here: string, dim: (text: string) => string): string[] {
  return removals.map(
    ({ kind, id, why, region }) =>
      `  - ${kind.padEnd(13)} ${line(id)}${region === here ? '' : ` in ${region}`}  ${dim(line(why))}`,
  );
}

export function leftLines(left: Left[], here: string, dim: (text: string) => string): string[] {
  if (left.length === 0) return [];
  return [
    'Left alone:',
    ...left.map(
      ({ kind, id, why, region }) =>
        `    ${kind.padEnd(13)} ${line(id)}${region === here ? '' : ` in ${region}`}  ${dim(line(why))}`,
    ),
  ];
}

/** Where it was looked, for what, and what was found: the proof of a clean account. */
export function lookedLines(all: Traces[], unlisted?: string): string[] {
  const seen = all.filter(({ off }) => !off);
  const off = all.filter((one) => one.off).map(({ region }) => region);
  const lines = seen.map(({ region, found, looked, unseen, unoffered }) => {
    const what =
      found.length === 0 ? 'nothing' : found.map(({ kind, name, id }) => `${kind} ${line(name ?? id)}`).join(', ');
    const blind = unseen.length === 0 ? '' : ` (could not look at: ${unseen.map(({ kind }) => kind).join(', ')})`;
    const without = unoffered.length === 0 ? '' : ` (not offered here: ${unoffered.join(', ')})`;
    return `  ${region.padEnd(15)} ${count(looked.length, 'kind')} of thing${blind}${without}: ${what}`;
  });
  const kinds = [...new Set(seen.flatMap(({ looked }) => looked))];
  return [
    ...(kinds.length > 0 ? [`Looked for ${kinds.join(', ')}:`] : []),
    ...lines,
    ...(off.length > 0 ? [`  not enabled in this account: ${off.join(', ')}`] : []),
    ...(unlisted === undefined
      ? []
      : [`  The enabled Regions could not be listed, so these are the workshop’s: ${line(unlisted)}`]),
  ];
}
