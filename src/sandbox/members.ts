/**
 * Reads the members of an input by a table of fields: types, required ones, lengths, patterns, enumerations, worded as
 * AWS's services word them ("1 validation error detected: …"). A member the table does not list is refused by its name.
 * Works for JSON (native types) and for the query protocol and REST query strings (everything is text). Pure.
 */
import { ServiceError } from './errors.ts';
import type { Input } from './service.ts';

export interface Field<T, R extends boolean = boolean> {
  required: R;
  read(value: unknown, at: string, faults: string[]): T;
}
export type Shape = Record<string, Field<unknown>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;
/** What `readMembers` answers for a table: required members are there, the others may be undefined. */
export type Members<S extends Shape> = {
  [K in keyof S]: S[K]['required'] extends true ? ValueOf<S[K]> : ValueOf<S[K]> | undefined;
};

interface TextRules<E extends string> {
  min?: number;
  max?: number;
  /** The whole text has to match. */
  pattern?: RegExp;
  /** The pattern as AWS prints it, where it differs from `pattern.source`. */
  shown?: string;
  oneOf?: readonly E[];
  /** Secrets are not repeated in a message. */
  secret?: boolean;
}

function fault(value: string | null, at: string, constraint: string, secret = false): string {
  const shown = value === null ? 'Value null at' : secret ? 'Value at' : `Value '${value}' at`;
  return `${shown} '${at}' failed to satisfy constraint: ${constraint}`;
}

function wrongType(found: unknown, wanted: string): ServiceError {
  const type = Array.isArray(found)
    ? 'START_ARRAY'
    : found !== null && typeof found === 'object'
      ? 'START_OBJECT'
      : typeof found === 'string'
        ? 'STRING_VALUE'
        : typeof found === 'boolean'
          ? `${String(found).toUpperCase()}_VALUE`
          : 'NUMBER_VALUE';
  return new ServiceError('SerializationException', `${type} can not be converted to ${wanted}`, 400);
}

function textField<E extends string, R extends boolean>(required: R, rules: TextRules<E>): Field<E, R> {
  // Once for each member, not for each call: some are read for every event.
  const whole = rules.pattern && new RegExp(`^(?:${rules.pattern.source})$`, rules.pattern.flags);
  return {
    required,
    read(value, at, faults) {
      if (typeof value !== 'string') throw wrongType(value, 'a String');
      const bad = (constraint: string): number => faults.push(fault(value, at, constraint, rules.secret));
      if (rules.oneOf && !rules.oneOf.includes(value as E))
        bad(`Member must satisfy enum value set: [${rules.oneOf.join(', ')}]`);
      if (rules.min !== undefined && value.length < rules.min)
        bad(`Member must have length greater than or equal to ${rules.min}`);
      if (rules.max !== undefined && value.length > rules.max)
        bad(`Member must have length less than or equal to ${rules.max}`);
      if (whole && !whole.test(value))
        bad(`Member must satisfy regular expression pattern: ${rules.shown ?? rules.pattern?.source}`);
      return value as E;
    },
  };
}

function integerField<R extends boolean>(required: R, rules: { min?: number; max?: number }): Field<number, R> {
  return {
    required,
    read(value, at, faults) {
      const number = typeof value === 'string' && /^-?\d{1,18}$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isInteger(number)) throw wrongType(value, 'an Integer');
      if (rules.min !== undefined && number < rules.min)
        faults.push(fault(String(number), at, `Member must have value greater than or equal to ${rules.min}`));
      if (rules.max !== undefined && number > rules.max)
        faults.push(fault(String(number), at, `Member must have value less than or equal to ${rules.max}`));
      return number;
    },
  };
}

function numberField<R extends boolean>(required: R, rules: { min?: number; max?: number }): Field<number, R> {
  return {
    required,
    read(value, at, faults) {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) throw wrongType(value, 'a Double');
      if (rules.min !== undefined && number < rules.min)
        faults.push(fault(String(number), at, `Member must have value greater than or equal to ${rules.min}`));
      if (rules.max !== undefined && number > rules.max)
        faults.push(fault(String(number), at, `Member must have value less than or equal to ${rules.max}`));
      return number;
    },
  };
}

function booleanField<R extends boolean>(required: R): Field<boolean, R> {
  return {
    required,
    read(value) {
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      throw wrongType(value, 'a Boolean');
    },
  };
}

function listField<T, R extends boolean>(
  required: R,
  of: Field<T>,
  rules: { min?: number; max?: number },
): Field<T[], R> {
  return {
    required,
    read(value, at, faults) {
      // The query protocol writes an empty list as an empty text, and REST a list of one as its only value.
      const items = value === '' ? [] : typeof value === 'string' ? [value] : value;
      if (!Array.isArray(items)) throw wrongType(value, 'a List');
      if (rules.min !== undefined && items.length < rules.min)
        faults.push(fault(JSON.stringify(items), at, `Member must have length greater than or equal to ${rules.min}`));
      if (rules.max !== undefined && items.length > rules.max)
        faults.push(fault(JSON.stringify(items), at, `Member must have length less than or equal to ${rules.max}`));
      return items.map((item: unknown, index) => of.read(item, `${at}.${index + 1}.member`, faults));
    },
  };
}

