/**
 * The log on disk: a line of JSON for each write, all events of it.
 *
 * J1. A write is acknowledged, and seen by readers, only after its line was handed to the operating system: it outlives the process.
 *     Not the machine: nothing is synced to the disk unless asked for. It is a test server.
 * J2. A line that was cut short by a kill was never acknowledged; it is dropped when the file is opened.
 */
import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from './log-record.js';

type Row = readonly [
  position: number,
  stream: string,
  revision: number,
  id: string,
  type: string,
  isJson: boolean,
  data: string,
  metadata: string,
  created: number,
];

export class Journal {
  readonly #file: number;
  readonly records: LogRecord[] = [];

  constructor(
    folder: string,
    private readonly sync: boolean,
  ) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'events.jsonl');
    this.#file = openSync(path, 'a+');
    const content = readFileSync(path);
    const whole = content.lastIndexOf(10) + 1;
    if (whole < content.length) ftruncateSync(this.#file, whole);
    for (const line of content.subarray(0, whole).toString().split('\n')) {
      if (line !== '') this.records.push(...(JSON.parse(line) as Row[]).map(fromRow));
    }
  }

  write(records: readonly LogRecord[]): void {
    const line = Buffer.from(`${JSON.stringify(records.map(toRow))}\n`);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
    if (this.sync) fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function toRow({ position, stream, revision, id, type, isJson, data, metadata, created }: LogRecord): Row {
  return [position, stream, revision, id, type, isJson, base64(data), base64(metadata), created];
}

function fromRow([position, stream, revision, id, type, isJson, data, metadata, created]: Row): LogRecord {
  return {
    ...{ position, stream, revision, id, type, isJson, created },
    data: Buffer.from(data, 'base64'),
    metadata: Buffer.from(metadata, 'base64'),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
