/**
 * Who is in the room: a roster read from YAML or CSV. Pure. One file, because both forms end in the same checks and every
 * complaint names line and column.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { PressoError } from '../errors.ts';
import { count, nearest, line as oneLine, word } from '../text.ts';

export interface Attendee {
  /** 12 digits */
  account: string;
  name: string;
  region: string;
  /** Name of the role to assume, or its ARN. */
  role: string;
  externalId?: string;
  group?: string;
}

export interface Roster {
  /** The fleet's name, typed to confirm. */
  name: string;
  attendees: Attendee[];
  /** Accounts that are never touched, whatever else says. */
  protect: string[];
  /** Words that no alias of a touched account may hold, besides presso's own. */
  protectedWords: string[];
  /** The management account of the organization, where it is known. */
  management?: string;
  /** Accounts of a unit that are no attendees', and why. */
  leftOut?: { account: string; name: string; why: string }[];
}

export const DEFAULT_ROLE = 'OrganizationAccountAccessRole';
const MOST_ACCOUNTS = 10_000;
const SHOWN = 20;

/** AWS Regions of the partition `aws` (AWS General Reference, "Regions and endpoints"). */
const REGIONS = `us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-east-2 ap-south-1 ap-south-2
ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ap-northeast-1
ap-northeast-2 ap-northeast-3 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-west-1 eu-west-2 eu-west-3 eu-south-1
eu-south-2 eu-north-1 il-central-1 me-south-1 me-central-1 mx-central-1 sa-east-1`.split(/\s+/);

interface Cell {
  text: string;
  line: number;
  column: number;
}
type Row = Partial<Record<Field, Cell>> & { at: { line: number; column: number } };
const FIELDS = ['account', 'name', 'region', 'role', 'externalId', 'group'] as const;
type Field = (typeof FIELDS)[number];

/** How people head the columns of a spreadsheet. */
const HEADINGS: Record<string, Field> = {
  account: 'account',
  accountid: 'account',
  id: 'account',
  awsaccount: 'account',
  awsaccountid: 'account',
  name: 'name',
  attendee: 'name',
  participant: 'name',
  region: 'region',
  role: 'role',
  rolename: 'role',
  rolearn: 'role',
  externalid: 'externalId',
  group: 'group',
  team: 'group',
  table: 'group',
};

interface Defaults {
  /** Where a row names no Region. */
  region: string;
  /** `fleet list --roster monday.csv` → `monday` */
  fileName: string;
}

/** Reads a roster; `text` as it was on disk. Throws with every complaint (the first 20), each with line and column. */
export function parseRoster(text: string, defaults: Defaults): Roster {
  const bare = text.replace(/^\uFEFF/, '');
  if (bare.trim() === '') throw complain(defaults.fileName, [{ line: 1, column: 1, what: 'the roster is empty' }]);
  const isYaml = /\.ya?ml$/i.test(defaults.fileName);
  // Lines end as Windows, Unix or old Macs end them.
  return isYaml ? fromYaml(bare, defaults) : fromCsv(bare.replace(/\r(?!\n)/g, '\n'), defaults);
}

interface Complaint {
  line: number;
  column: number;
  what: string;
}

function complain(file: string, complaints: Complaint[]): PressoError {
  const shown = complaints
    .slice(0, SHOWN)
    .map(({ line, column, what }) => `${file}:${line}:${column}: ${oneLine(what)}`);
  const more = complaints.length > SHOWN ? [`… and ${complaints.length - SHOWN} more`] : [];
  const head =
    complaints.length === 1
      ? `${shown[0]}.`
      : `The roster has ${count(complaints.length, 'mistake')}:\n${[...shown, ...more].join('\n')}`;
  return new PressoError('bad-roster', head, {
    hint: `presso fleet list --roster ${word(file)}   (once it is mended)`,
  });
}

