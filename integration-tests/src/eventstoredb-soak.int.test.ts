import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import type { Soak } from './soak-fixture.js';

/** Hours of the manager's clock; SKALD_SOAK_HOURS=72 is the long version, and takes about ten minutes. */
const hours = Number(process.env['SKALD_SOAK_HOURS'] ?? 2);
const fixture = fileURLToPath(new URL('../dist/soak-fixture.js', import.meta.url));

it(
  `A manager on EventStoreDB holds no more after ${hours} hours of sagas, cut connections and killed servers than after a sixth of them`,
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', fixture, `${hours}`]);
    const { completed, holdings, ...happened }: Soak = JSON.parse(stdout);
    process.stdout.write(`${JSON.stringify({ ...happened, completed, first: holdings[0], last: holdings.at(-1) })}\n`);
    expect(completed).toBe(hours * 60);
    const [first, last] = [holdings[0], holdings.at(-1)];
    if (!first || !last) throw new Error('nothing was measured');
    expect(last.listeners).toBeLessThanOrEqual(first.listeners);
    expect(last.alarms).toBeLessThanOrEqual(first.alarms);
    // One connection may be on its way out.
    expect(last.descriptors).toBeLessThanOrEqual(first.descriptors + 2);
    expect(last.resources).toBeLessThanOrEqual(first.resources + 2);
    // Code that is compiled and caches that fill take a few; a saga or a connection that is kept costs several KiB each.
    expect(last.heapMiB).toBeLessThanOrEqual(first.heapMiB + 6);
  },
  hours * 20_000 + 60_000,
);
