/**
 * Blocks of code: JSON, ASL and YAML that parse, commands that are commands, definitions and diagrams that are there. One
 * file because all say where they stand by the block that they are in.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Node } from '@markdoc/markdoc';
import { parseAllDocuments } from 'yaml';
import { nearest } from '../../text.ts';
import { readDefinition } from '../definition.ts';
import { readDiagram } from '../diagram/read.ts';
import { selectorOf } from '../tags/definition.ts';
import { at, type CommandShape, type CourseText, type Finding, placeOf, positionOf, type Source } from './finding.ts';

export function* code(course: CourseText): Generator<Finding> {
  const drawn = new Set<string>();
  for (const source of course.sources)
    for (const node of source.page?.ast.walk() ?? []) {
      if (node.type === 'fence') yield* fence(course, source, node);
      if (node.tag === 'definition') yield* definition(course, source, node);
      if (node.tag === 'diagram') yield* diagram(course, source, node, drawn);
    }
  for (const file of course.files) {
    const name = /^diagrams\/(.+)\.yaml$/.exec(file)?.[1];
    if (name === undefined) continue;
    // One whose name was mistyped is missed on its page.
    const there = (one: string): boolean => course.files.has(`diagrams/${one}.yaml`);
    if (!drawn.has(name) && ![...drawn].some((one) => !there(one) && nearest(one, [name])))
      yield at(file, 1, 1, {
        rule: 'image-unused',
        message: 'no page shows this diagram',
        suggestion: `show it with {% diagram name="${name}" /%}, or take the file out`,
      });
    const read = readDiagram(readFileSync(path.join(course.dir, file), 'utf8'));
    if ('problem' in read)
      yield at(file, read.line, 1, {
        rule: 'diagram',
        message: read.problem,
        suggestion: 'see content/README.md, "diagram"',
      });
  }
}

/** Its text with something in place of every variable; undefined where conditions decide what it says. */
function textOf(node: Node, instead = 'x'): string | undefined {
  if (node.children.length === 0) return String(node.attributes['content'] ?? '');
  let text = '';
  for (const child of node.children) {
    if (child.type === 'tag' || child.type === 'error') return undefined;
    const content: unknown = child.attributes['content'];
    text += typeof content === 'string' ? content : instead;
  }
  return text;
}

