/** Finds what an order carries in what a task was given or answered, however it is wrapped. Pure. */

/** A token is long; a word that somebody calls a token is not. */
const SHORTEST = 32;

/** The task token in the parameters of a task, under any name that says so; a text of JSON is looked into. */
export function tokenIn(value: unknown): string | undefined {
  return findIn(value, (name, inner) =>
    /token/i.test(name) && typeof inner === 'string' && inner.length >= SHORTEST ? inner : undefined,
  );
}

/** `orderNumber` in the parameters of a task, as text. */
export function numberIn(value: unknown): string | undefined {
  return findIn(value, (name, inner) =>
    /^order_?number$/i.test(name) && (typeof inner === 'string' || typeof inner === 'number')
      ? String(inner)
      : undefined,
  );
}

function findIn<T>(value: unknown, take: (name: string, inner: unknown) => T | undefined): T | undefined {
  const opened = openText(value);
  if (typeof opened !== 'object' || opened === null) return undefined;
  for (const [name, inner] of Object.entries(opened)) {
    const found = take(name, inner) ?? findIn(inner, take);
    if (found !== undefined) return found;
  }
  return undefined;
}

function openText(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Where in a value `wanted` stands, as a number or as its text. */
export function pathsTo(value: unknown, wanted: string, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value === 'number' || typeof value === 'string') return String(value) === wanted ? [at] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value)
    ? value.flatMap((inner, i) => pathsTo(inner, wanted, [...at, i]))
    : Object.entries(value).flatMap(([key, inner]) => pathsTo(inner, wanted, [...at, key]));
}
