/** From a seed file to rows of the workshop's tables, and from rows to what would change. Pure. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { PressoError } from '../errors.ts';
import { line, word } from '../text.ts';

export interface Modifier {
  Name: string;
  Options: string[];
}

export interface Drink {
  drink: string;
  icon: string;
  modifiers: Modifier[];
  available: boolean;
}

export interface Shop {
  storeOpen: boolean;
  maxOrdersPerUser: number;
  maxOrdersInQueue: number;
}

/** What one or several seed files say; what they do not mention is left alone. */
export interface Seed {
  drinks?: Drink[];
  shop?: Partial<Shop>;
  orderNumber?: number;
}

/** What the tables hold now; an item that is not there is undefined. */
export interface Seeded {
  drinks?: unknown;
  shop?: Record<string, unknown>;
  orderNumber?: unknown;
}

export interface Change {
  table: 'config' | 'counting';
  key: 'menu' | 'config' | 'orderID';
  /** `create`: the item is not there; `set`: it is, and differs. */
  kind: 'create' | 'set';
  attributes: Record<string, unknown>;
  /** What a person reads: `Latte: not available → available` */
  lines: string[];
}

/** Icons that the apps carry: barista-icons_<name>. */
export const ICONS = ['espresso', 'cappuccino', 'latte', 'flat-white', 'americano', 'coffee-of-the-day'].map(
  (name) => `barista-icons_${name}`,
);

const SHOP_KEYS = ['storeOpen', 'maxOrdersPerUser', 'maxOrdersInQueue'] as const;
const KEYS = ['drinks', ...SHOP_KEYS, 'orderNumber'];

/** Reads one seed file. Throws with file, line and column at the first thing that is wrong. */
export function parseSeed(text: string, file: string): Seed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const wrong = (sentence: string, at?: number): never => {
    const position = at === undefined ? undefined : lines.linePos(at);
    const where = position ? `${file}:${position.line}:${position.col}` : file;
    throw new PressoError('bad-seed', `${where}: ${line(sentence).replace(/\.*$/, '.')}`, {
      hint: `presso seed ${word(file)} --dry-run   (once it is mended)`,
    });
  };
  const [error] = document.errors;
  if (error) wrong(`this is not YAML (${error.message.split('\n')[0] ?? ''})`, error.pos[0]);
  const root = document.contents;
  if (!isMap(root)) return wrong(`a seed file is a mapping of ${KEYS.join(', ')}`, root?.range?.[0]);

  const startOf = (node: unknown): number | undefined => (node as Node | undefined)?.range?.[0];
  const entries = (
    node: unknown,
    what: string,
    allowed: readonly string[],
  ): Map<string, { key: Node; value: Node | null }> => {
    if (!isMap(node)) return wrong(`${what} is a mapping`, startOf(node));
    const found = new Map<string, { key: Node; value: Node | null }>();
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '';
      if (!allowed.includes(name))
        wrong(`"${name}" is not known here; ${what} has ${allowed.join(', ')}`, startOf(pair.key));
      found.set(name, { key: pair.key as Node, value: pair.value as Node | null });
    }
    return found;
  };
  const text1 = (node: unknown, what: string): string => {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value !== 'string' || value.trim() === '' || value.length > 100)
      return wrong(`${what} is a text of 1 to 100 characters`, startOf(node));
    return value;
  };
  const truth = (node: unknown, what: string): boolean => {
    const value = isScalar(node) ? node.value : undefined;
    return typeof value === 'boolean' ? value : wrong(`${what} is true or false`, startOf(node));
  };
  const whole = (node: unknown, what: string): number => {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 1_000_000)
      return wrong(`${what} is a whole number from 0 to 1000000`, startOf(node));
    return value;
  };
  const items = (node: unknown, what: string): Node[] =>
    isSeq(node) ? (node.items as Node[]) : wrong(`${what} is a list`, startOf(node));

  const top = entries(root, 'a seed file', KEYS);
  const seed: Seed = {};
  const drinks = top.get('drinks');
  if (drinks) {
    const seen = new Set<string>();
    seed.drinks = items(drinks.value, 'drinks').map((node) => {
      const fields = entries(node, 'a drink', ['drink', 'icon', 'available', 'modifiers']);
      const name = text1(fields.get('drink')?.value ?? node, 'drink (the name)');
      if (seen.has(name.toLowerCase()))
        wrong(`the drink "${name}" stands twice on the menu`, startOf(fields.get('drink')?.value));
      seen.add(name.toLowerCase());
      const icon = text1(fields.get('icon')?.value ?? node, `the icon of ${name}`);
      if (!ICONS.includes(icon))
        wrong(`there is no icon "${icon}"; the apps have ${ICONS.join(', ')}`, startOf(fields.get('icon')?.value));
      return {
        drink: name,
        icon,
        modifiers: fields.has('modifiers')
          ? items(fields.get('modifiers')?.value, `modifiers of ${name}`).map((modifier) => {
              const parts = entries(modifier, 'a modifier', ['Name', 'Options']);
              return {
                Name: text1(parts.get('Name')?.value ?? modifier, 'Name of a modifier'),
                Options: items(parts.get('Options')?.value ?? modifier, 'Options').map((option) =>
                  text1(option, 'an option'),
                ),
              };
            })
          : [],
        available: fields.has('available') ? truth(fields.get('available')?.value, `available of ${name}`) : true,
      };
    });
    if (seed.drinks.length === 0) wrong('the menu is empty', startOf(drinks.value) ?? startOf(drinks.key));
  }
  const shop: Partial<Shop> = {};
  for (const key of SHOP_KEYS) {
    const found = top.get(key);
    if (!found) continue;
    if (key === 'storeOpen') shop.storeOpen = truth(found.value ?? found.key, key);
    else shop[key] = whole(found.value ?? found.key, key);
  }
  if (Object.keys(shop).length > 0) seed.shop = shop;
  const number = top.get('orderNumber');
  if (number) seed.orderNumber = whole(number.value ?? number.key, 'orderNumber');
  return seed;
}

