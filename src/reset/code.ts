/**
 * Is the code of the core's functions what their templates carry? CloudFormation's drift detection does not look at code
 * ("AWS::Lambda::Function: Code is write-only", AWS resource schema), so the deployed archives are compared. Reads, and puts
 * code back.
 */
import { createHash } from 'node:crypto';
import { parseDocument } from 'yaml';
import { stackResources } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { codeHashes, deployedFiles, putCode } from '../aws/functions.ts';

export interface ChangedCode {
  /** The core's name of the stack: `config`. */
  stack: string;
  logicalId: string;
  function: string;
  /** What the template carries. */
  code: string;
}

/** A function of a stack, by the name CloudFormation gives each. */
export interface CoreFunction {
  stack: string;
  logicalId: string;
  function: string;
}

export interface CodeFound {
  changed: ChangedCode[];
  /** Functions whose code could not be had, and why: they were not compared. */
  blind: { function: string; why: string }[];
}

/** The file that CloudFormation makes of inline code (AWS::Lambda::Function, "ZipFile"). */
const FILE = 'index.js';
/** What CloudFormation may put beside it. */
const BESIDE = 'cfn-response.js';
const SIDE_BY_SIDE = 5;

/** Template → what is inline in it: few, long to parse, and the same in every account of a room. */
const inlined = new Map<string, ReadonlyMap<string, string>>();
const MOST_INLINED = 100;

/** Logical id → inline code, of the functions of a template. */
export function inlineCode(body: string): ReadonlyMap<string, string> {
  const before = inlined.get(body);
  if (before) return before;
  const found = readInlineCode(body);
  if (inlined.size >= MOST_INLINED) inlined.clear();
  inlined.set(body, found);
  return found;
}

function readInlineCode(body: string): ReadonlyMap<string, string> {
  const template = parseDocument(body, { logLevel: 'silent' }).toJS() as {
    Resources?: Record<string, { Type?: string; Properties?: { Code?: { ZipFile?: unknown } } }>;
  };
  const found = new Map<string, string>();
  for (const [logicalId, { Type, Properties }] of Object.entries(template.Resources ?? {})) {
    const code = Properties?.Code?.ZipFile;
    if (Type === 'AWS::Lambda::Function' && typeof code === 'string') found.set(logicalId, code);
  }
  return found;
}

async function functionsOf(connection: Connection, stack: string): Promise<CoreFunction[]> {
  return (await stackResources(connection, stack))
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ logicalId, physicalId }) => ({ stack, logicalId, function: physicalId }));
}

const digestOf = (code: string): string => createHash('sha256').update(code).digest('base64');

/**
 * Archive (its SHA-256) → the digest of the one file in it, or nothing where it holds something else. The same archive is
 * the same code in every account, so that a room fetches each once.
 */
const known = new Map<string, string | undefined>();
const MOST_KNOWN = 2_000;

/**
 * `stacks`: those that stand as their templates have them; `physical` is the name CloudFormation knows. `functions`: what is
 * known already of the stacks' functions.
 */
export async function observeCode(
  connection: Connection,
  stacks: { name: string; physical: string; body: string }[],
  functions?: CoreFunction[],
): Promise<CodeFound> {
  const found: CodeFound = { changed: [], blind: [] };
  const [hashes, wanted] = await Promise.all([
    codeHashes(connection),
    Promise.all(
      stacks.map(async ({ name, physical, body }) => {
        const inline = inlineCode(body);
        if (inline.size === 0) return [];
        const there = functions?.filter(({ stack }) => stack === physical) ?? (await functionsOf(connection, physical));
        return there.flatMap((one): ChangedCode[] => {
          const code = inline.get(one.logicalId);
          return code === undefined ? [] : [{ ...one, stack: name, code }];
        });
      }),
    ),
  ]);
  const waiting = wanted.flat();
  const look = async (): Promise<void> => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const hash = hashes.get(one.function);
      // One that is not there is drift, which CloudFormation tells.
      if (hash === undefined) continue;
      try {
        if (!known.has(hash)) remember(hash, await deployedFiles(connection, one.function));
        if (known.get(hash) !== digestOf(one.code)) found.changed.push(one);
      } catch (error) {
        found.blind.push({ function: one.function, why: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, look));
  found.changed.sort((a, b) => a.function.localeCompare(b.function));
  return found;
}

function remember(hash: string, files: Map<string, string>): void {
  if (known.size >= MOST_KNOWN) known.clear();
  const names = [...files.keys()].filter((name) => name !== BESIDE);
  const code = files.get(FILE);
  known.set(hash, names.length === 1 && code !== undefined ? digestOf(code) : undefined);
}

/** Puts the template's code back into its function. */
export async function restoreCode(
  connection: Connection,
  { function: name, code }: ChangedCode,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  await putCode(connection, { name, file: FILE, code }, pause);
}
