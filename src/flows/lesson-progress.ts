/** Progress as a file that a person can read, move to another machine, or hand in. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { PressoError } from '../errors.ts';
import { type Progress, parseProgress, readProgress, updateProgress } from '../lesson/index.ts';
import { homeFolder } from '../target/index.ts';
import { say, sayJson, tell } from '../terminal.ts';
import { count, word } from '../text.ts';

export function exportProgress(file: string | undefined, options: { force: boolean; json: boolean }): void {
  const progress = readProgress(homeFolder(process.env));
  const text = `${JSON.stringify(progress, null, 2)}\n`;
  if (file === undefined || file === '-') {
    say(text.trimEnd());
    return;
  }
  if (existsSync(file) && !options.force)
    throw new PressoError('file-exists', `${file} is there already; nothing was written.`, {
      hint: `presso progress export ${word(file)} --force`,
    });
  try {
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
  } catch (error) {
    rmSync(`${file}.part`, { force: true });
    throw new PressoError('not-writable', `${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso progress export FILE',
    });
  }
  if (options.json) sayJson({ file, ...sizes(progress) });
  else tell(`✓ ${file}: ${said(progress)}`);
}

/** Adds what a file says to what is known here; of two looks at the same check the later one counts. */
export function importProgress(file: string, json: boolean): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PressoError('no-file', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      hint: 'presso progress export progress.json   (on the other machine)',
    });
  }
  const theirs = parseProgress(text, file);
  const merged = updateProgress(homeFolder(process.env), (ours) => {
    if (theirs.here !== undefined) ours.here = theirs.here;
    ours.way ??= theirs.way ?? '';
    if (ours.way === '') delete ours.way;
    for (const [id, lesson] of Object.entries(theirs.lessons)) {
      const own = ours.lessons[id];
      const read = [own?.read, lesson.read]
        .filter((one) => one !== undefined)
        .sort()
        .at(-1);
      ours.lessons[id] = {
        opened: [own?.opened, lesson.opened].filter((one) => one !== undefined).sort()[0] ?? lesson.opened,
        ...(read === undefined ? {} : { read }),
      };
    }
    for (const [key, place] of Object.entries(theirs.places)) {
      const own = ours.places[key];
      if (!own) {
        ours.places[key] = place;
        continue;
      }
      if (place.at > own.at) own.at = place.at;
      for (const [id, check] of Object.entries(place.checks))
        if (!own.checks[id] || check.at > own.checks[id].at) own.checks[id] = check;
    }
  });
  if (json) sayJson(sizes(merged));
  else tell(`✓ Progress taken over: ${said(merged)}\n  Next: presso lessons`);
}

const sizes = (progress: Progress) => ({
  lessons: Object.values(progress.lessons).filter(({ read }) => read !== undefined).length,
  checks: Object.values(progress.places).reduce(
    (sum, { checks }) => sum + Object.values(checks).filter(({ status }) => status === 'pass').length,
    0,
  ),
});

function said(progress: Progress): string {
  const { lessons, checks } = sizes(progress);
  return `${count(lessons, 'lesson')} read, ${count(checks, 'check')} passed`;
}
