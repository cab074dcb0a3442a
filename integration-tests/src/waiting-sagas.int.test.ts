import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { DUE } from './waiting-saga.js';

/** `SKALD_WAITING=100000` makes it the large version; `npm run bench -- waiting` has the figures. */
const sagas = Number(process.env['SKALD_WAITING'] ?? 5_000);
/** Until the first is due, in milliseconds, from the start of the process that takes over. */
const SOON = 2_000;

const folder = mkdtempSync(join(tmpdir(), 'skald-waiting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const begun = new Set<ChildProcess>();
afterEach(() => {
  for (const child of begun) child.kill('SIGKILL');
});

function begin(role: 'fill' | 'wait', ahead = 0): ChildProcess {
  const program = fileURLToPath(new URL('../dist/waiting-fixture.js', import.meta.url));
  const child = fork(program, [folder, role, `${sagas}`, `${ahead}`], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  begun.add(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  expect((await over)[1]).toBe('SIGKILL');
}

/** Resolves with what the process says as soon as that fits; rejects when it ends before. */
async function says<T>(child: ChildProcess, fits: (message: T) => boolean): Promise<T> {
  const ended = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      child.on('message', (message) => fits(message as T) && resolve(message as T));
      once(child, 'exit', { signal: ended.signal }).then(
        ([code]) => reject(new Error(`the process has ended with ${String(code)}`)),
        () => undefined,
      );
    });
  } finally {
    ended.abort();
  }
}

test(
  `${sagas} sagas that wait in a process that is killed all go on in others, once each and not before their time`,
  async () => {
    const filled = begin('fill');
    await says<unknown>(filled, (message) => message === 'filled');
    await kill(filled);

    // The clock of those that take over is ahead, so that what is due in many years is due soon, and all in one second.
    const ahead = DUE - Date.now() - SOON;
    const second = begin('wait', ahead);
    const there = await says<{ running?: number }>(second, ({ running }) => running !== undefined);
    expect(there.running).toBe(sagas);
    await says<{ completed?: number }>(second, ({ completed = 0 }) => completed > sagas / 4 && completed < sagas);
    await kill(second);

    const third = begin('wait', ahead);
    const ended = says<unknown>(third, (message) => message === 'ended');
    const over = once(third, 'exit');
    await ended;
    expect((await over)[0]).toBe(0);

    const db = new DatabaseSync(join(folder, 'desk.db'), { readOnly: true });
    const visits = db.prepare('SELECT saga, at FROM visits ORDER BY saga').all() as { saga: number; at: number }[];
    db.close();
    expect(visits.map(({ saga }) => saga)).toEqual(Array.from({ length: sagas }, (_, id) => id));
    expect(visits.filter(({ saga, at }) => saga % 2 === 0 && at < DUE + (saga % 1_000))).toEqual([]);
  },
  60_000 + sagas * 20,
);
