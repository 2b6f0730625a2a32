/** ItemReader: the data set of a distributed Map, read by the outside and understood here ("ItemReader (Map)", AWS). */
import { Failure, type Process } from '../engine.ts';
import { isObject, put } from '../json.ts';
import { evaluateTemplate, evaluateValue } from '../scene.ts';
import type { Json, JsonObject } from '../types.ts';
import type { Visit } from './run.ts';
import { setting } from './setting.ts';

const unreadable = (cause: string): Failure => new Failure('States.ItemReaderFailed', cause);

/** Asks the outside for the data set; the answer is that of s3:getObject or s3:listObjectsV2. `source` names the object or bucket. */
export function* readItems(visit: Visit, reader: Json, input: Json): Process<{ items: Json; source: string }> {
  if (!isObject(reader) || typeof reader.Resource !== 'string') throw unreadable('ItemReader needs a Resource.');
  const { engine, fiber, scene, language, name, attempt } = visit;
  const config = isObject(reader.ReaderConfig) ? reader.ReaderConfig : {};
  // 0 sets no limit, as with MaxConcurrency.
  const most = setting(visit, config, 'MaxItems', input) || Number.POSITIVE_INFINITY;
  const parameters =
    language === 'JSONata'
      ? evaluateValue(reader.Arguments ?? {}, 'ItemReader/Arguments', scene, { input: visit.input })
      : evaluateTemplate(reader.Parameters ?? {}, scene, input);
  engine.ask(fiber, { kind: 'task', id: '', stateName: name, resource: reader.Resource, parameters, attempt });
  for (;;) {
    const signal = yield;
    if (signal.kind !== 'input') continue;
    if (signal.input.kind === 'task-failed') throw unreadable(signal.input.cause ?? signal.input.error);
    if (signal.input.kind !== 'task-succeeded') continue;
    const items = understand(signal.input.output, config);
    visit.inspect('afterItemsPointer', items);
    return { items: Array.isArray(items) ? items.slice(0, most) : items, source: sourceOf(parameters) };
  }
}

/** The URI as the page on the context object writes it: `S3://bucket-name/object-key`, `S3://bucket-name` for a listing. */
function sourceOf(parameters: Json): string {
  const { Bucket, Key } = isObject(parameters) ? parameters : {};
  return `S3://${String(Bucket)}${Key === undefined ? '' : `/${String(Key)}`}`;
}

function understand(answer: Json, config: JsonObject): Json {
  if (!isObject(answer)) return answer;
  if (Array.isArray(answer.Contents)) return answer.Contents;
  const body = answer.Body;
  if (typeof body !== 'string') throw unreadable('The answer to the ItemReader holds no data set.');
  const type = typeof config.InputType === 'string' ? config.InputType : 'JSON';
  try {
    if (type === 'CSV') return readCsv(body, config);
    if (type === 'JSONL')
      return body
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as Json);
    return pointed(JSON.parse(body) as Json, config.ItemsPointer);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unreadable(`Attempting to parse the data set as ${type} failed.`);
  }
}

/** A JSON Pointer into the data set. */
function pointed(value: Json, pointer: Json | undefined): Json {
  if (typeof pointer !== 'string' || pointer === '') return value;
  let found: Json | undefined = value;
  for (const part of pointer
    .slice(1)
    .split('/')
    .map((name) => name.replace(/~1/g, '/').replace(/~0/g, '~'))) {
    if (Array.isArray(found)) found = found[Number(part)];
    else found = isObject(found) && Object.hasOwn(found, part) ? found[part] : undefined;
    if (found === undefined) throw unreadable(`ItemsPointer ${pointer} points at nothing.`);
  }
  return found;
}

const DELIMITERS: Record<string, string> = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' };

function readCsv(body: string, config: JsonObject): Json[] {
  const rows = splitCsv(body, DELIMITERS[String(config.CSVDelimiter ?? 'COMMA')] ?? ',');
  const headers =
    config.CSVHeaderLocation === 'GIVEN' && Array.isArray(config.CSVHeaders)
      ? config.CSVHeaders.map(String)
      : (rows.shift() ?? []);
  return rows.map((row) => {
    const item: JsonObject = {};
    for (const [at, header] of headers.entries()) put(item, header, row[at] ?? '');
    return item;
  });
}

/**
 * Rows and fields; quotes around a field, doubled quotes inside it. A backslash stands before another, a quote or the
 * delimiter; before anything else it is dropped ("ItemReader (Map)", AWS, how text delimited files are parsed).
 */
function splitCsv(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    cell = '';
  };
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '\\') {
      if (['\\', '"', delimiter].includes(text.charAt(at + 1))) cell += text.charAt(++at);
    } else if (quoted) {
      if (c !== '"') cell += c;
      else if (text.charAt(at + 1) === '"') cell += text.charAt(at++);
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === delimiter) {
      row.push(cell);
      cell = '';
    } else if (c === '\n') endRow();
    else if (c !== '\r') cell += c;
  }
  endRow();
  return rows;
}
