import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { SkaldError } from '@skald/kernel';
import { UsageError } from './options.js';
import { STORE_FILE } from './shop-files.js';

/** What decides how the orders of a run end: a run that is carried on must have the same. */
export type Parameters = Readonly<Record<string, string | number>>;

interface Memory {
  readonly parameters: Parameters;
  /** When all of its orders had ended. */
  readonly finished?: string;
}

const MEMORY = 'demo.json';
const DATABASES = [STORE_FILE, 'orders.db', 'payments.db', 'inventory.db'];
const SIDE_FILES = ['', '-wal', '-shm', '-journal', '-owner', '-owner-journal', '-shared', '-shared-journal'];
/** Of a run on Kafka: the broker's data, what the processes have to say, and what its topics begin with. */
const KAFKA_FOLDER = 'kafka';
/** Of the managers and of the test server of EventStoreDB. */
const INDEXES = ['manager-1', 'manager-2'].map((name) => `${STORE_FILE}-index-${name}`);

export interface FolderUse {
  readonly fresh: boolean;
  /** Nobody named this folder: what is finished there may go. */
  readonly isDefault: boolean;
}

/** Makes a folder ready for a run with these parameters. Rejects with `UsageError` when another run was interrupted there. */
export async function prepareFolder(folder: string, parameters: Parameters, { fresh, isDefault }: FolderUse): Promise<'new' | 'continued'> {
  mkdirSync(folder, { recursive: true });
  const memory = fresh ? undefined : recall(folder);
  if (memory && !(isDefault && memory.finished !== undefined)) {
    const differences = differing(memory.parameters, parameters);
    if (differences.length === 0) return 'continued';
    const state = memory.finished === undefined ? 'began' : 'was finished';
    throw new UsageError(
      `in ${folder} a run ${state} with other parameters:\n${differences.join('\n')}\n` +
        'Give the same ones to carry on, --fresh to start over, or another folder with --data.',
    );
  }
  if (!memory && !fresh && existsSync(join(folder, STORE_FILE))) {
    throw new UsageError(
      `${folder} has a ${STORE_FILE} that is not of this demo. Choose another folder with --data, or delete it with --fresh.`,
    );
  }
  await clear(folder);
  remember(folder, { parameters });
  return 'new';
}

export function rememberFinished(folder: string, parameters: Parameters): void {
  remember(folder, { parameters, finished: new Date().toISOString() });
}

function recall(folder: string): Memory | undefined {
  const file = join(folder, MEMORY);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Memory) : undefined;
}

function remember(folder: string, memory: Memory): void {
  writeWhole(join(folder, MEMORY), `${JSON.stringify(memory, null, 2)}\n`);
}

/** Whole or not at all, whenever the process is killed. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { flush: true });
  renameSync(`${file}.new`, file);
}

function differing(before: Parameters, now: Parameters): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => `  ${name}: ${before[name] ?? 'none'} then, ${now[name] ?? 'none'} now`);
}

/** Deletes this demo's files and no others. The memory goes first: what is half deleted is no run to carry on. */
async function clear(folder: string): Promise<void> {
  const files = [...DATABASES, ...INDEXES].flatMap((name) => SIDE_FILES.map((side) => join(folder, `${name}${side}`)));
  if (existsSync(join(folder, STORE_FILE))) await refuseWhileInUse(join(folder, STORE_FILE));
  for (const file of [join(folder, MEMORY), ...files]) rmSync(file, { force: true });
  rmSync(join(folder, KAFKA_FOLDER), { recursive: true, force: true });
}

/** What belongs to Kafka, in a folder that is there. */
export function kafkaFolder(folder: string): string {
  const path = join(folder, KAFKA_FOLDER);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Begins the names of topics and groups: another one for every new run, for which old messages mean nothing. */
export function kafkaPrefix(folder: string): string {
  const file = join(kafkaFolder(folder), 'prefix');
  if (!existsSync(file)) writeWhole(file, `shop-${randomUUID().slice(0, 8)}`);
  return readFileSync(file, 'utf8');
}

/** Of the test server in place of EventStoreDB. */
export function eventStoreFolder(folder: string): string {
  return join(kafkaFolder(folder), 'eventstore');
}

async function refuseWhileInUse(file: string): Promise<void> {
  try {
    await (await openSqliteStore({ file })).close();
  } catch (error) {
    // Whatever else is wrong with it, it is about to be deleted.
    if (error instanceof SkaldError && error.code === 'store-in-use') throw error;
  }
}
