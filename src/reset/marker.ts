/** What carries the workshop's marker. Pure. */
import { MARKER } from '../workshop.ts';

export const marked = (tags: Record<string, string>): boolean => tags[MARKER.key] === MARKER.value;
export const MARKED = `it carries the tag ${MARKER.key}`;

/** The last part of an ARN. */
export const nameOf = (arn: string): string => arn.split('/').at(-1) ?? arn;
