/** Zip archives (PKWARE APPNOTE 6.3) as Lambda takes and gives them: one stored file written, stored and deflated ones read. Pure. */
import { crc32, inflateRawSync } from 'node:zlib';

const VERSION = 20;
/** Names and texts are UTF-8. */
const FLAGS = 0x0800;
/** 1 January 1980, so that the same file makes the same archive. */
const DATE = 0x0021;
/** A regular file that everybody may read, which Lambda asks for. */
const MODE = 0o100644 << 16;

export function zipOf(name: string, text: string): Buffer {
  const file = Buffer.from(name);
  const bytes = Buffer.from(text);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(VERSION, 0);
  common.writeUInt16LE(FLAGS, 2);
  common.writeUInt16LE(DATE, 8);
  common.writeUInt32LE(crc32(bytes), 10);
  common.writeUInt32LE(bytes.length, 14);
  common.writeUInt32LE(bytes.length, 18);
  common.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, file, bytes]);
  const more = Buffer.alloc(14);
  more.writeUInt32LE(MODE >>> 0, 6);
  const madeBy = Buffer.from([VERSION, 3]);
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002'), madeBy, common, more, file]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\u0005\u0006'), end]);
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LARGEST = 64 * 1024 * 1024;

/** The files of an archive as texts, by name; folders are left out. Throws when it is not one, or too large. */
export function unzip(zip: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error('it is not a zip archive');
  const entries = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  let total = 0;
  for (let i = 0; i < entries; i++) {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error('the archive is damaged');
    const [method, packed, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 24)];
    const [nameLength, local] = [zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    total += size;
    if (total > LARGEST) throw new Error('the archive is too large');
    if (name.endsWith('/')) continue;
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(start, start + packed);
    files.set(
      name,
      (method === 8 ? inflateRawSync(data, { maxOutputLength: Math.max(1, size) }) : data).toString('utf8'),
    );
  }
  return files;
}
