/**
 * Everything that the rules look at, read once. Touches the disk. One file because what cannot be read is said in one place:
 * folders, bytes, encodings, front matter and tags one after the other.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { LineCounter, parseDocument } from 'yaml';
import { PressoError } from '../../errors.ts';
import { type CourseFile, nameOf, PAGE } from '../library.ts';
import { evenText, LIMITS, parsePage, tooMuch } from '../parse.ts';
import { scanText, type TagPlace } from '../scan.ts';
import { at, type CommandShape, type CourseText, type Finding, type Source } from './finding.ts';

const MOST_FILES = 20_000;

export function loadCourse(
  dir: string,
  options: { checks?: string | undefined; packagedChecks: string; packagedContent: string; commands: CommandShape[] },
): { course: CourseText; findings: Finding[] } {
  const findings: Finding[] = [];
  if (!look(dir)?.isDirectory())
    throw new PressoError('no-course', `There is no folder ${dir}.`, { hint: 'presso content check DIR' });
  const files = listFiles(dir, findings);
  const hasCourseFile = files.includes('course.yaml');
  const sources: Source[] = [];
  for (const file of files) {
    // A README beside a course.yaml is for authors; elsewhere it may be the lesson itself.
    if (!PAGE.test(file) || (hasCourseFile && /(^|\/)readme\.\w+$/i.test(file))) continue;
    const source = load(dir, file, !hasCourseFile, findings);
    if (source) sources.push(source);
  }
  markPartials(sources);
  const course: CourseText = {
    dir,
    described: hasCourseFile ? readDescription(dir, findings) : {},
    hasCourseFile,
    courseLines: hasCourseFile ? evenText(readFileSync(path.join(dir, 'course.yaml'), 'utf8')).split('\n') : [],
    foreign: !hasCourseFile,
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

/** What is there, links followed; undefined where nothing is, or a link leads round in a circle. */
function look(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Files below `dir` in a steady order. A linked folder is read once, so that a circle of links ends. */
function listFiles(dir: string, findings: Finding[]): string[] {
  const found: string[] = [];
  const waiting = [''];
  const visited = new Set<string>([realpathSync(dir)]);
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    let entries: string[] = [];
    try {
      entries = readdirSync(path.join(dir, folder)).sort((a, b) => (a < b ? -1 : 1));
    } catch (error) {
      findings.push(unreadable(folder, error));
    }
    for (const entry of entries) {
      if (entry.startsWith('.') || entry === 'node_modules') continue;
      const name = folder === '' ? entry : `${folder}/${entry}`;
      const file = path.join(dir, name);
      const stats = look(file);
      if (stats?.isDirectory()) {
        const real = realpathSync(file);
        if (!visited.has(real)) waiting.push(name);
        visited.add(real);
      } else if (stats?.isFile()) found.push(name);
      else if (!stats && PAGE.test(name))
        findings.push(
          at(name, 1, 1, {
            rule: 'unreadable',
            message: 'this link leads to no file',
            suggestion: 'let it lead to a page, or take it out',
          }),
        );
      if (found.length > MOST_FILES)
        throw new PressoError('too-many-files', `${dir} has more than ${MOST_FILES} files.`, {
          hint: 'presso content check DIR   (the folder of the course alone)',
        });
    }
  }
  return found;
}

const unreadable = (file: string, error: unknown): Finding =>
  at(file, 1, 1, {
    rule: 'unreadable',
    message: `it cannot be read (${(error as NodeJS.ErrnoException).code})`,
    suggestion: 'allow it to be read',
  });

const PARTIALS = /^_?(partials|includes|snippets)$/;

/** What another page puts in is no page of its own, wherever it lies. */
function markPartials(sources: Source[]): void {
  for (const source of sources)
    for (const { name, inner } of source.tags) {
      const wanted = name === 'partial' ? /\bfile\s*=\s*"([^"]+)"/.exec(inner)?.[1] : undefined;
      if (wanted === undefined) continue;
      const clean = path.posix.normalize(wanted).replace(/^(\.\.\/)+/, '');
      for (const other of sources)
        if (
          !other.partial &&
          other.file.replace(PAGE, '') === clean.replace(PAGE, '') &&
          !other.page?.frontMatter.title
        ) {
          other.partial = true;
          other.id = other.file;
        }
    }
}

function load(dir: string, file: string, foreign: boolean, findings: Finding[]): Source | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path.join(dir, file));
  } catch (error) {
    findings.push(unreadable(file, error));
    return undefined;
  }
  const unread = notText(bytes);
  if (unread) {
    findings.push(at(file, 1, 1, unread));
    return undefined;
  }
  const invalid = firstInvalid(bytes);
  if (invalid !== undefined) {
    const rows = evenText(bytes.subarray(0, invalid).toString('utf8')).split('\n');
    const byte = bytes[invalid] ?? 0;
    const letter = new TextDecoder('windows-1252').decode(bytes.subarray(invalid, invalid + 1));
    findings.push(
      at(file, rows.length, (rows.at(-1) ?? '').length + 1, {
        rule: 'encoding',
        message: `this byte (0x${byte.toString(16)}) is not UTF-8; in Windows-1252 and ISO 8859-1 it is "${letter}"`,
        suggestion: 'save the file as UTF-8',
      }),
    );
  }
  let text = evenText(bytes.toString('utf8'));
  const blanked = new Set<number>();
  // Shortcodes of another tool are not Markdoc's to judge; what follows them keeps its place.
  if (foreign && text.includes('{{'))
    text = text
      .split('\n')
      .map((row, index) => {
        const left = row.replace(/\{\{[%<].*?[%>]\}\}/g, (code) => ' '.repeat(code.length));
        if (left !== row) blanked.add(index + 1);
        return left;
      })
      .join('\n');
  const name = file.split('/');
  const partial = name.slice(0, -1).some((folder) => PARTIALS.test(folder));
  const base: Source = {
    file,
    text,
    lines: text.length > 2 * LIMITS.characters ? [] : text.split('\n'),
    partial,
    blanked,
    invalid: invalid !== undefined,
    id: partial ? file : [...name.slice(0, -1), nameOf(name.at(-1) ?? '')].join('/'),
    module: name.length > 1 ? (name[0] ?? '') : '',
    tags: [],
    scan: { tags: [], fences: [], code: new Set(), comments: new Set() },
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
  base.scan = scanText(text, { showsMarkdoc: foreign });
  base.tags = base.scan.tags;
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

/** Why the bytes are no text that can be read: another encoding, or none. */
function notText(bytes: Buffer): { rule: string; message: string; suggestion: string } | undefined {
  const start = bytes.subarray(0, 65_536);
  const mark = start.subarray(0, 2).toString('hex');
  if (!start.includes(0) && mark !== 'fffe' && mark !== 'feff') return undefined;
  // In UTF-16 every other byte of western text is zero.
  const zeros = [0, 0];
  for (const [index, byte] of start.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = Math.max(even, odd);
  if (mark === 'fffe' || mark === 'feff' || (most > start.length / 4 && Math.min(even, odd) < most / 20))
    return {
      rule: 'encoding',
      message: `the file is UTF-16${mark === 'fffe' || odd > even ? '' : ' (big-endian)'}; lessons are UTF-8`,
      suggestion: 'save the file as UTF-8',
    };
  return {
    rule: 'not-text',
    message: 'this is not a text, though its name says so',
    suggestion: 'save it as UTF-8, or give it the ending of what it is',
  };
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
  const openers = tags.filter(({ kind }) => kind === 'open' || kind === 'self');
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
