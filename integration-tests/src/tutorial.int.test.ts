import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { nodeArguments, SKALD, TRAVEL_DESK } from './built.js';

/** The tutorial, as it is told: what is typed, killed, started again and approved. */
const folder = mkdtempSync(join(tmpdir(), 'skald-tutorial-'));

let desk: Desk;

class Desk {
  readonly #process: ChildProcess;
  #lines: string[] = [];
  #waiting: (() => void) | undefined;

  constructor() {
    this.#process = spawn(process.execPath, nodeArguments(TRAVEL_DESK), { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    let rest = '';
    this.#process.stdout?.on('data', (chunk) => {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      this.#lines.push(...parts);
      this.#waiting?.();
    });
  }

  type(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  /** What it has said when it says this line, and forgets it. */
  async says(line: string): Promise<string[]> {
    for (;;) {
      const at = this.#lines.indexOf(line);
      if (at >= 0) return this.#lines.splice(0, at + 1);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  async end(how: 'kill -9' | 'end of input'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#process.on('close', resolve));
    if (how === 'kill -9') this.#process.kill('SIGKILL');
    else this.#process.stdin?.end();
    await closed;
  }
}

function skald(...args: readonly string[]): string {
  return spawnSync(process.execPath, nodeArguments(SKALD, ...args, '--data', '.trips'), { cwd: folder, encoding: 'utf8' }).stdout;
}

const PROMPT = 'Who goes where, for how many nights? As in: ann lisbon 3';

afterEach(() => desk.end('kill -9'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('The tutorial', () => {
  test('books, undoes, and knows again', async () => {
    desk = new Desk();
    desk.type('ann lisbon 3');
    expect(await desk.says('trip-ann-lisbon: completed')).toEqual([
      PROMPT,
      'trip-ann-lisbon: begun',
      '  hotel: 3 nights in lisbon booked',
      '  flight: to lisbon booked',
      '  payment: 300 charged to ann',
      'trip-ann-lisbon: completed',
    ]);
    desk.type('bob atlantis 2');
    expect(await desk.says('trip-bob-atlantis: compensated')).toEqual([
      'trip-bob-atlantis: begun',
      '  hotel: 2 nights in atlantis booked',
      '  hotel: room 17 in atlantis cancelled',
      'trip-bob-atlantis: compensated',
    ]);
    desk.type('ann lisbon 3');
    expect(await desk.says('trip-ann-lisbon: is known already')).toHaveLength(1);
    desk.type('ann');
    desk.type('eve oslo 1');
    const [refusal] = await desk.says('trip-eve-oslo: begun');
    expect(refusal).toMatch(/^\[invalid-input\] .*: to: /);
  }, 60_000);

  test('goes on after kill -9, and books nothing twice', async () => {
    desk = new Desk();
    desk.type('cay rome 2');
    await desk.says('  hotel: 2 nights in rome booked');
    while (!skald('show', 'trip-cay-rome').includes('✔ room')) await new Promise(setImmediate);
    await desk.end('kill -9');
    desk = new Desk();
    const lines = await desk.says('trip-cay-rome: completed');
    expect(lines).not.toContain('  hotel: 2 nights in rome booked');
    expect(lines).toContain('  payment: 200 charged to cay');
  }, 60_000);

  test('waits for a person, who looks and decides', async () => {
    desk = new Desk();
    desk.type('dan tokyo 10');
    await desk.says('  flight: to tokyo booked');
    let shown = '';
    while (!shown.includes('◷')) shown = skald('show', 'trip-dan-tokyo');
    expect(shown).toMatch(/◷ approval +waiting for signal approval/);
    expect(skald('signal', 'trip-dan-tokyo', 'approval', '{"approved":true}')).toMatch(/^trip-dan-tokyo: signal approval is recorded/);
    await desk.says('trip-dan-tokyo: completed');
    await desk.end('end of input');
    expect(skald('list', '--status', 'completed', '--json').match(/trip-dan-tokyo/g)).toHaveLength(1);
  }, 60_000);
});