function fromYaml(text: string, defaults: Defaults): Roster {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const complaints: Complaint[] = [];
  const at = (node: unknown): { line: number; column: number } => {
    const offset = (node as Node | null | undefined)?.range?.[0] ?? 0;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const wrong = (what: string, node?: unknown): void => void complaints.push({ ...at(node), what });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    complaints.push({ line, column: col, what: `this is not YAML (${error.message.split('\n')[0]})` });
  }
  if (complaints.length > 0) throw complain(defaults.fileName, complaints);
  const root = document.contents;
  if (!isMap(root))
    throw complain(defaults.fileName, [{ ...at(root), what: 'a roster is a mapping with name and accounts' }]);
  const known = ['name', 'region', 'role', 'externalId', 'group', 'protect', 'protectedWords', 'accounts'];
  refuseUnknown(root, known, 'a roster', wrong);
  const cell = (node: unknown): Cell | undefined => {
    if (!isScalar(node) || node.value === null) return undefined;
    // The text as it was written: YAML would read 012345678901 as a number and lose its zero.
    const plain = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    return { text: plain.trim(), ...at(node) };
  };
  const top = (name: string): Cell | undefined => cell(root.get(name, true));
  const texts = (name: string): Cell[] => {
    const node = root.get(name, true);
    if (node === undefined) return [];
    if (!isSeq(node)) {
      wrong(`${name} is a list`, node);
      return [];
    }
    return node.items.flatMap((item) => cell(item) ?? []);
  };
  const name = top('name');
  if (!name || name.text === '') wrong('a roster needs the name of its fleet', root);
  const accounts = root.get('accounts', true);
  const rows: Row[] = [];
  if (!isSeq(accounts)) wrong('a roster needs a list called accounts', accounts ?? root);
  else
    for (const item of accounts.items) {
      if (isScalar(item)) rows.push({ at: at(item), ...(cell(item) ? { account: cell(item) as Cell } : {}) });
      else if (isMap(item)) {
        refuseUnknown(item, ['id', ...FIELDS], 'an account', wrong);
        const row: Row = { at: at(item) };
        for (const field of FIELDS) {
          const found = cell(item.get(field, true)) ?? (field === 'account' ? cell(item.get('id', true)) : undefined);
          if (found) row[field] = found;
        }
        rows.push(row);
      } else wrong('an account is its number, or a mapping with id', item);
    }
  const fallback: Partial<Record<Field, string>> = {};
  for (const field of ['region', 'role', 'externalId', 'group'] as const) {
    const found = top(field);
    if (found) fallback[field] = found.text;
  }
  const region = top('region');
  if (region && !REGIONS.includes(region.text)) complaints.push({ ...region, what: unknownRegion(region.text) });
  const protect = texts('protect').map((one) => {
    const what = idComplaint(one.text);
    if (what) complaints.push({ ...one, what });
    return one.text;
  });
  const attendees = check(rows, fallback, defaults, complaints);
  return {
    name: name?.text ?? '',
    attendees,
    protect,
    protectedWords: texts('protectedWords').map(({ text: word }) => word),
  };
}

function refuseUnknown(
  map: YAMLMap,
  known: readonly string[],
  what: string,
  wrong: (what: string, node?: unknown) => void,
): void {
  for (const { key } of map.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    wrong(`"${name}" is not known here; ${near ? `did you mean ${near}` : `${what} has ${known.join(', ')}`}`, key);
  }
}

function fromCsv(text: string, defaults: Defaults): Roster {
  const complaints: Complaint[] = [];
  const table = readCsv(text, complaints);
  if (complaints.length > 0) throw complain(defaults.fileName, complaints);
  const [first] = table;
  const headed = first?.some(({ text: heading }) => HEADINGS[keyOf(heading)] !== undefined) ?? false;
  let columns: (Field | undefined)[] = ['account', 'name', 'region', 'role', 'group'];
  if (headed && first) {
    columns = first.map((cell) => {
      const field = HEADINGS[keyOf(cell.text)];
      if (field === undefined && cell.text !== '')
        complaints.push({
          ...cell,
          what: `the column "${cell.text}" is not known; there are account, name, region, role, externalId, group`,
        });
      return field;
    });
    if (!columns.includes('account'))
      complaints.push({ ...(first[0] ?? { line: 1, column: 1 }), what: 'there is no column called account' });
    if (complaints.length > 0) throw complain(defaults.fileName, complaints);
  }
  const rows = table.slice(headed ? 1 : 0).map((cells): Row => {
    const row: Row = { at: { line: cells[0]?.line ?? 1, column: 1 } };
    cells.forEach((cell, i) => {
      const field = columns[i];
      if (field && cell.text !== '') row[field] = cell;
      else if (!field && cell.text !== '') complaints.push({ ...cell, what: `there is no column for "${cell.text}"` });
    });
    return row;
  });
  const name = defaults.fileName.replace(/^.*[\\/]/, '').replace(/\.[^.]+$/, '');
  return { name, attendees: check(rows, {}, defaults, complaints), protect: [], protectedWords: [] };
}

const keyOf = (heading: string): string => heading.toLowerCase().replace(/[^a-z]/g, '');

