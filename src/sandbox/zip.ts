/** Zip archives as Lambda takes them (PKWARE APPNOTE 6.3): stored and deflated entries, no encryption, no Zip64. Pure. */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  name: string;
  bytes: Buffer;
}

export class ZipError extends Error {}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** 1 January 1980, so that the same files make the same archive. */
const DATE = 0x0021;

/** The files of an archive; folders are left out. `largest` is the limit of all of them together, in bytes. */
export function readZip(zip: Buffer, largest = 262_144_000): ZipEntry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  let total = 0;
  try {
    for (let i = 0; i < count; i++) {
      if (zip.readUInt32LE(at) !== CENTRAL) throw new ZipError('the list of files is damaged');
      const flags = zip.readUInt16LE(at + 8);
      const method = zip.readUInt16LE(at + 10);
      const checksum = zip.readUInt32LE(at + 16);
      const packed = zip.readUInt32LE(at + 20);
      const size = zip.readUInt32LE(at + 24);
      const nameLength = zip.readUInt16LE(at + 28);
      const local = zip.readUInt32LE(at + 42);
      const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
      at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
      if (name.endsWith('/')) continue;
      if (name.startsWith('/') || name.includes('\\') || name.split('/').includes('..'))
        throw new ZipError(`the file name ${name} leads out of the archive`);
      if (flags & 1) throw new ZipError(`${name} is encrypted`);
      total += size;
      if (total > largest) throw new ZipError('it is too large when unpacked');
      if (zip.readUInt32LE(local) !== LOCAL) throw new ZipError(`${name} is damaged`);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const data = zip.subarray(start, start + packed);
      if (method !== 0 && method !== 8) throw new ZipError(`${name} is packed by method ${method}`);
      const bytes = method === 0 ? Buffer.from(data) : inflateRawSync(data, { maxOutputLength: Math.max(size, 1) });
      if (bytes.length !== size || crc32(bytes) !== checksum) throw new ZipError(`${name} is damaged`);
      entries.push({ name, bytes });
    }
  } catch (error) {
    throw error instanceof ZipError ? error : new ZipError('it is damaged');
  }
  return entries;
}

function findEnd(zip: Buffer): number {
  for (let at = zip.length - 22; at >= 0 && at >= zip.length - 65_557; at--)
    if (zip.readUInt32LE(at) === END) return at;
  throw new ZipError('it is not a zip archive');
}

/** An archive of these files, the same bytes for the same files. */
export function writeZip(files: Record<string, string | Buffer>): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    const deflated = deflateRawSync(bytes);
    const method = deflated.length < bytes.length ? 8 : 0;
    const data = method === 8 ? deflated : bytes;
    const nameBytes = Buffer.from(name, 'utf8');
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt16LE(0, 6);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.alloc(4);
    local.writeUInt32LE(LOCAL);
    parts.push(local, common, nameBytes, data);
    const head = Buffer.alloc(6);
    head.writeUInt32LE(CENTRAL);
    // Made on Unix, so that the permissions below count.
    head.writeUInt16LE(0x0314, 4);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(0o100644 * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(head, common, tail, nameBytes);
    offset += 4 + common.length + nameBytes.length + data.length;
  }
  const list = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, end]);
}
