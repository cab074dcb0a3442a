import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Parameters } from './data-folder.js';
import { generatedOrders, generatedStock } from './generated-orders.js';
import { type DemoOptions, UsageError } from './options.js';
import type { Order } from './order.js';
import { type BadLine, readOrders, readStock } from './order-file.js';

/** The orders of a run, each time the same. */
export interface OrderSource {
  readonly count: number;
  readonly badLines: readonly BadLine[];
  readonly stock: ReadonlyMap<string, number>;
  readonly parameters: Parameters;
  orders(): Iterable<Order>;
}

/** Throws `UsageError` when a file cannot be used. */
export function orderSource({ source, seed, faults }: DemoOptions): OrderSource {
  const luck = { seed, decline: faults.decline, 'out-of-stock': faults.outOfStock, 'crash-service': faults.crashService };
  if ('orders' in source) {
    const { orders: count } = source;
    const parameters = { orders: count, ...luck };
    return { count, badLines: [], stock: generatedStock(count), parameters, orders: () => generatedOrders(seed, count) };
  }
  const input = readFile(source.input);
  const stock = readFile(source.stock);
  const { orders, badLines } = readOrders(input);
  const parameters = { input: fingerprint(input), stock: fingerprint(stock), ...luck };
  return { count: orders.length, badLines, stock: stockOf(source.stock, stock), parameters, orders: () => orders };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function stockOf(path: string, text: string): Map<string, number> {
  try {
    return readStock(text);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fingerprint(text: string): string {
  return `sha256 ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