function mapField<T, R extends boolean>(
  required: R,
  of: Field<T>,
  rules: { key?: Field<string>; max?: number },
): Field<Record<string, T>, R> {
  return {
    required,
    read(value, at, faults) {
      if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, 'a Map');
      const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
      if (rules.max !== undefined && entries.length > rules.max)
        faults.push(fault(JSON.stringify(value), at, `Member must have length less than or equal to ${rules.max}`));
      return Object.fromEntries(
        entries.map(([key, item]) => {
          rules.key?.read(key, `${at}.key`, faults);
          return [key, of.read(item, `${at}.${key}.member`, faults)];
        }),
      );
    },
  };
}

function structureField<S extends Shape, R extends boolean>(required: R, shape: S): Field<Members<S>, R> {
  return {
    required,
    read(value, at, faults) {
      if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, 'a Structure');
      return readInto(value as Input, shape, `${at}.`, faults);
    },
  };
}

/** Fields of a table: `text(…)` may be left out, `must.text(…)` may not. */
export const text = <E extends string = string>(rules: TextRules<E> = {}): Field<E, false> => textField(false, rules);
export const integer = (rules: { min?: number; max?: number } = {}): Field<number, false> => integerField(false, rules);
export const number = (rules: { min?: number; max?: number } = {}): Field<number, false> => numberField(false, rules);
export const boolean = (): Field<boolean, false> => booleanField(false);
export const list = <T>(of: Field<T>, rules: { min?: number; max?: number } = {}): Field<T[], false> =>
  listField(false, of, rules);
export const map = <T>(
  of: Field<T>,
  rules: { key?: Field<string>; max?: number } = {},
): Field<Record<string, T>, false> => mapField(false, of, rules);
export const structure = <S extends Shape>(shape: S): Field<Members<S>, false> => structureField(false, shape);
export const must = {
  text: <E extends string = string>(rules: TextRules<E> = {}): Field<E, true> => textField(true, rules),
  integer: (rules: { min?: number; max?: number } = {}): Field<number, true> => integerField(true, rules),
  boolean: (): Field<boolean, true> => booleanField(true),
  list: <T>(of: Field<T>, rules: { min?: number; max?: number } = {}): Field<T[], true> => listField(true, of, rules),
  map: <T>(of: Field<T>, rules: { key?: Field<string>; max?: number } = {}): Field<Record<string, T>, true> =>
    mapField(true, of, rules),
  structure: <S extends Shape>(shape: S): Field<Members<S>, true> => structureField(true, shape),
};

function readInto<S extends Shape>(input: Input, shape: S, prefix: string, faults: string[]): Members<S> {
  for (const [name, value] of Object.entries(input))
    if (value !== undefined && value !== null && !Object.hasOwn(shape, name))
      throw new ServiceError(
        'ValidationException',
        `The sandbox does not carry the member ${prefix === '' ? '' : prefix}${name} of this action.`,
        400,
      );
  const found: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(shape)) {
    const value: unknown = Object.hasOwn(input, name) ? input[name] : undefined;
    const at = `${prefix}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    if (value !== undefined && value !== null) found[name] = field.read(value, at, faults);
    else if (field.required) faults.push(fault(null, at, 'Member must not be null'));
  }
  return found as Members<S>;
}

/**
 * The members of `input` as the table says.
 * @param code the service's name for a bad input: ValidationException, or ValidationError, InvalidParameterException, …
 * @throws ServiceError with every fault in one message, as AWS's services word them
 */
export function readMembers<S extends Shape>(input: Input, shape: S, code = 'ValidationException'): Members<S> {
  const faults: string[] = [];
  const members = readInto(input, shape, '', faults);
  if (faults.length > 0)
    throw new ServiceError(
      code,
      `${faults.length} validation error${faults.length > 1 ? 's' : ''} detected: ${faults.join('; ')}`,
      400,
    );
  return members;
}

/**
 * A page of a list that is kept in a stable order: tokens name the position and the kind of list, so that a token of
 * another list is refused.
 * @param bad makes the error for a token that is not one of ours
 */
export function page<T>(
  items: T[],
  token: string | undefined,
  size: number,
  kind: string,
  bad: () => ServiceError,
): { items: T[]; next: string | undefined } {
  let start = 0;
  if (token !== undefined) {
    const found = /^(\d+)\|(.*)$/s.exec(Buffer.from(token, 'base64url').toString('utf8'));
    if (!found || found[2] !== kind) throw bad();
    start = Number(found[1]);
  }
  const end = start + size;
  return {
    items: items.slice(start, end),
    next: end < items.length ? Buffer.from(`${end}|${kind}`).toString('base64url') : undefined,
  };
}