export interface SeedWishes {
  /** Reopen (or close) a shop whose item is there. */
  storeOpen?: boolean;
  /** Set a counter that is there back. */
  counter?: boolean;
}

/** Only what differs; a counter that counts and a shop that is closed stay as they are unless wished otherwise. */
export function difference(seed: Seed, now: Seeded, wishes: SeedWishes): Change[] {
  const changes: Change[] = [];
  if (seed.drinks && !same(seed.drinks, now.drinks))
    changes.push({
      table: 'config',
      key: 'menu',
      kind: now.drinks === undefined ? 'create' : 'set',
      attributes: { value: seed.drinks },
      lines: menuLines(seed.drinks, now.drinks),
    });
  if (seed.shop) {
    const wanted = Object.entries(seed.shop).filter(([key, value]) => {
      const current = now.shop?.[key];
      if (same(current, value)) return false;
      return !(key === 'storeOpen' && current !== undefined && !wishes.storeOpen);
    });
    if (wanted.length > 0)
      changes.push({
        table: 'config',
        key: 'config',
        kind: now.shop === undefined ? 'create' : 'set',
        attributes: Object.fromEntries(wanted),
        lines: wanted.map(([key, value]) => `${key}: ${show(now.shop?.[key])} → ${show(value)}`),
      });
  }
  if (
    seed.orderNumber !== undefined &&
    now.orderNumber !== seed.orderNumber &&
    (now.orderNumber === undefined || wishes.counter)
  )
    changes.push({
      table: 'counting',
      key: 'orderID',
      kind: now.orderNumber === undefined ? 'create' : 'set',
      attributes: { IDvalue: seed.orderNumber },
      lines: [`order number: ${show(now.orderNumber)} → ${seed.orderNumber}`],
    });
  return changes;
}

const show = (value: unknown): string =>
  value === undefined ? 'not set' : line(typeof value === 'string' ? value : JSON.stringify(value));

/** Equal as data, whatever the order of keys. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((value, i) => same(value, b[i]));
  if (!a || !b || typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) || Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

function menuLines(wanted: Drink[], now: unknown): string[] {
  const current = new Map(
    (Array.isArray(now) ? (now as unknown[]) : [])
      .filter((row): row is Drink => Boolean(row) && typeof (row as Drink).drink === 'string')
      .map((row) => [row.drink, row]),
  );
  const lines = wanted.flatMap((drink) => {
    const old = current.get(drink.drink);
    current.delete(drink.drink);
    if (!old) return [`+ ${drink.drink}`];
    if (same(old, drink)) return [];
    if (old.available !== drink.available)
      return [`~ ${drink.drink}: ${drink.available ? 'available again' : 'not available'}`];
    return [`~ ${drink.drink}`];
  });
  return [
    ...lines,
    ...[...current.keys()].map((name) => `- ${line(name)}`),
    ...(lines.length + current.size === 0 ? ['~ order of the menu'] : []),
  ];
}
