import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteStore } from '@skald/event-store-sqlite';

/** A real disk of eight megabytes, which can be filled. */
const disk = mkdtempSync(join(tmpdir(), 'skald-full-'));
const reason = mount();
afterAll(() => {
  if (reason === undefined) execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

/** Answers why there is none. */
function mount(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting a disk needs root on Linux';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'skald-test', disk], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no disk can be mounted here: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}

const filler = join(disk, 'filler');

function fill(): void {
  const file = openSync(filler, 'w');
  try {
    // Larger pieces first, the last gaps with small ones.
    for (const bytes of [65_536, 4_096, 512, 1]) writeUntilFull(file, Buffer.alloc(bytes));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    for (;;) if (writeSync(file, piece) < piece.length) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

let release: () => void = () => {};
const released = new Promise<void>((resolve) => {
  release = resolve;
});

@Participant('shop')
class Shop {
  async act(input: { readonly n: number }): Promise<{ readonly n: number; readonly padding: string }> {
    await released;
    return { n: input.n, padding: 'x'.repeat(1_000) };
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<{ readonly n: number }>({ name: 'order', version: 1 })
  .step('act', (input) => shop.act(input))
  .done();

afterEach(() => rmSync(filler, { force: true }));

const onADisk = reason === undefined ? describe : describe.skip;

onADisk(`A full disk${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  it('refuses new sagas by name, keeps what was accepted, and all of it goes on by itself when there is space again', async () => {
    const lines: string[] = [];
    const file = join(disk, 'skald.db');
    const app = await Skald.embedded({ file, log: (line) => lines.push(line) })
      .sagas(order)
      .participants(Shop)
      .start();
    const accepted = new Set<string>();
    for (let n = 0; n < 20; n++) accepted.add((await app.sagas.start(order, { n }, { id: `${n}` })).sagaId);
    fill();
    let refused: unknown;
    for (let n = 20; refused === undefined && n < 20_000; n++) {
      const answer = await Promise.allSettled([app.sagas.start(order, { n }, { id: `${n}` })]);
      if (answer[0].status === 'fulfilled') accepted.add(answer[0].value.sagaId);
      else refused = answer[0].reason;
    }
    expect(refused).toMatchObject({ code: 'store-full', retryable: true, message: expect.stringContaining('Free disk space') });
    // Every action ends now, and its reply finds no room.
    release();
    await expect(app.sagas.start(order, { n: -1 }, { id: 'while-full' })).rejects.toMatchObject({ code: 'store-full' });
    const { running = 0, completed = 0 } = await app.sagas.count();
    expect(running + completed).toBe(accepted.size);
    rmSync(filler);
    const ends = await Promise.all([...accepted].map((sagaId) => app.sagas.ended(sagaId)));
    expect(ends.every(({ status }) => status === 'completed')).toBe(true);
    await (await app.sagas.start(order, { n: -1 }, { id: 'while-full' })).result();
    expect(lines.some((line) => JSON.parse(line).error.includes('store-full'))).toBe(true);
    await app.stop();
    const store = await openSqliteStore({ file });
    expect(await store.index.count()).toEqual({ completed: accepted.size + 1 });
    await store.close();
  });
});