/** RFC 4180, with commas, semicolons or tabs, whichever the first line uses. */
function readCsv(text: string, complaints: Complaint[]): Cell[][] {
  const head = text.split(/\r?\n/, 1)[0] ?? '';
  const separator = [',', ';', '\t'].reduce(
    (best, one) => (head.split(one).length > head.split(best).length ? one : best),
    ',',
  );
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  const endRow = (): void => {
    if (row.some(({ text: cell }) => cell !== '')) rows.push(row);
    row = [];
  };
  while (at <= text.length) {
    const start = { line, column: at - lineStart + 1 };
    let cell = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) {
          complaints.push({ ...start, what: 'a quote is opened and never closed' });
          return rows;
        }
        const inside = text.slice(at, end);
        for (let i = inside.indexOf('\n'); i >= 0; i = inside.indexOf('\n', i + 1)) {
          line++;
          lineStart = at + i + 1;
        }
        cell += inside;
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
      const rest = /^[ \t]*/.exec(text.slice(at, at + 100))?.[0] ?? '';
      if (separator !== '\t') at += rest.length;
      if (at < text.length && text[at] !== separator && !/[\r\n]/.test(text[at] ?? '')) {
        complaints.push({ line, column: at - lineStart + 1, what: 'there is text behind a closing quote' });
        return rows;
      }
    } else {
      const begun = at;
      while (at < text.length && text[at] !== separator && text[at] !== '\n') at++;
      cell = text.slice(begun, at);
    }
    row.push({ text: unprotected(cell.trim()), ...start });
    if (text[at] === '\r') at++;
    if (at >= text.length) break;
    if (text[at] === '\n') {
      endRow();
      line++;
      lineStart = at + 1;
    }
    at++;
  }
  endRow();
  return rows;
}

/** `="012345678901"` and `'012345678901`: how people keep a spreadsheet from dropping the zero. */
const unprotected = (cell: string): string => /^(?:="(\d+)"|'(\d+))$/.exec(cell)?.slice(1).find(Boolean) ?? cell;

/** What is wrong with an account's number; what a spreadsheet did to it is said. */
function idComplaint(text: string): string | undefined {
  if (/^\d{12}$/.test(text)) return undefined;
  if (/^\d{4}-\d{4}-\d{4}$/.test(text))
    return `write the account "${text}" without its dashes, as ${text.replaceAll('-', '')}`;
  if (/^\d{7,11}$/.test(text))
    return `the account "${text}" has ${text.length} digits; a spreadsheet drops leading zeros, so it is probably ${text.padStart(12, '0')}`;
  if (/^\d[.,]?\d*E\+?\d+$/i.test(text))
    return `a spreadsheet has turned the account into "${text}", and its digits are lost; format the column as text`;
  return text === '' ? 'there is no account number' : `"${text}" is not an account number of 12 digits`;
}

function unknownRegion(text: string): string {
  const near = nearest(text, REGIONS);
  return `there is no Region "${text}"${near ? `; did you mean ${near}` : ''}`;
}

function check(
  rows: Row[],
  fallback: Partial<Record<Field, string>>,
  defaults: Defaults,
  complaints: Complaint[],
): Attendee[] {
  const seen = new Map<string, number>();
  if (rows.length === 0) complaints.push({ line: 1, column: 1, what: 'the roster lists no accounts' });
  if (rows.length > MOST_ACCOUNTS)
    complaints.push({
      line: 1,
      column: 1,
      what: `the roster lists ${rows.length} accounts; ${MOST_ACCOUNTS} is the most`,
    });
  const attendees = rows.map((row): Attendee => {
    const account = row.account?.text ?? '';
    const where = row.account ?? row.at;
    const what = idComplaint(account);
    if (what) complaints.push({ line: where.line, column: where.column, what });
    const before = seen.get(account);
    if (account !== '' && before !== undefined)
      complaints.push({
        line: where.line,
        column: where.column,
        what: `the account ${account} stands on line ${before} already`,
      });
    else seen.set(account, where.line);
    if (row.region && !REGIONS.includes(row.region.text))
      complaints.push({ ...row.region, what: unknownRegion(row.region.text) });
    const role = row.role?.text ?? fallback.role ?? DEFAULT_ROLE;
    const arn = /^arn:aws:iam::(\d{12}):role\/.+$/.exec(role);
    if (arn ? arn[1] !== account : !/^[\w+=,.@/-]{1,512}$/.test(role))
      complaints.push({
        ...(row.role ?? where),
        what: arn ? `the role ${role} is in another account than ${account}` : `"${role}" is not the name of a role`,
      });
    const externalId = row.externalId?.text ?? fallback.externalId;
    const group = row.group?.text ?? fallback.group;
    return {
      account,
      name: row.name?.text ?? account,
      region: row.region?.text ?? fallback.region ?? defaults.region,
      role,
      ...(externalId ? { externalId } : {}),
      ...(group ? { group } : {}),
    };
  });
  if (complaints.length > 0)
    throw complain(
      defaults.fileName,
      complaints.sort((a, b) => a.line - b.line || a.column - b.column),
    );
  return attendees;
}

export const roleArn = ({ account, role }: Pick<Attendee, 'account' | 'role'>): string =>
  role.startsWith('arn:') ? role : `arn:aws:iam::${account}:role/${role.replace(/^\//, '')}`;
