import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = path.dirname(fileURLToPath(import.meta.url));

const ROOMS = ['target', 'setup', 'seed', 'solve', 'verify', 'lesson', 'workflow', 'events', 'order', 'reset', 'fleet'];
const ENGINES = ['asl', 'event-pattern', 'iam-policy'];
const LEAVES = ['errors.ts', 'workshop.ts', 'paths.ts', 'text.ts'];

/** What commands, and the flows they hand longer work to, may import. */
const COMMAND_LEVEL = [
  ...LEAVES,
  ...ROOMS,
  ...ENGINES,
  'report',
  'terminal.ts',
  'progress.ts',
  'command.ts',
  'sandbox',
  'web',
  'aws',
];

/** What a file of a room may import: other rooms' names, `node` for node:*, `package` for npm packages, `sdk` for @aws-sdk. */
const WALLS: Record<string, { rooms: string[]; forbid: string[] }> = {
  ...Object.fromEntries(ENGINES.map((engine) => [engine, { rooms: LEAVES, forbid: ['sdk', '@oclif', 'io'] }])),
  ...Object.fromEntries(
    ROOMS.map((room) => [room, { rooms: [...LEAVES, 'aws', ...ENGINES], forbid: ['sdk', '@oclif', 'process'] }]),
  ),
  aws: { rooms: LEAVES, forbid: ['@oclif', 'process'] },
  report: { rooms: [...LEAVES, ...ROOMS], forbid: ['sdk', '@oclif', 'io', 'process'] },
  sandbox: { rooms: [...ENGINES, 'paths.ts'], forbid: ['sdk', '@oclif'] },
  web: { rooms: [...LEAVES, ...ROOMS, 'report'], forbid: ['sdk', '@oclif'] },
  'terminal.ts': { rooms: LEAVES, forbid: ['sdk', '@oclif'] },
  'progress.ts': { rooms: [...LEAVES, 'terminal.ts'], forbid: ['sdk', '@oclif'] },
  'errors.ts': { rooms: [], forbid: ['sdk', '@oclif', 'io', 'process'] },
  'workshop.ts': { rooms: [], forbid: ['sdk', '@oclif', 'io', 'process'] },
  'paths.ts': { rooms: [], forbid: ['sdk', '@oclif'] },
  'text.ts': { rooms: [], forbid: ['sdk', '@oclif', 'io', 'process'] },
  'main.ts': { rooms: [...LEAVES, 'terminal.ts', 'command.ts'], forbid: ['sdk'] },
  'command.ts': {
    rooms: [...LEAVES, ...ROOMS, 'report', 'terminal.ts', 'progress.ts', 'aws', 'sandbox'],
    forbid: ['sdk'],
  },
  commands: { rooms: ['flows', ...COMMAND_LEVEL], forbid: ['sdk'] },
  // What several rooms do together for one command, when it is more than the command's own 60 lines.
  flows: { rooms: COMMAND_LEVEL, forbid: ['sdk'] },
  bench: { rooms: ['*'], forbid: [] },
  testing: { rooms: ['*'], forbid: [] },
};

/** Files of rooms that are pure (no disk, no network, no clock, no randomness), by name. */
const PURE = /^(plan|judge|diagnose|guard|rows|to-[a-z-]+|difference)\.ts$/;
const IO = /^node:(fs|net|http|https|http2|dgram|child_process|worker_threads|tls|dns|os)(\/|$)/;

interface Import {
  file: string;
  specifier: string;
  typeOnly: boolean;
}

function imports(): Import[] {
  const found: Import[] = [];
  for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || /\.(test|bench|soak)\.tsx?$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    for (const match of text.matchAll(
      /^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm,
    ))
      found.push({ file, specifier: match[2] ?? match[3] ?? '', typeOnly: Boolean(match[1]) });
    for (const match of text.matchAll(/\bimport\(\s*'([^']+)'/g))
      found.push({ file, specifier: match[1] ?? '', typeOnly: false });
  }
  return found;
}

const roomOf = (file: string): string => path.relative(src, file).split(path.sep)[0] ?? '';

function fault({ file, specifier, typeOnly }: Import): string | undefined {
  const room = roomOf(file);
  const here = path.relative(src, file);
  const wall = WALLS[room];
  if (!wall) return `${here}: the room "${room}" has no line in the table of walls (src/architecture.test.ts).`;
  if (specifier.startsWith('.')) {
    const target = path.resolve(path.dirname(file), specifier);
    const other = roomOf(target);
    if (other === room || wall.rooms.includes('*') || target.startsWith(path.resolve(src, '..', 'package.json')))
      return;
    if (other === 'testing' || other === 'bench')
      return `${here} imports ${specifier}: only tests may import ${other}/.`;
    if (!wall.rooms.includes(other)) return `${here} imports ${specifier}: ${room} may not import ${other}.`;
    if (other === 'sandbox' && path.relative(src, target) !== path.join('sandbox', 'index.ts'))
      return `${here} imports ${specifier}: the sandbox is entered through sandbox/index.ts only.`;
    return;
  }
  if (typeOnly && !specifier.startsWith('@aws-sdk')) return;
  if (wall.forbid.includes('sdk') && /^@(aws-sdk|smithy)\//.test(specifier))
    return `${here} imports ${specifier}: only aws/ may import the SDK.`;
  if (wall.forbid.includes('@oclif') && specifier.startsWith('@oclif'))
    return `${here} imports ${specifier}: only commands and command.ts know oclif.`;
  if ((wall.forbid.includes('io') || PURE.test(path.basename(file))) && IO.test(specifier))
    return `${here} imports ${specifier}: this file is pure and touches no disk, network or process.`;
  return;
}

test('every import keeps to the walls of the house', () => {
  expect(imports().map(fault).filter(Boolean)).toEqual([]);
});

test('rooms do not print or reach for the process; pure files have no clock and no dice', () => {
  const faults: string[] = [];
  for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || /\.(test|bench|soak)\.ts$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const room = roomOf(file);
    const here = path.relative(src, file);
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    if (WALLS[room]?.forbid.includes('process') && /\bconsole\.|\bprocess\./.test(code))
      faults.push(`${here} uses console or process: a room speaks in events and is told what it needs.`);
    if (
      (ENGINES.includes(room) || PURE.test(entry.name)) &&
      /\bDate\.now\(|new Date\(\)|\bMath\.random\(|setTimeout\(/.test(code)
    )
      faults.push(`${here} reads a clock or rolls dice: pure code is given now and its seed.`);
  }
  expect(faults).toEqual([]);
});
