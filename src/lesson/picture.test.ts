import { crc32, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { pictureOf } from './picture.ts';
import { toTerminal } from './to-terminal.ts';

const chunk = (name: string, body: Buffer): Buffer => {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(name, 4, 'latin1');
  body.copy(out, 8);
  out.writeUInt32BE(crc32 ? crc32(out.subarray(4, 8 + body.length)) : 0, 8 + body.length);
  return out;
};

/** A PNG of one colour, its rows written with the filters in turn. */
function png(width: number, height: number, [red, green, blue]: [number, number, number]): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    const at = y * (1 + width * 3);
    // Row 0 as it is; others as differences to the row above (filter 2), which are zero.
    rows[at] = y === 0 ? 0 : 2;
    if (y === 0) for (let x = 0; x < width; x++) rows.set([red, green, blue], at + 1 + x * 3);
  }
  const sign = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([sign, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

const room = { columns: 40, rows: 20 };

test('a picture keeps its shape and never takes more room than there is', () => {
  expect(pictureOf(png(200, 100, [255, 0, 0]), 'kitty', room)).toMatchObject({ columns: 20, rows: 5 });
  expect(pictureOf(png(4_000, 100, [255, 0, 0]), 'kitty', room)).toMatchObject({ columns: 40, rows: 1 });
  const tall = pictureOf(png(100, 2_000, [255, 0, 0]), 'kitty', room);
  expect(tall?.rows).toBe(20);
  expect(tall?.columns).toBeLessThan(6);
});

test('each protocol in its own words', () => {
  const bytes = png(20, 40, [255, 0, 0]);
  const kitty = pictureOf(bytes, 'kitty', room)?.draw ?? '';
  expect(kitty).toMatch(/^\u001b_Ga=T,f=100,t=d,q=2,C=1,c=2,r=2,m=0;/);
  expect(Buffer.from(/;([^;]*)\u001b/.exec(kitty)?.[1] ?? '', 'base64')).toEqual(bytes);
  expect(pictureOf(bytes, 'iterm', room)?.draw).toContain(']1337;File=inline=1;width=2;height=2;');
  // All red: one colour, six points high, as wide as two cells.
  expect(pictureOf(bytes, 'sixel', room)?.draw).toContain('"1;1;20;40#180;2;100;0;0#180!20~$-#180!20~$-');
});

test('a long picture goes to kitty in pieces', () => {
  const noise = Buffer.concat([png(10, 10, [1, 2, 3]), Buffer.alloc(9_000, 'x')]);
  const draw = pictureOf(noise, 'kitty', room)?.draw ?? '';
  const pieces = draw.split('\u001b\\').filter(Boolean);
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.every((piece) => piece.length < 4_200)).toBe(true);
  expect(pieces.slice(0, -1).every((piece) => piece.includes('m=1;'))).toBe(true);
});

test.each([
  ['no picture', Buffer.from('<svg/>')],
  ['nothing', Buffer.alloc(0)],
  ['half a picture', png(10, 10, [1, 2, 3]).subarray(0, 50)],
  ['a picture of no size', png(0, 10, [1, 2, 3])],
])('%s is left to its alternative text', (_, bytes) => {
  expect(pictureOf(bytes, 'sixel', room)).toBeUndefined();
});

test('lines are left free for it, also within a callout, and its alternative text stays', () => {
  const figure = { kind: 'figure', src: 'cup.png', alt: 'A cup' } as const;
  const page = toTerminal(
    { id: 'a/b', title: 'T', minutes: 0, summary: '', blocks: [{ kind: 'callout', tone: 'note', children: [figure] }] },
    {
      colour: false,
      theme: 'dark',
      links: false,
      width: 40,
      plain: false,
      picture: () => ({ columns: 4, rows: 2, draw: '<draw>' }),
    },
  );
  const thing = page.things.find(({ kind }) => kind === 'picture');
  expect(thing).toMatchObject({ draw: '<draw>', column: 2 });
  expect(page.lines.slice(thing?.line, (thing?.end ?? 0) + 1)).toEqual(['┃', '┃', '┃ ▧ A cup']);
});
