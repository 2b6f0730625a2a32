/**
 * Text to plain value: JSON when it opens with a brace, else YAML with CloudFormation's short forms (`!Sub`). Pure.
 * Aliases and merges are refused as CloudFormation does (guide, "CloudFormation template formats").
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { invalid, isObject, type JsonObject } from './model.ts';

const SHORT_FORMS = new Set(
  'Ref Condition And Base64 Cidr Equals FindInMap ForEach GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString Transform'.split(
    ' ',
  ),
);

export function parseTemplate(body: string): JsonObject {
  const value = body.trimStart().startsWith('{') ? parseJson(body) : parseYaml(body);
  if (!isObject(value)) throw invalid('Template format error: unsupported structure.');
  return value;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const at = firstFault(body);
    const before = body.slice(0, at).split('\n');
    throw invalid(
      `Template format error: JSON not well-formed. (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`,
    );
  }
}

/** Where JSON stops being JSON; Node's own message does not say it in every case. */
function firstFault(text: string): number {
  const token =
    /[ \t\r\n]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:]))/y;
  const open: string[] = [];
  let want: 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' = 'value';
  for (;;) {
    const from = token.lastIndex;
    const found = token.exec(text);
    const at = from + (/^[ \t\r\n]*/.exec(text.slice(from))?.[0].length ?? 0);
    if (!found) return at;
    const [, string, literal, sign] = found;
    const inObject = open.at(-1) === '{';
    if (want.startsWith('key') && string !== undefined) want = 'colon';
    else if (want === 'colon' && sign === ':') want = 'value';
    else if (want.startsWith('value') && (string ?? literal) !== undefined) want = 'comma or end';
    else if (want.startsWith('value') && (sign === '{' || sign === '[')) {
      open.push(sign);
      want = sign === '{' ? 'key or end' : 'value or end';
    } else if (want.endsWith('end') && open.length > 0 && sign === (inObject ? '}' : ']')) {
      open.pop();
      want = 'comma or end';
    } else if (want === 'comma or end' && open.length > 0 && sign === ',') want = inObject ? 'key' : 'value';
    else return at;
  }
}

function parseYaml(body: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(body, { lineCounter: lines, logLevel: 'silent', merge: false, schema: 'core' });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw invalid(`Template format error: YAML not well-formed. (line ${line}, column ${col})`);
  }
  return readNode(document.contents, lines);
}

function readNode(node: Node | null, lines: LineCounter): unknown {
  if (!node) return null;
  if (isAlias(node)) throw invalid('Template error: YAML aliases are not allowed in CloudFormation templates');
  const tag = node.tag?.startsWith('!') && !node.tag.startsWith('!!') ? node.tag.slice(1) : undefined;
  const plain = plainValue(node, lines);
  if (tag === undefined || tag === '') return plain;
  if (!SHORT_FORMS.has(tag)) {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    throw invalid(
      `Template format error: YAML not well-formed. (line ${line}, column ${col}): unrecognized tag !${tag}`,
    );
  }
  if (tag === 'Ref' || tag === 'Condition') return { [tag]: plain };
  if (tag === 'GetAtt' && typeof plain === 'string') {
    const dot = plain.indexOf('.');
    return { 'Fn::GetAtt': dot < 0 ? [plain] : [plain.slice(0, dot), plain.slice(dot + 1)] };
  }
  return { [`Fn::${tag}`]: plain };
}

function plainValue(node: Node, lines: LineCounter): unknown {
  if (isScalar(node)) return typeof node.value === 'bigint' ? Number(node.value) : node.value;
  if (isSeq(node)) return node.items.map((item) => readNode(item as Node, lines));
  if (!isMap(node)) return null;
  const value: JsonObject = {};
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (key === '<<') throw invalid('Template error: YAML hash merges are not allowed in CloudFormation templates');
    Object.defineProperty(value, key, {
      value: readNode(pair.value as Node | null, lines),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return value;
}
