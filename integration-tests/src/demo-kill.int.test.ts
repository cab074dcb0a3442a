import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { DEMO, nodeArguments } from './built.js';

/**
 * The demo is killed, again and again, at random moments while it works, and started anew each time: it must come to the very end it
 * would have come to undisturbed. `SKALD_ORDERS=5000 SKALD_KILLS=100` makes it the large version, `SKALD_SEED` another one.
 */
const orders = Number(process.env['SKALD_ORDERS'] ?? 400);
const kills = Number(process.env['SKALD_KILLS'] ?? 10);
const seed = Number(process.env['SKALD_SEED'] ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'skald-demo-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly process: ChildProcess;
  /** It says that it has begun to work, or is over. */
  readonly atWork: Promise<void>;
  readonly end: Promise<End>;
}

function start(data: string): Run {
  const faults = ['--decline', '0.1', '--out-of-stock', '0.1', '--crash-service', '0.1'];
  const args = nodeArguments(DEMO, '--json', '--data', data, '--orders', `${orders}`, '--seed', `${seed}`);
  const child = spawn(process.execPath, [...args, ...faults], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  const end = new Promise<End>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
  const atWork = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
      if (stderr.includes('have ended\n')) resolve();
    });
    void end.then(() => resolve());
  });
  return { process: child, atWork, end };
}

interface Report {
  readonly seconds: number;
  readonly sagasPerSecond: number;
  readonly audit: Readonly<Record<string, boolean>>;
}

async function toItsEnd(data: string): Promise<Report> {
  const { code, stdout, stderr } = await start(data).end;
  expect({ code, troubles: troublesIn(stderr) }).toEqual({ code: 0, troubles: [] });
  return JSON.parse(stdout);
}

function troublesIn(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/orders have ended$| a second$/.test(line));
}

/** From 0 to 1, the same for the same seed. */
function* moments(): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const title = `killed ${kills} times while it works on ${orders} orders, the demo ends as if undisturbed`;
const patience = 60_000 + kills * 10_000;

test(
  title,
  async () => {
    const { seconds, sagasPerSecond: _, ...undisturbed } = await toItsEnd(join(folder, 'undisturbed'));
    expect(Object.values(undisturbed.audit)).not.toContain(false);

    // On average each run may do its share of the work, so that nearly all of the kills find it at work.
    const share = (2 * seconds * 1_000) / (kills + 1);
    const data = join(folder, 'killed');
    const moment = moments();
    let killed = 0;
    for (let runs = 0; runs < kills; runs += 1) {
      const run = start(data);
      await run.atWork;
      await setTimeout(moment.next().value * share);
      run.process.kill('SIGKILL');
      const { signal, code, stdout, stderr } = await run.end;
      expect(troublesIn(stderr)).toEqual([]);
      if (signal === null) expect(code).toBe(0);
      else if (stdout === '') killed += 1;
    }
    const { seconds: __, sagasPerSecond: ___, ...disturbed } = await toItsEnd(data);
    expect(disturbed).toEqual(undisturbed);
    expect(killed).toBeGreaterThan(kills / 2);
  },
  patience,
);
