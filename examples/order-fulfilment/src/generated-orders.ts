import { chance } from './chance.js';
import { SOLD_OUT } from './faults.js';
import type { Order } from './order.js';

const PRODUCTS = 50;
const MOST_LINES = 3;
const MOST_UNITS = 5;
const FIRST_ID = 1001;

/** Orders made from a seed: the n-th is the same in every run, however many there are. */
export function* generatedOrders(seed: number, count: number): Generator<Order> {
  for (let at = 0; at < count; at++) yield generatedOrder(seed, FIRST_ID + at);
}

function generatedOrder(seed: number, number: number): Order {
  const draw = (what: string, from: number, to: number) => from + Math.floor(chance(`${seed}/${number}/${what}`) * (to - from + 1));
  const lines = Array.from({ length: draw('lines', 1, MOST_LINES) }, (_, at) => {
    const product = draw(`product ${at}`, 1, PRODUCTS);
    return { product, quantity: draw(`quantity ${at}`, 1, MOST_UNITS) };
  });
  return {
    orderId: String(number),
    customerId: `customer-${draw('customer', 1, 500)}`,
    lines: lines.map(({ product, quantity }) => ({ sku: skuOf(product), quantity })),
    total: lines.reduce((sum, { product, quantity }) => sum + quantity * priceOf(product), 0),
  };
}

/** Enough for any order that asks for what is in stock. */
export function generatedStock(count: number): Map<string, number> {
  const stock = new Map([[SOLD_OUT, 0]]);
  for (let product = 1; product <= PRODUCTS; product++) stock.set(skuOf(product), count * MOST_LINES * MOST_UNITS);
  return stock;
}

function skuOf(product: number): string {
  return `sku-${String(product).padStart(2, '0')}`;
}

/** In cents: 1.99 to about 97. */
function priceOf(product: number): number {
  return 199 + ((product * 7919) % 9500);
}
