/** Everything that the rules look at, read once. Touches the disk. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { LineCounter, parseDocument } from 'yaml';
import { PressoError } from '../../errors.ts';
import { type CourseFile, nameOf, PAGE } from '../library.ts';
import { LIMITS, parsePage, tooMuch } from '../parse.ts';
import { scanTags, type TagPlace } from '../scan.ts';
import { at, type CommandShape, type CourseText, type Finding, type Source } from './finding.ts';

const MOST_FILES = 20_000;

export function loadCourse(
  dir: string,
  options: { checks?: string | undefined; packagedChecks: string; packagedContent: string; commands: CommandShape[] },
): { course: CourseText; findings: Finding[] } {
  const findings: Finding[] = [];
  if (!lstatSync(dir, { throwIfNoEntry: false })?.isDirectory())
    throw new PressoError('no-course', `There is no folder ${dir}.`, { hint: 'presso content check DIR' });
  const files = listFiles(dir);
  const sources: Source[] = [];
  for (const file of files) {
    if (!PAGE.test(file) || /(^|\/)readme\.\w+$/i.test(file)) continue;
    const source = load(dir, file, findings);
    if (source) sources.push(source);
  }
  const hasCourseFile = files.includes('course.yaml');
  const course: CourseText = {
    dir,
    described: hasCourseFile ? readDescription(dir, findings) : {},
    hasCourseFile,
    sources,
    files: new Set(files),
    checks: findChecks(dir, options),
    commands: options.commands,
  };
  return { course, findings };
}

function findChecks(
  dir: string,
  options: { checks?: string | undefined; packagedChecks: string; packagedContent: string },
): CourseText['checks'] {
  if (options.checks !== undefined) return { dir: options.checks, own: true };
  if (path.resolve(dir) === path.resolve(options.packagedContent)) return { dir: options.packagedChecks, own: true };
  const beside = [path.join(dir, 'checks'), path.join(dir, '..', 'checks')].find(hasChecks);
  return beside ? { dir: beside, own: true } : { dir: options.packagedChecks, own: false };
}

const hasChecks = (dir: string): boolean =>
  existsSync(dir) && readdirSync(dir).some((name) => existsSync(path.join(dir, name, 'checks.yaml')));

/** Files below `dir` in a steady order. Links to folders are not followed: they may lead round in a circle. */
function listFiles(dir: string): string[] {
  const found: string[] = [];
  const waiting = [''];
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift())
    for (const entry of readdirSync(path.join(dir, folder), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(name);
      else if (entry.isFile()) found.push(name);
      if (found.length > MOST_FILES)
        throw new PressoError('too-many-files', `${dir} has more than ${MOST_FILES} files.`, {
          hint: 'presso content check DIR   (the folder of the course alone)',
        });
    }
  return found;
}

function load(dir: string, file: string, findings: Finding[]): Source | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path.join(dir, file));
  } catch (error) {
    findings.push(
      at(file, 1, 1, {
        rule: 'unreadable',
        message: `the file cannot be read (${(error as NodeJS.ErrnoException).code})`,
        suggestion: 'allow it to be read',
      }),
    );
    return undefined;
  }
  if (bytes.subarray(0, 65_536).includes(0)) {
    findings.push(
      at(file, 1, 1, {
        rule: 'not-text',
        message: 'this is not a text, though its name says so',
        suggestion: 'save it as UTF-8, or give it the ending of what it is',
      }),
    );
    return undefined;
  }
  const invalid = firstInvalid(bytes);
  if (invalid !== undefined) {
    const before = bytes.subarray(0, invalid);
    const line = before.filter((byte) => byte === 10).length + 1;
    findings.push(
      at(file, line, invalid - before.lastIndexOf(10), {
        rule: 'encoding',
        message: `this byte (0x${(bytes[invalid] ?? 0).toString(16)}) is not UTF-8`,
        suggestion: 'save the file as UTF-8; it was probably written as ISO 8859-1 or Windows-1252',
      }),
    );
  }
  const text = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n');
  const name = file.split('/');
  const partial = name.slice(0, -1).some((folder) => /^_?partials$/.test(folder));
  const base: Source = {
    file,
    text,
    lines: text.length > 2 * LIMITS.characters ? [] : text.split('\n'),
    partial,
    invalid: invalid !== undefined,
    id: partial ? file : [...name.slice(0, -1), nameOf(name.at(-1) ?? '')].join('/'),
    module: name.length > 1 ? (name[0] ?? '') : '',
    tags: [],
    places: new Map(),
  };
  const much = tooMuch(text);
  if (much) {
    findings.push(
      at(file, much.line, 1, {
        rule: 'too-much',
        message: much.message,
        suggestion: 'split the page, or close its tags',
      }),
    );
    return base;
  }
  base.tags = scanTags(text);
  try {
    base.page = parsePage(text, file);
    base.places = placesOf(base.page.ast, base.tags);
  } catch (error) {
    findings.push(
      at(file, 1, 1, {
        rule: 'markdoc-syntax',
        message: `the page cannot be parsed: ${(error as Error).message}`,
        suggestion: 'look for a tag that is not closed',
      }),
    );
  }
  return base;
}

function firstInvalid(bytes: Buffer): number | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    decoder.decode(bytes);
    return undefined;
  } catch {
    // The longest start that is valid, found by halves.
    let good = 0;
    let bad = bytes.length;
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
        good = middle;
      } catch {
        bad = middle;
      }
    }
    // The first byte of the letter that was never finished.
    while (good > 0 && ((bytes[good - 1] ?? 0) & 0xc0) === 0x80 && bad - good < 3) good--;
    return (bytes[good - 1] ?? 0) >= 0xc0 ? good - 1 : good;
  }
}

/** Tags of the tree and tags of the text stand in the same order, so the one's name and lines find the other. */
function placesOf(ast: Node, tags: TagPlace[]): Source['places'] {
  const places: Source['places'] = new Map();
  let from = 0;
  const openers = tags.filter(({ kind }) => kind !== 'close');
  for (const node of ast.walk()) {
    if (node.type !== 'tag' || !node.tag) continue;
    const first = (node.location?.start.line ?? 0) + 1;
    for (let index = from; index < openers.length; index++) {
      const place = openers[index] as TagPlace;
      if (place.name !== node.tag || place.line < first) continue;
      places.set(node, { line: place.line, column: place.column });
      from = index + 1;
      break;
    }
  }
  return places;
}

function readDescription(dir: string, findings: Finding[]): CourseFile {
  const text = readFileSync(path.join(dir, 'course.yaml'), 'utf8');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    findings.push(
      at('course.yaml', line, col, {
        rule: 'course-file',
        message: `this is not YAML: ${(error.message.split('\n')[0] ?? '').replace(/ at line.*/, '')}`,
        suggestion: 'title, modules: [{ name, title }], tags and variables',
      }),
    );
    return {};
  }
  const value: unknown = document.toJS({ maxAliasCount: 10 });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    findings.push(
      at('course.yaml', 1, 1, {
        rule: 'course-file',
        message: 'course.yaml is not a list of names and values',
        suggestion: 'title, modules: [{ name, title }], tags and variables',
      }),
    );
    return {};
  }
  const described = value as CourseFile;
  const modules = Array.isArray(described.modules)
    ? (described.modules as unknown[]).map((one) => (typeof one === 'string' ? { name: one } : one) as { name: string })
    : undefined;
  return { ...described, ...(modules ? { modules: modules.filter((one) => typeof one?.name === 'string') } : {}) };
}
