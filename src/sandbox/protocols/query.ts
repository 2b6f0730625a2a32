/** The AWS Query protocol (Smithy: aws.protocols#awsQuery): form in, XML out, dates as ISO 8601. */
import type { ServiceError } from '../errors.ts';
import type { Input } from '../service.ts';

/** `Tags.member.1.Key=a` becomes `{Tags: [{Key: 'a'}]}`; every leaf is a string. */
export function decodeQuery(form: URLSearchParams): { action: string; input: Input } {
  const root: Record<string, unknown> = {};
  let action = '';
  for (const [name, value] of form) {
    if (name === 'Action') action = value;
    else if (name !== 'Version') place(root, name.split('.'), value);
  }
  return { action, input: lists(root) as Input };
}

function place(root: Record<string, unknown>, path: string[], value: string): void {
  let at = root;
  for (const step of path.slice(0, -1)) {
    let next = at[step];
    if (!next || typeof next !== 'object') {
      next = Object.create(null) as Record<string, unknown>;
      at[step] = next;
    }
    at = next as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = value;
}

function lists(value: unknown): unknown {
  if (!value || typeof value !== 'object') return value;
  const keys = Object.keys(value);
  const record = value as Record<string, unknown>;
  if (keys.length === 1 && keys[0] === 'member') return listOf(record['member']);
  if (keys.length === 1 && keys[0] === 'entry')
    return Object.fromEntries(
      (listOf(record['entry']) as { key: string; value: unknown }[]).map((entry) => [entry.key, entry.value]),
    );
  return Object.fromEntries(keys.map((key) => [key, key === '__proto__' ? undefined : lists(record[key])]));
}

function listOf(value: unknown): unknown[] {
  if (!value || typeof value !== 'object') return [];
  return Object.entries(value)
    .filter(([key]) => /^\d+$/.test(key))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => lists(item));
}

export function encodeQuery(action: string, output: unknown, requestId: string, xmlNamespace: string): string {
  return (
    `<${action}Response xmlns="${xmlNamespace}"><${action}Result>${members(output ?? {})}</${action}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
  );
}

export function encodeQueryError(error: ServiceError, requestId: string, xmlNamespace: string): string {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  return (
    `<ErrorResponse xmlns="${xmlNamespace}"><Error><Type>${type}</Type><Code>${escapeXml(error.code)}</Code>` +
    `<Message>${escapeXml(error.message)}</Message>${members(error.detail)}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`
  );
}

/** A list written without `member`: its own name stands before each item (SQS). */
export class FlatList {
  readonly items: unknown[];
  constructor(items: unknown[]) {
    this.items = items;
  }
}

function members(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map)
    return [...value]
      .map(([key, item]) => `<entry><key>${escapeXml(String(key))}</key><value>${members(item)}</value></entry>`)
      .join('');
  if (Array.isArray(value)) return value.map((item) => `<member>${members(item)}</member>`).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .filter(([, item]) => item !== undefined && item !== null)
      .map(([key, item]) =>
        (item instanceof FlatList ? item.items : [item]).map((one) => `<${key}>${members(one)}</${key}>`).join(''),
      )
      .join('');
  return escapeXml(String(value));
}

function escapeXml(text: string): string {
  // Characters XML 1.0 cannot carry at all are replaced, the rest of the markup is escaped.
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&quot;'))
    .replace(/\r/g, '&#xD;');
}
