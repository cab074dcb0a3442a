import { createRequire } from 'node:module';

/** The version whose waste this mends; others may have it mended, or keep their modules elsewhere. */
const VERSION = '2.2.4';
const MODULE = 'kafkajs/src/protocol/recordBatch/record/v0';

type Bytes = Buffer | string | null | undefined;

/** A record as kafkajs encodes it. */
export interface EncodableRecord {
  readonly offsetDelta?: number;
  readonly timestampDelta?: number;
  readonly key?: Bytes;
  readonly value?: Bytes;
  readonly headers?: Readonly<Record<string, Bytes | readonly (Buffer | string)[]>>;
}

/** The part of kafkajs' `Encoder` that a record batch looks at. */
export interface EncodedRecord {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

type Encode = (record: EncodableRecord) => EncodedRecord;

let applied: boolean | undefined;

/**
 * kafkajs 2.2.4 takes 512 bytes of zeroed memory for each header of a record, and a buffer for each number of variable length: with the nine
 * headers of a CloudEvent that is a sixth of all the CPU of a busy process, and much of what its garbage collector has to do. Mended here: a
 * record is measured first and then written at once. Answers whether the remedy is in place; `false` where kafkajs is another version, or has
 * produced before.
 */
export function applyRecordRemedy(): boolean {
  applied ??= mend();
  return applied;
}

function mend(): boolean {
  const require = createRequire(import.meta.url);
  if ((require('kafkajs/package.json') as { version: string }).version !== VERSION) return false;
  // What encodes requests takes the function at hand when it is loaded, which is at the first of them.
  if (Object.keys(require.cache).some((path) => /kafkajs.src.protocol.requests.produce.v3.request\.js$/.test(path))) return false;
  const original = require(MODULE) as Encode;
  const module = require.cache[require.resolve(MODULE)];
  if (module?.exports !== original) return false;
  module.exports = quickly(original);
  return true;
}

/** The same bytes; what is out of the ordinary is left to the original. */
export function quickly(original: Encode): Encode {
  return (record) => {
    const { timestampDelta = 0, offsetDelta = 0, headers = {}, key, value } = record;
    const fields: [string, Bytes][] = [];
    for (const [name, text] of Object.entries(headers)) {
      if (typeof text !== 'string' && !Buffer.isBuffer(text)) return original(record);
      fields.push([name, text]);
    }
    if (timestampDelta !== 0 || !isBytes(key) || !isBytes(value)) return original(record);
    return encode(offsetDelta, key, value, fields);
  };
}

function isBytes(value: unknown): value is Bytes {
  return value === null || value === undefined || typeof value === 'string' || Buffer.isBuffer(value);
}

/** Length, attributes (none), time (that of the batch), offset, key, value, headers. */
function encode(offsetDelta: number, key: Bytes, value: Bytes, headers: readonly [string, Bytes][]): EncodedRecord {
  let size = 2 + sizeOf(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value) + sizeOf(headers.length);
  for (const [name, text] of headers) size += sizeOfBytes(name) + sizeOfBytes(text);
  const buffer = Buffer.allocUnsafe(sizeOf(size) + size);
  let at = write(buffer, 0, size);
  buffer[at++] = 0;
  buffer[at++] = 0;
  at = write(buffer, at, offsetDelta);
  at = writeBytes(buffer, at, key);
  at = writeBytes(buffer, at, value);
  at = write(buffer, at, headers.length);
  for (const [name, text] of headers) at = writeBytes(buffer, writeBytes(buffer, at, name), text);
  return { buf: buffer, buffer };
}

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function sizeOf(value: number): number {
  let bytes = 1;
  for (let rest = zigzag(value) >>> 7; rest !== 0; rest >>>= 7) bytes += 1;
  return bytes;
}

function sizeOfBytes(value: Bytes): number {
  if (value === null || value === undefined) return sizeOf(-1);
  const length = Buffer.byteLength(value);
  return sizeOf(length) + length;
}

function write(buffer: Buffer, at: number, value: number): number {
  let next = at;
  let rest = zigzag(value);
  for (; rest > 0x7f; rest >>>= 7) buffer[next++] = (rest & 0x7f) | 0x80;
  buffer[next++] = rest;
  return next;
}

function writeBytes(buffer: Buffer, at: number, value: Bytes): number {
  if (value === null || value === undefined) return write(buffer, at, -1);
  const length = Buffer.byteLength(value);
  const start = write(buffer, at, length);
  if (typeof value === 'string') buffer.write(value, start, length, 'utf8');
  else value.copy(buffer, start);
  return start + length;
}
