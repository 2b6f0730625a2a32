/**
 * A picture as the escape sequence of a terminal that shows pictures. Drawn where the cursor is, over `rows` lines that are
 * left free for it. Sources: "Terminal graphics protocol" (kitty), "Inline Images Protocol" (iTerm2), "VT330/VT340
 * Programmer Reference, chapter 14" (sixel), "Portable Network Graphics (PNG) Specification". Pure.
 */
import { inflateSync } from 'node:zlib';

export type PictureProtocol = 'kitty' | 'iterm' | 'sixel';

export interface Picture {
  /** Cells that it takes. */
  columns: number;
  rows: number;
  /** Leaves the cursor where it was. */
  draw: string;
}

/** Pixels of one cell: what a terminal's cells are like, as none says so unasked. */
const CELL = { width: 10, height: 20 };
const MOST_BYTES = 4_000_000;

/** Undefined where it is no picture that this protocol shows; the alternative text then stands alone. */
export function pictureOf(
  bytes: Buffer,
  protocol: PictureProtocol,
  room: { columns: number; rows: number },
): Picture | undefined {
  const size = bytes.length > MOST_BYTES ? undefined : sizeOf(bytes);
  if (!size || size.width < 1 || size.height < 1) return undefined;
  let columns = Math.min(room.columns, 60, Math.ceil(size.width / CELL.width));
  let rows = Math.max(1, Math.round((size.height / size.width) * columns * (CELL.width / CELL.height)));
  if (rows > room.rows) {
    columns = Math.max(1, Math.round((columns * room.rows) / rows));
    rows = room.rows;
  }
  const draw = drawn(bytes, protocol, columns, rows);
  return draw === undefined ? undefined : { columns, rows, draw };
}

function drawn(bytes: Buffer, protocol: PictureProtocol, columns: number, rows: number): string | undefined {
  const isPng = bytes.subarray(0, 4).toString('latin1') === '\x89PNG';
  if (protocol === 'iterm')
    return `\u001b7\u001b]1337;File=inline=1;width=${columns};height=${rows};preserveAspectRatio=1:${bytes.toString('base64')}\u0007\u001b8`;
  if (!isPng) return undefined;
  if (protocol === 'sixel') {
    const image = decodePng(bytes);
    return image && `\u001b7${sixel(image, columns * CELL.width, rows * CELL.height)}\u001b8`;
  }
  const chunks = bytes.toString('base64').match(/.{1,4096}/g) ?? [];
  return chunks
    .map((chunk, at) => {
      const first = at === 0 ? `a=T,f=100,t=d,q=2,C=1,c=${columns},r=${rows},` : '';
      return `\u001b_G${first}m=${at < chunks.length - 1 ? 1 : 0};${chunk}\u001b\\`;
    })
    .join('');
}

function sizeOf(bytes: Buffer): { width: number; height: number } | undefined {
  const start = bytes.subarray(0, 6).toString('latin1');
  if (start.startsWith('\x89PNG') && bytes.length > 24)
    return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (/^GIF8[79]a/.test(start) && bytes.length > 10)
    return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  if (!start.startsWith('\xff\xd8')) return undefined;
  // JPEG: segments until the one that begins a frame.
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const kind = bytes[at + 1] ?? 0;
    if (kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc)
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

interface Image {
  width: number;
  height: number;
  /** Red, green, blue and opacity of each point. */
  points: Uint8Array;
}

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** PNGs of 8 bits that are not interlaced, which nearly all are. */
function decodePng(bytes: Buffer): Image | undefined {
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth, kind = -1, , , interlaced] = bytes.subarray(24, 29);
  const channels = CHANNELS[kind];
  if (depth !== 8 || channels === undefined || interlaced !== 0 || width * height > 4_000_000) return undefined;
  const data: Buffer[] = [];
  let palette: Buffer = Buffer.alloc(0);
  let clear: Buffer = Buffer.alloc(0);
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.subarray(at + 4, at + 8).toString('latin1');
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name === 'IDAT') data.push(body);
    else if (name === 'PLTE') palette = body;
    else if (name === 'tRNS') clear = body;
    at += 12 + length;
  }
  let raw: Buffer;
  try {
    raw = inflateSync(Buffer.concat(data), { maxOutputLength: height * (width * channels + 1) });
  } catch {
    return undefined;
  }
  const row = width * channels;
  if (raw.length < height * (row + 1)) return undefined;
  const plain = new Uint8Array(height * row);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x++) {
      const left = x >= channels ? (plain[y * row + x - channels] ?? 0) : 0;
      const up = y > 0 ? (plain[(y - 1) * row + x] ?? 0) : 0;
      const corner = x >= channels && y > 0 ? (plain[(y - 1) * row + x - channels] ?? 0) : 0;
      plain[y * row + x] = (raw[y * (row + 1) + 1 + x] ?? 0) + predicted(filter, left, up, corner);
    }
  }
  const points = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    const value = (channel: number): number => plain[at * channels + channel] ?? 0;
    const index = value(0);
    points.set(
      kind === 3
        ? [palette[index * 3] ?? 0, palette[index * 3 + 1] ?? 0, palette[index * 3 + 2] ?? 0, clear[index] ?? 255]
        : kind === 0 || kind === 4
          ? [index, index, index, kind === 4 ? value(1) : 255]
          : [index, value(1), value(2), kind === 6 ? value(3) : 255],
      at * 4,
    );
  }
  return { width, height, points };
}

/** PNG Specification, "Filter types". */
function predicted(filter: number | undefined, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const near = left + up - corner;
  const [a, b, c] = [Math.abs(near - left), Math.abs(near - up), Math.abs(near - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** The picture in 216 colours, in bands of six points; where it is clear, the ground stays. */
function sixel({ width, height, points }: Image, wide: number, high: number): string {
  const step = (value: number): number => Math.round(value / 51);
  const colourAt = (x: number, y: number): number => {
    const at = (Math.floor((y * height) / high) * width + Math.floor((x * width) / wide)) * 4;
    if ((points[at + 3] ?? 0) < 128) return -1;
    return step(points[at] ?? 0) * 36 + step(points[at + 1] ?? 0) * 6 + step(points[at + 2] ?? 0);
  };
  const named = new Set<number>();
  let out = `\u001bP0;1;0q"1;1;${wide};${high}`;
  for (let top = 0; top < high; top += 6) {
    const bands = new Map<number, Uint8Array>();
    for (let y = top; y < Math.min(high, top + 6); y++)
      for (let x = 0; x < wide; x++) {
        const colour = colourAt(x, y);
        if (colour < 0) continue;
        let band = bands.get(colour);
        if (!band) {
          band = new Uint8Array(wide);
          bands.set(colour, band);
        }
        band[x] = (band[x] ?? 0) | (1 << (y - top));
      }
    for (const [colour, band] of bands) {
      const percent = (value: number): number => value * 20;
      if (!named.has(colour))
        out += `#${colour};2;${percent(Math.floor(colour / 36))};${percent(Math.floor(colour / 6) % 6)};${percent(colour % 6)}`;
      named.add(colour);
      out += `#${colour}`;
      for (let x = 0; x < wide; ) {
        let run = 1;
        while (x + run < wide && band[x + run] === band[x]) run++;
        const sign = String.fromCharCode(63 + (band[x] ?? 0));
        out += run > 3 ? `!${run}${sign}` : sign.repeat(run);
        x += run;
      }
      out += '$';
    }
    out += '-';
  }
  return `${out}\u001b\\`;
}
