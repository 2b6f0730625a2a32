/** AWS JSON 1.0 and 1.1 (Smithy: aws.protocols#awsJson1_0): dates are epoch seconds, blobs base64. */
import { ServiceError } from '../errors.ts';
import type { Input } from '../service.ts';

export function decodeJson(body: Buffer): Input {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (value && typeof value === 'object' && !Array.isArray(value)) return value as Input;
  } catch {
    // falls through to AWS's own answer
  }
  throw new ServiceError('SerializationException', 'The request body is not a JSON object.', 400);
}

export function encodeJson(output: unknown): string {
  // Most answers are plain, and JSON.stringify is several times faster where nobody looks over its shoulder.
  return JSON.stringify(output ?? {}, isPlain(output) ? undefined : wireValue);
}

function wireValue(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const raw = this[key];
  if (raw instanceof Date) return raw.getTime() / 1000;
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('base64');
  return value;
}

/** Whether there is neither a date nor bytes in it. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof Date || value instanceof Uint8Array) return false;
  for (const member of Object.values(value)) if (!isPlain(member)) return false;
  return true;
}

export function encodeJsonError(error: ServiceError): string {
  return encodeJson({ __type: error.code, message: error.message, ...error.detail });
}
