import { z } from 'zod';
import { lineCents, MAX_CENTS } from './money.js';
import type { Order } from './order.js';

const wanted = (what: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? 'is missing' : `must be ${what}`),
});

/** Many files number their orders and products: a whole number is taken as the text that it is written as. */
const id = z.preprocess(
  (value) => (Number.isSafeInteger(value) ? String(value) : value),
  z
    .string(wanted('a text or a whole number'))
    .min(1, 'must not be empty')
    .max(200, 'is longer than 200 characters')
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters, or half characters'),
);

/** An order as a file gives it; what else stands there is of no interest. */
const FileOrder = z.object({
  orderId: id,
  customerId: id,
  lines: z
    .array(
      z.object({
        sku: id,
        quantity: z.int(wanted('a whole number')).positive('must be at least 1'),
        unitPrice: z.number(wanted('a number')).nonnegative('must not be negative'),
      }),
      wanted('a list'),
    )
    .min(1, 'must not be empty'),
});
type FileOrder = z.infer<typeof FileOrder>;

export interface BadLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

export interface OrderFile {
  readonly orders: readonly Order[];
  readonly badLines: readonly BadLine[];
}

/** A saga's input is kept in its history, and repeated in what it asks of services. */
const MAX_LINE_BYTES = 100 * 1024;

/** Reads one order a line. Empty lines and repeats of an order are skipped; what is no order is told with its line and the reason. */
export function readOrders(text: string): OrderFile {
  const orders = new Map<string, Order>();
  const written = new Map<string, string>();
  const badLines: BadLine[] = [];
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const read = readLine(line);
    const reason = typeof read === 'string' ? read : addOrder(read, orders, written);
    if (reason !== undefined) badLines.push({ line: at + 1, reason });
  }
  return { orders: [...orders.values()], badLines };
}

function readLine(line: string): FileOrder | string {
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) return `longer than ${MAX_LINE_BYTES} bytes`;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object';
  const { data, error } = FileOrder.safeParse(value);
  return data ?? reasonOf(error);
}

function reasonOf({ issues: [issue] }: z.ZodError): string {
  return issue ? `${issue.path.join('.')}: ${issue.message}` : 'not an order';
}

/** Answers why it cannot be added. */
function addOrder(order: FileOrder, orders: Map<string, Order>, written: Map<string, string>): string | undefined {
  const { orderId, customerId, lines } = order;
  const before = written.get(orderId);
  const now = JSON.stringify(order);
  if (before !== undefined) return before === now ? undefined : `orderId: ${orderId} stands in an earlier line with other content`;
  const total = lines.reduce((sum, { quantity, unitPrice }) => sum + lineCents(quantity, unitPrice), 0n);
  if (total > MAX_CENTS) return 'lines: the amount is too large to be exact';
  written.set(orderId, now);
  orders.set(orderId, { orderId, customerId, lines: lines.map(({ sku, quantity }) => ({ sku, quantity })), total: Number(total) });
  return undefined;
}

const Stock = z.record(z.string(), z.int(wanted('a whole number')).nonnegative('must not be negative'), wanted('an object'));

/** Throws with what is wrong: without its stock a run has no meaning. */
export function readStock(text: string): Map<string, number> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { data, error } = Stock.safeParse(value);
  if (!data) throw new Error(`{"<sku>": quantity} is wanted; ${reasonOf(error)}`);
  return new Map(Object.entries(data));
}