function* fence(course: CourseText, source: Source, node: Node): Generator<Finding> {
  const language = String(node.attributes['language'] ?? '').toLowerCase();
  const text = textOf(node);
  // Of a block that is never closed that alone is said.
  const own = source.scan.fences.find(({ from }) => from === (node.location?.start.line ?? node.lines[0] ?? 0) + 1);
  if (own && own.to === undefined) return;
  const first = (node.location?.start.line ?? 0) + 2;
  if (text === undefined) return;
  const indent = /^\s*/.exec(source.lines[first - 2] ?? '')?.[0].length ?? 0;
  const here = (offset: number): [number, number] => {
    const { line, column } = positionOf(text, offset);
    return [first + line - 1, column + indent];
  };
  if (language === 'json' || language === 'asl') {
    // A variable may stand for a number as well as within a text, and a block may have a document a line.
    const number = textOf(node, '0') ?? '';
    const rows = text.split('\n').filter((row) => row.trim() !== '');
    const fine = [
      number,
      ...(rows.length > 1 && rows.every((row) => /^\s*[{[]/.test(row)) ? [`[${rows.join(',')}]`] : []),
    ];
    if (node.attributes['fragment'] !== true && !(number !== text && parses(number)) && !fine.slice(1).some(parses))
      yield* json(source, text, here, language);
    return;
  }
  if (language === 'yaml' || language === 'yml') {
    if (node.attributes['fragment'] === true) return;
    for (const document of parseAllDocuments(text)) {
      const [error] = 'errors' in document ? document.errors : [];
      if (!error) continue;
      yield at(source, ...here(error.pos[0]), {
        rule: 'yaml',
        message: `this YAML does not parse: ${(error.message.split('\n')[0] ?? '').replace(/ at line .*/, '')}`,
        suggestion: 'mend it, or write fragment=true after the language if it is a piece of a whole',
      });
      return;
    }
    return;
  }
  const isCommand = node.attributes['command'] === true;
  if (!isCommand && !/^(sh|bash|shell|zsh|console)$/.test(language)) return;
  // A block that shows a session has prompts, and what the commands answered.
  const session = course.foreign && (language === 'console' || /^\s*\$ \S.*\n(?!\s*\$ )\s*\S/m.test(text));
  if (!session) yield* commands(course, source, text, here, isCommand);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function* json(
  source: Source,
  text: string,
  here: (offset: number) => [number, number],
  language: string,
): Generator<Finding> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = (error as Error).message;
    const position = /position (\d+)/.exec(message)?.[1];
    const last = text.trimEnd().length;
    const offset = position === undefined ? last : Math.min(last, Number(position));
    yield at(source, ...here(Math.min(offset, text.length)), {
      rule: 'json',
      message: `this ${language === 'asl' ? 'definition' : 'JSON'} does not parse: ${reason(text, offset, message)}`,
      suggestion: 'mend it, or write {% fragment=true %} after the language if it is a piece of a whole',
    });
    return;
  }
  const machine = value as { StartAt?: unknown; States?: Record<string, Record<string, unknown> | null> } | null;
  if (!machine || typeof machine !== 'object' || typeof machine.States !== 'object' || machine.States === null) return;
  const names = Object.keys(machine.States);
  const wrong = function* (name: unknown, from: string): Generator<Finding> {
    if (typeof name !== 'string' || names.includes(name)) return;
    const near = nearest(name, names);
    yield at(source, ...here(Math.max(0, text.indexOf(JSON.stringify(name)))), {
      rule: 'json',
      message: `${from} leads to "${name}", which is not a state`,
      suggestion: near ? `did you mean "${near}"?` : `there are ${names.join(', ')}`,
    });
  };
  yield* wrong(machine.StartAt, 'StartAt');
  for (const [name, state] of Object.entries(machine.States)) {
    yield* wrong(state?.['Next'], `"${name}"`);
    yield* wrong(state?.['Default'], `the Default of "${name}"`);
    for (const list of ['Choices', 'Catch'])
      for (const one of Array.isArray(state?.[list]) ? (state[list] as { Next?: unknown }[]) : [])
        yield* wrong(one?.Next, `"${name}"`);
  }
}

function reason(text: string, offset: number, message: string): string {
  if (/end of JSON|Unterminated/.test(message) || offset >= text.trimEnd().length) return 'it ends too early';
  const before = text.slice(0, offset).trimEnd();
  const found = text[offset];
  if (before.endsWith(',') && (found === '}' || found === ']')) return `a comma stands before "${found}"`;
  if (found === '"' && /["}\]\w]$/.test(before)) return 'a comma is missing before this';
  if (found === "'") return 'JSON has double quotes only';
  if (found === '…' || text.slice(offset, offset + 3) === '...') return 'dots stand where JSON should';
  if (found === '/' || found === '#') return 'JSON has no comments';
  return `"${found ?? ''}" is not expected here`;
}

const TYPOGRAPHIC = /[“”‘’]|(?<=\s)[–—](?=[a-z-])/;

function* commands(
  course: CourseText,
  source: Source,
  text: string,
  here: (offset: number) => [number, number],
  isCommand: boolean,
): Generator<Finding> {
  let offset = 0;
  const said = (message: string, suggestion: string, within = 0, level: Finding['level'] = 'error'): Finding =>
    at(source, ...here(offset + within), { rule: 'command', level, message, suggestion });
  let logical = '';
  let heredoc: string | undefined;
  const start = { offset: 0 };
  for (const row of text.split('\n')) {
    const next = offset + row.length + 1;
    if (heredoc !== undefined) {
      if (row.trim() === heredoc) heredoc = undefined;
      offset = next;
      continue;
    }
    const prompt = /^\s*(\$|>|%) (?=\S)/.exec(row);
    const typographic = TYPOGRAPHIC.exec(row);
    if (prompt && logical === '')
      yield said(
        'a prompt stands before the command, and would be pasted with it',
        `take the ${prompt[1]} out`,
        0,
        course.foreign ? 'warning' : 'error',
      );
    else if (typographic && !/^\s*#/.test(row))
      yield said(
        `"${typographic[0]}" is not what a shell reads`,
        /[–—]/.test(typographic[0]) ? 'write --' : 'write straight quotes',
        typographic.index,
      );
    if (logical === '') start.offset = offset;
    heredoc = /<<-?\s*['"]?(\w+)['"]?/.exec(row)?.[1];
    if (/(^|[^\\])\\$/.test(row)) {
      logical += `${row.slice(0, -1)} `;
      offset = next;
      continue;
    }
    const line = (logical + (prompt ? row.slice(prompt[0].length) : row)).trim();
    logical = '';
    if (line !== '' && !line.startsWith('#')) {
      const keep = offset;
      offset = start.offset;
      // A quote that is still open goes on in the next line.
      if (openQuote(line) && next <= text.length) {
        logical = `${line}\n`;
        offset = next;
        continue;
      }
      if (openQuote(line)) yield said('a quote is opened and never closed', 'close the quote');
      else yield* oneCommand(line, course.commands, isCommand, said);
      offset = keep;
    }
    offset = next;
  }
  if (logical !== '') {
    offset = start.offset;
    yield openQuote(logical)
      ? said('a quote is opened and never closed', 'close the quote')
      : said('the command ends with a backslash, and nothing follows', 'take the backslash out');
  }
}

function openQuote(line: string): boolean {
  let quote: string | undefined;
  for (let index = 0; index < line.length; index++) {
    const letter = line[index];
    if (letter === '\\' && quote !== "'") index++;
    else if (quote) quote = letter === quote ? undefined : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '#' && /(^|\s)$/.test(line.slice(0, index))) return false;
  }
  return quote !== undefined;
}

/** Words as a shell splits them, near enough to know a command and its flags. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote: string | undefined;
  let begun = false;
  let nested = 0;
  for (let index = 0; index < line.length; index++) {
    const letter = line[index] ?? '';
    if (letter === '\\' && quote !== "'") {
      word += line[++index] ?? '';
      begun = true;
    } else if (line.startsWith('$(', index)) {
      nested++;
      word += letter;
    } else if (letter === ')' && nested > 0) {
      nested--;
      word += letter;
    } else if (quote) {
      if (letter === quote && nested === 0) quote = undefined;
      else word += letter;
    } else if ((letter === '"' || letter === "'") && nested === 0) {
      quote = letter;
      begun = true;
    } else if (/\s/.test(letter) && nested === 0) {
      if (begun || word !== '') words.push(word);
      word = '';
      begun = false;
    } else word += letter;
  }
  if (begun || word !== '') words.push(word);
  return words;
}

function* oneCommand(
  line: string,
  known: CommandShape[],
  isCommand: boolean,
  said: (message: string, suggestion: string) => Finding,
): Generator<Finding> {
  const words = shellWords(line);
  while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) words.shift();
  if (words[0] === 'npx') words.shift();
  const [program = '', ...rest] = words;
  if (isCommand && program !== 'presso' && program !== 'aws') {
    const near = nearest(program, ['presso', 'aws']);
    yield said(
      `"${program}" is not a command that the course runs`,
      near && near !== program
        ? `did you mean ${near}?`
        : 'a command block has one presso or aws command a line; show others without command=true',
    );
    return;
  }
  if (program !== '' && !/^[\w./~${}()"'[\]:!&|@<>\\*-]/.test(program)) {
    yield said(`"${program}" is not a command`, 'write output into a block of language text');
    return;
  }
  if (/^[A-Z][a-z]+$/.test(program) && /[.:!?]$/.test(line) && rest.length > 2) {
    yield said('this is a sentence, not a command', 'put it before the block, or behind #');
    return;
  }
  if (program === 'presso') yield* pressoCommand(rest, known, said);
  else if (program === 'aws') yield* awsCommand(rest, said);
}

function* pressoCommand(
  words: string[],
  known: CommandShape[],
  said: (message: string, suggestion: string) => Finding,
): Generator<Finding> {
  if (known.length === 0) return;
  const end = words.findIndex((word) => /^[|;&><]/.test(word));
  const own = end < 0 ? words : words.slice(0, end);
  const plain = own.filter((word) => !word.startsWith('-'));
  if (plain.length === 0 || plain[0] === 'help') return;
  const typed = plain.join(' ');
  const shape = known
    .filter(({ name }) => `${typed} `.startsWith(`${name} `))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!shape) {
    const isTopic = known.some(({ name }) => name.startsWith(`${plain[0]} `));
    const wanted = isTopic ? plain.slice(0, 2).join(' ') : (plain[0] ?? '');
    const near = nearest(
      wanted,
      known.map(({ name }) => name),
    );
    yield said(
      `presso has no command "${wanted}"`,
      near ? `did you mean presso ${near}?` : 'presso --help lists the commands',
    );
    return;
  }
  const names = [...Object.keys(shape.flags), 'help', 'version'];
  for (const word of own) {
    if (word === '--') break;
    const name = /^--([\w-]+)/.exec(word)?.[1];
    if (name === undefined || names.includes(name) || (name.startsWith('no-') && names.includes(name.slice(3))))
      continue;
    const near = nearest(name, names);
    yield said(
      `presso ${shape.name} has no flag --${name}`,
      near ? `did you mean --${near}?` : `presso ${shape.name} --help`,
    );
  }
}

function* awsCommand(words: string[], said: (message: string, suggestion: string) => Finding): Generator<Finding> {
  const plain: string[] = [];
  for (let index = 0; index < words.length && plain.length < 2; index++) {
    const word = words[index] ?? '';
    // Flags before the service take a value, but for these.
    if (word.startsWith('--')) {
      if (!/^--(no-|debug|version)|=/.test(word)) index++;
    } else plain.push(word);
  }
  const [service, operation] = plain;
  // What a variable or a placeholder stands for is not known.
  if (plain.some((word) => /[${}<>[\]…]/.test(word))) return;
  if (words.includes('--version') || words[0] === 'configure' || service === 'help') return;
  if (service === undefined || operation === undefined)
    yield said('an aws command needs a service and an operation', 'for example aws stepfunctions list-state-machines');
  else if (!/^[a-z0-9-]+$/.test(service) || !/^[a-z0-9-]+$/.test(operation)) {
    const wrong = /^[a-z0-9-]+$/.test(service) ? operation : service;
    yield said(
      `"${wrong}" is no service or operation of the AWS CLI`,
      `write it in lower case with hyphens: ${kebab(wrong)}`,
    );
  }
}

const kebab = (word: string): string =>
  word
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

function* definition(course: CourseText, source: Source, node: Node): Generator<Finding> {
  if (!course.checks) return;
  const found = readDefinition(course.checks.dir, selectorOf(node.attributes));
  if (!('problem' in found)) return;
  const place = placeOf(source, node);
  const near = /did you mean (.*)\?/.exec(found.problem)?.[1];
  yield at(source, place.line, place.column, {
    rule: 'definition',
    message: found.problem.replace(/; did you mean .*/, ''),
    suggestion: near ? `did you mean ${near}?` : 'name a folder of checks/ and a part of it',
  });
}

function* diagram(course: CourseText, source: Source, node: Node, drawn: Set<string>): Generator<Finding> {
  const name = String(node.attributes['name'] ?? '');
  drawn.add(name);
  if (existsSync(path.join(course.dir, 'diagrams', `${path.basename(name)}.yaml`))) return;
  const names = [...course.files].flatMap((file) => /^diagrams\/(.+)\.yaml$/.exec(file)?.[1] ?? []);
  const near = nearest(name, names);
  const place = placeOf(source, node);
  yield at(source, place.line, place.column, {
    rule: 'diagram',
    message: `there is no diagram "${name}"`,
    suggestion: near ? `did you mean "${near}"?` : `write diagrams/${name}.yaml`,
  });
}
