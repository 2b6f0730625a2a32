/** A zip archive of one stored file (PKWARE APPNOTE 6.3), as Lambda takes it. Pure. */
import { crc32 } from 'node:zlib';

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
