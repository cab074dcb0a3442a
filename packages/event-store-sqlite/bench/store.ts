/**
 * How fast the embedded store is: `node packages/event-store-sqlite/bench/store.ts [events]` after a build; prints JSON. Times in
 * microseconds, with everything that a commit costs on this disk.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent, SagaSummary, StreamWrite } from '@skald/kernel';
import { openParticipantDatabase, openSqliteStore, sqliteFence } from '../dist/index.js';

const EVENTS = Number(process.argv[2] ?? 200_000);
const BATCH = 1_000;
const DATA = JSON.stringify({
  v: 1,
  at: 1_700_000_000_000,
  step: 'reserveStock',
  round: 1,
  attempt: 1,
  result: { id: 'r-123456', lines: [1, 2, 3] },
});
const METADATA = JSON.stringify({ cause: 'b0b5e9c0-1', trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });

function event(): NewEvent {
  const id = randomUUID();
  return { id, type: 'StepSucceeded', data: DATA, metadata: METADATA, hash: createHash('sha256').update(id).digest('hex') };
}

function summary(sagaId: string, n: number): SagaSummary {
  const startedAt = 1_700_000_000_000 + n;
  return {
    sagaId,
    saga: 'order',
    version: 1,
    status: 'running',
    startedAt,
    since: startedAt,
    dueAt: startedAt + 60_000,
    owes: true,
    error: undefined,
  };
}

async function microseconds(times: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(((performance.now() - start) * 100_000) / times) / 100;
}

/** Batches of 1,000 events: each write `length` events long, streams of four writes each, so that one in four creates its stream. */
function batches(length: number, withSummary: boolean): StreamWrite[][] {
  const perBatch = BATCH / length;
  return Array.from({ length: EVENTS / BATCH }, (_, b) =>
    Array.from({ length: perBatch }, (_, i) => {
      const stream = `order-${Math.floor(b / 4)}-${(i * 7919) % perBatch}-customer`;
      const events = Array.from({ length }, event);
      const expectedRevision = (b % 4) * length - 1;
      return {
        stream,
        expectedRevision,
        events,
        ...(withSummary ? { summary: { ...summary(stream, i), dueAt: 1_700_000_060_000 + b } } : {}),
      };
    }),
  );
}

async function appends(folder: string, length: number, withSummary: boolean, shared = false) {
  const file = join(folder, `${length}-${withSummary}-${shared}.db`);
  const store = await openSqliteStore({ file, shared });
  const planned = batches(length, withSummary);
  const each = await microseconds(EVENTS, async () => {
    for (const writes of planned) {
      const outcomes = await store.events.append(writes);
      if (outcomes.some(({ type }) => type !== 'appended')) throw new Error('not appended');
    }
  });
  const readAll = await microseconds(EVENTS, async () => {
    for (let position = 0; position < EVENTS; position += BATCH) await store.events.readAll(position, BATCH);
  });
  const streams = [...new Set(planned.flat().map(({ stream }) => stream))].slice(0, 10_000);
  const readStream = await microseconds(streams.length, async () => {
    for (const stream of streams) await store.events.read(stream);
  });
  await store.close();
  return {
    perEvent: each,
    perWrite: each * length,
    eventsPerSecond: Math.round(1_000_000 / each),
    readAllPerEvent: readAll,
    readStream,
    bytesPerEvent: Math.round(statSync(file).size / EVENTS),
  };
}

async function alone(folder: string, shared = false): Promise<number> {
  const store = await openSqliteStore({ file: join(folder, `alone-${shared}.db`), shared });
  const each = await microseconds(500, async () => {
    for (let n = 0; n < 500; n++) await store.events.append([{ stream: `order-${n}`, expectedRevision: -1, events: [event()] }]);
  });
  await store.close();
  return each;
}

async function fence(folder: string) {
  const db = openParticipantDatabase(join(folder, 'shop.db'));
  const subject = sqliteFence(db);
  const commands = 50_000;
  const each = await microseconds(commands, async () => {
    for (let n = 0; n < commands; n += 500) {
      await subject.session(async (session) => {
        for (let i = n; i < n + 500; i++) {
          const key = `order-${i}/a1b2c3/charge`;
          if (await session.get(key)) throw new Error('seen');
          await session.savepoint(async () => session.put(key, { type: 'succeeded', result: '{"payment":"p-1"}', compensable: true }));
        }
      });
    }
  });
  db.close();
  return { perCommand: each };
}

const folder = mkdtempSync(join(tmpdir(), 'skald-bench-'));
try {
  const report = {
    node: process.version,
    events: EVENTS,
    batch: BATCH,
    oneEventAWrite: await appends(folder, 1, false),
    oneEventAWriteWithSummary: await appends(folder, 1, true),
    fourEventsAWriteWithSummary: await appends(folder, 4, true),
    fourEventsAWriteWithSummaryShared: await appends(folder, 4, true, true),
    oneWriteACommit: await alone(folder),
    oneWriteACommitShared: await alone(folder, true),
    fence: await fence(folder),
  };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
