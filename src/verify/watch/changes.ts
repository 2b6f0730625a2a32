/** What differs between two looks, in words. Pure. */

/** What one look saw: name of a thing, as a sentence calls it, and what it was like. */
export type Look = ReadonlyMap<string, string>;

/** `the rule "NewOrder"`, `the rule "Extra" is new`, `the workflow … is gone`; nothing when nothing changed. */
export function changesBetween(before: Look, after: Look): string[] {
  const changed = [...after].flatMap(([name, text]) => {
    const old = before.get(name);
    return old === undefined ? [`${name} is new`] : old === text ? [] : [name];
  });
  return [...changed, ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `${name} is gone`)];
}
