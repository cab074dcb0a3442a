import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { demo } from './demo.js';
import { type DemoOptions, parseOptions, UsageError } from './options.js';
import type { Report } from './report.js';

let folder: string;
let told: string[];
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-demo-'));
  said = '';
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly report: Report }> {
  told = [];
  const options = parseOptions(['--data', join(folder, 'data'), '--json', ...args]) as DemoOptions;
  const progress = new PassThrough();
  progress.on('data', (chunk) => {
    said += String(chunk);
  });
  const output = {
    out: (line: string) => void told.push(line),
    progress: progress as unknown as NodeJS.WriteStream,
    colours: false,
    width: undefined,
  };
  const code = await demo(options, output, () => {});
  return { code, report: JSON.parse(told[0] ?? 'null') };
}

function file(name: string, ...lines: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

const allTrue = {
  everySagaEnded: true,
  everyStreamObeysTheLaws: true,
  moneyMatches: true,
  stockMatches: true,
  ordersMatch: true,
  noEffectTwice: true,
};

describe('generated orders', () => {
  test('with everything going wrong end as they should', async () => {
    const faults = ['--decline', '0.3', '--out-of-stock', '0.2', '--crash-service', '0.5'];
    const { code, report } = await run('--orders', '100', '--seed', '7', ...faults);
    expect({ code, audit: report.audit }).toEqual({ code: 0, audit: allTrue });
    expect(report.completed + report.compensated).toBe(100);
    expect(report.compensated).toBeGreaterThan(20);
    expect(report).toMatchObject({ orders: 100, badLines: 0, failed: 0, cancelled: 0, suspended: 0 });
  });

  test('end the same each time, and a second run in the folder does nothing twice', async () => {
    const { report } = await run('--orders', '50');
    const again = await run('--orders', '50');
    const fresh = await run('--orders', '50', '--fresh');
    const { seconds: _, sagasPerSecond: __, ...same } = report;
    expect(again).toEqual({ code: 0, report: { ...same, seconds: 0, sagasPerSecond: 0 } });
    expect(fresh.report).toMatchObject(same);
    expect(fresh.report.seconds).toBeGreaterThan(0);
  });

  test('of other parameters are not mixed with those of an earlier run', async () => {
    await run('--orders', '5');
    await expect(run('--orders', '6')).rejects.toThrow(UsageError);
    await expect(run('--orders', '5', '--seed', '1')).rejects.toThrow('seed: 42 then, 1 now');
  });
});

describe('orders from a file', () => {
  const order = (orderId: string, ...lines: readonly (readonly [sku: string, quantity: number, unitPrice: number])[]) => ({
    orderId,
    customerId: 'c',
    lines: lines.map(([sku, quantity, unitPrice]) => ({ sku, quantity, unitPrice })),
  });

  test('come to what a person computes', async () => {
    const input = file(
      'orders.ndjson',
      order('A', ['tea', 2, 12.5], ['cup', 1, 0.1]),
      order('B', ['tea', 3, 12.49], ['tea', 4, 12.49]),
      'this is no order',
      order('C', ['gone', 1, 5]),
      order('D', ['cup', 3, 0.1], ['unheard-of', 1, 1]),
      '',
      order('E', ['gold', 20, 10_000]),
      order('F', ['cup', 0, 1]),
      order('A', ['tea', 2, 12.5], ['cup', 1, 0.1]),
    );
    const stock = file('stock.json', { tea: 9, cup: 100, gone: 0, gold: 50 });
    const { code, report } = await run('--input', input, '--stock', stock);
    // A 25.00 + 0.10, B 7 × 12.49 = 87.43, E 200,000.00; C and D ask for what is not there.
    expect({ ...report, seconds: 0, sagasPerSecond: 0, code }).toEqual({
      ...{ code: 0, orders: 5, badLines: 2, completed: 3, compensated: 2, failed: 0, cancelled: 0, suspended: 0 },
      ...{ charged: 200_112.53, seconds: 0, sagasPerSecond: 0, audit: allTrue },
    });
    expect(said).toContain('line 3 skipped: not JSON\n');
    expect(said).toContain('line 8 skipped: lines.0.quantity: must be at least 1\n');
  });

  test('may be none at all', async () => {
    const { code, report } = await run('--input', file('orders.ndjson', 'x'), '--stock', file('stock.json', {}));
    expect({ code, ...report }).toMatchObject({ code: 0, orders: 0, badLines: 1, charged: 0, audit: allTrue });
  });

  test('that cannot be read are a matter of usage', async () => {
    await expect(run('--input', join(folder, 'nowhere'), '--stock', file('stock.json', {}))).rejects.toThrow(UsageError);
    await expect(run('--input', file('o', ''), '--stock', file('stock.json', { a: -1 }))).rejects.toThrow('a: must not be negative');
  });
});

describe('the audit', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['money that was captured twice', 'payments.db', "UPDATE payments SET amount = amount * 2 WHERE state = 'captured'", ['moneyMatches']],
    ['stock that disappeared', 'inventory.db', 'UPDATE stock SET available = available - 1 WHERE available > 0', ['stockMatches']],
    [
      'goods that were shipped once more',
      'inventory.db',
      'UPDATE stock SET available = available - 1, shipped = shipped + 1 WHERE available > 0',
      ['noEffectTwice'],
    ],
    ['an order that nobody placed', 'orders.db', "INSERT INTO orders (order_id, customer_id, total) VALUES ('x', 'c', 1)", ['ordersMatch']],
    ['a change that was made twice', 'orders.db', 'UPDATE orders SET changes = changes + 1', ['noEffectTwice']],
  ])('finds %s', async (_, name, tampering, checks) => {
    await run('--orders', '10', '--out-of-stock', '0', '--decline', '0');
    const db = new DatabaseSync(join(folder, 'data', name));
    db.exec(tampering);
    db.close();
    const { code, report } = await run('--orders', '10', '--out-of-stock', '0', '--decline', '0');
    expect(code).toBe(1);
    expect(report.audit).toEqual({ ...allTrue, ...Object.fromEntries(checks.map((check) => [check, false])) });
  });
});
