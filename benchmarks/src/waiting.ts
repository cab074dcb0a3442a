/**
 * `npm run bench -- waiting [--json] [--sagas 100000]`: so many sagas wait in the embedded store, half of them for one moment, half for an
 * approval. Their process is killed (SIGKILL), and another takes over: what it costs to begin, what it costs to wait, how all that is due in
 * one second is woken, and how the others are answered. While they wake, new sagas are started one after the other: their latency says
 * whether the crowd keeps others waiting. Each process is one of its own.
 */
import 'reflect-metadata';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type RunningSkald, Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import type { Clock } from '@skald/kernel';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    sagas: { type: 'string', default: '100000' },
    role: { type: 'string' },
    folder: { type: 'string', default: '' },
  },
});
const sagas = Number(values.sagas);
const MEBIBYTE = 1024 * 1024;
/** Far away: the process that takes over has a clock that is ahead, so that nobody need wait for it. */
const DUE = Date.UTC(2100, 0, 1);
/** From the start of the second process until the first is due, in milliseconds. */
const AHEAD = 3_000;
const AT_ONCE = 500;

@Participant('desk')
class Desk {
  async close(id: number): Promise<number> {
    return id;
  }
}
const desk = participant<Desk>('desk');
const timed = defineSaga<{ readonly id: number }>({ name: 'timed', version: 1 })
  .wait('coolOff', { until: ({ id }) => new Date(DUE + (id % 1_000)) })
  .step('close', ({ id }) => desk.close(id))
  .done();
const approved = defineSaga<{ readonly id: number }>({ name: 'approved', version: 1 })
  .signal('approval', { receive: (by: string) => by })
  .step('close', ({ id }) => desk.close(id))
  .done();
const quick = defineSaga<{ readonly id: number }>({ name: 'quick', version: 1 })
  .step('close', ({ id }) => desk.close(id))
  .done();

/** Runs as the system's clock does, and says so much more. */
function ahead(by: number): Clock {
  return {
    now: () => Date.now() + by,
    at(when, callback) {
      const timer = globalThis.setTimeout(callback, Math.max(0, Math.min(when - by - Date.now(), 60_000)));
      return () => clearTimeout(timer);
    },
  };
}

const open = (clock?: Clock) =>
  Skald.embedded({ file: join(values.folder, 'skald.db'), ...(clock && { clock }) })
    .sagas(timed, approved, quick)
    .participants(Desk)
    .start();
const memory = (): number => Math.round(process.memoryUsage.rss() / MEBIBYTE);
const seconds = (since: number): number => Math.round(performance.now() - since) / 1_000;

async function eachOf(count: number, act: (id: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** With what is not yet in the store's main file. */
function stored(): number {
  const sizes = readdirSync(values.folder).map((file) => statSync(join(values.folder, file)).size);
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / MEBIBYTE);
}

/** Begins all of them, and then only waits to be killed. */
async function fill() {
  const app = await open();
  const begun = performance.now();
  await eachOf(sagas / 2, async (id) => {
    await app.sagas.start(timed, { id }, { id: `${id}` });
    await app.sagas.start(approved, { id }, { id: `${id}` });
  });
  return { seconds: seconds(begun), mebibytes: memory(), storeMebibytes: stored() };
}

/** The highest resident memory, and the longest time that nothing else could be done, in milliseconds, since it was last asked. */
function watch() {
  let [peak, longest, last] = [0, 0, performance.now()];
  setInterval(() => {
    peak = Math.max(peak, memory());
    longest = Math.max(longest, performance.now() - last - 20);
    last = performance.now();
  }, 20).unref();
  return () => {
    const seen = { mebibytes: peak, longestPauseMilliseconds: Math.round(longest) };
    [peak, longest] = [0, 0];
    return seen;
  };
}

async function completed(app: RunningSkald, count: number): Promise<void> {
  while (((await app.sagas.count()).completed ?? 0) < count) await setTimeout(50);
}

/** Starts one saga after the other until `over`: how long each takes to its end, in milliseconds. */
async function others(app: RunningSkald, over: () => boolean) {
  const took: number[] = [];
  while (!over()) {
    const begun = performance.now();
    await (await app.sagas.start(quick, { id: took.length })).result();
    took.push(performance.now() - begun);
    await setTimeout(20);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(took[Math.floor(took.length * share)] ?? 0);
  return {
    sagas: took.length,
    medianMilliseconds: at(0.5),
    p99Milliseconds: at(0.99),
    worstMilliseconds: at(1 - 1 / Math.max(1, took.length)),
  };
}

async function takeOver() {
  const seen = watch();
  const bare = memory();
  const begun = performance.now();
  const by = DUE - Date.now() - AHEAD;
  const app = await open(ahead(by));
  const start = { milliseconds: Math.round(performance.now() - begun), mebibytes: memory(), bareMebibytes: bare };
  const waiting = await app.sagas.count();
  if (waiting.running !== sagas) throw new Error(`${JSON.stringify(waiting)} are there, and ${sagas} were started`);
  await setTimeout(Math.max(0, DUE - by - Date.now()));
  seen();
  const due = performance.now();
  let isOver = false;
  const beside = others(app, () => isOver);
  const before = (await app.sagas.count()).completed ?? 0;
  while (((await app.sagas.list({ saga: 'timed', status: ['running'], limit: 1 })).sagas.length ?? 0) > 0) await setTimeout(50);
  const woken = { seconds: seconds(due), ...seen() };
  isOver = true;
  const latency = await beside;
  const asked = performance.now();
  await eachOf(sagas / 2, (id) => app.sagas.signal(approved, `${id}`, 'approval', 'anna'));
  await completed(app, before + sagas + latency.sagas);
  const answered = { seconds: seconds(asked), ...seen() };
  await app.stop();
  return { start, woken, latency, answered };
}

function begin(role: string, folder: string): ChildProcess {
  const args = ['--role', role, '--folder', folder, '--sagas', values.sagas];
  return fork(fileURLToPath(import.meta.url), args, { execArgv: ['--disable-warning=ExperimentalWarning'] });
}

async function report(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'skald-waiting-'));
  try {
    const first = begin('fill', folder);
    const [filled] = (await once(first, 'message')) as [Awaited<ReturnType<typeof fill>>];
    first.kill('SIGKILL');
    await once(first, 'exit');
    const second = begin('take-over', folder);
    const [{ start, woken, latency, answered }] = (await once(second, 'message')) as [Awaited<ReturnType<typeof takeOver>>];
    await once(second, 'exit');
    const measured = { sagas, filled, start, woken, latency, answered };
    const lines = [
      `${sagas} sagas begun in ${filled.seconds} s: ${filled.mebibytes} MiB of memory, ${filled.storeMebibytes} MiB stored; then killed`,
      `begun anew in ${start.milliseconds} ms, ${start.mebibytes} MiB of memory (${start.bareMebibytes} before)`,
      `${sagas / 2} due in one second: all through in ${woken.seconds} s, at most ${woken.mebibytes} MiB, never longer than ${woken.longestPauseMilliseconds} ms at a time`,
      `meanwhile ${latency.sagas} new sagas, each in ${latency.medianMilliseconds} ms (median), ${latency.worstMilliseconds} ms at worst`,
      `${sagas / 2} approvals: all through in ${answered.seconds} s, at most ${answered.mebibytes} MiB`,
    ];
    process.stdout.write(values.json ? `${JSON.stringify(measured)}\n` : `${lines.join('\n')}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.role === undefined) await report();
else process.send?.(await (values.role === 'fill' ? fill() : takeOver()));
if (values.role === 'take-over') process.exit();
