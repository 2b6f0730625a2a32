/** The event that a person wants to send: the workshop's sample unless they say otherwise. Reads the disk for @file. */
import { readFileSync } from 'node:fs';
import { PressoError } from '../errors.ts';
import { nearest } from '../text.ts';
import { EVENTS, sampleEvent } from '../workshop.ts';

export interface Wish {
  detailType: string;
  /** JSON, or @file */
  detail?: string | undefined;
  source: string;
}

/** The event as it would stand on the bus. */
export function draftEvent(
  wish: Wish,
  where: { account: string; region: string },
  now: number,
): Record<string, unknown> {
  return {
    ...sampleEvent(wish.detailType, where),
    source: wish.source,
    time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    ...(wish.detail === undefined ? {} : { detail: readDetail(wish.detail) }),
  };
}

/** A detail-type of the workshop that this one may have been meant to be; undefined where it is one, or like none. */
export function meantType(detailType: string): string | undefined {
  const known: string[] = Object.values(EVENTS);
  return known.includes(detailType) ? undefined : nearest(detailType, known);
}

function readDetail(said: string): Record<string, unknown> {
  let text = said;
  const file = said.startsWith('@') ? said.slice(1) : undefined;
  const hint = `presso events send TYPE --detail '{"orderId": "1"}'   (or --detail @event.json)`;
  if (file !== undefined)
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw new PressoError('no-file', `The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
        hint,
      });
    }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PressoError('bad-json', `The detail is not JSON: ${(error as Error).message}.`, { hint });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PressoError('bad-json', 'The detail of an event is a JSON object.', { hint });
  return value as Record<string, unknown>;
}
