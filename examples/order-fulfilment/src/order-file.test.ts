import { describe, expect, test } from '@jest/globals';
import { readOrders, readStock } from './order-file.js';

const line = { sku: 'a', quantity: 2, unitPrice: 12.5 };
const order = { orderId: '1', customerId: 'c', lines: [line] };
const text = (...lines: readonly unknown[]) => lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');

describe('orders from a file', () => {
  test('are read with their total in cents', () => {
    const two = { ...order, lines: [line, { sku: 'a', quantity: 3, unitPrice: 0.1 }] };
    const { orders, badLines } = readOrders(text(two));
    expect(badLines).toEqual([]);
    expect(orders).toEqual([
      {
        orderId: '1',
        customerId: 'c',
        total: 2530,
        lines: [
          { sku: 'a', quantity: 2 },
          { sku: 'a', quantity: 3 },
        ],
      },
    ]);
  });

  test('empty lines, a byte order mark, carriage returns and other fields do not matter', () => {
    const { orders, badLines } = readOrders(`\uFEFF${text({ ...order, note: 'x' })}\r\n\r\n  \n${text({ ...order, orderId: '2' })}\r\n`);
    expect(orders.map(({ orderId }) => orderId)).toEqual(['1', '2']);
    expect(badLines).toEqual([]);
  });

  test('ids may be whole numbers', () => {
    const { orders, badLines } = readOrders(text({ orderId: 10248, customerId: 7, lines: [{ ...line, sku: 11 }] }));
    expect(orders).toMatchObject([{ orderId: '10248', customerId: '7', lines: [{ sku: '11' }] }]);
    expect(badLines).toEqual([]);
  });

  test('a repeat of an order is the same order', () => {
    const { orders, badLines } = readOrders(text(order, { lines: order.lines, customerId: 'c', orderId: '1' }));
    expect(orders).toHaveLength(1);
    expect(badLines).toEqual([]);
  });

  const withLine = (changes: object) => ({ ...order, lines: [{ ...line, ...changes }] });
  test.each<[unknown, string]>([
    ['{"orderId":', 'not JSON'],
    ['[]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['7', 'not a JSON object'],
    [{ ...order, orderId: undefined }, 'orderId: is missing'],
    [{ ...order, orderId: 5.5 }, 'orderId: must be a text or a whole number'],
    [{ ...order, orderId: true }, 'orderId: must be a text or a whole number'],
    [{ ...order, orderId: '' }, 'orderId: must not be empty'],
    [{ ...order, orderId: 'x'.repeat(201) }, 'orderId: is longer than 200 characters'],
    [{ ...order, orderId: 'a\u0007' }, 'orderId: has control characters, or half characters'],
    ['{"orderId":"\\ud800","customerId":"c","lines":[]}', 'orderId: has control characters, or half characters'],
    [{ ...order, customerId: null }, 'customerId: must be a text or a whole number'],
    [{ ...order, lines: undefined }, 'lines: is missing'],
    [{ ...order, lines: {} }, 'lines: must be a list'],
    [{ ...order, lines: [] }, 'lines: must not be empty'],
    [withLine({ sku: undefined }), 'lines.0.sku: is missing'],
    [withLine({ quantity: 0 }), 'lines.0.quantity: must be at least 1'],
    [withLine({ quantity: -1 }), 'lines.0.quantity: must be at least 1'],
    [withLine({ quantity: 1.5 }), 'lines.0.quantity: must be a whole number'],
    [withLine({ quantity: '1' }), 'lines.0.quantity: must be a whole number'],
    [withLine({ unitPrice: -0.01 }), 'lines.0.unitPrice: must not be negative'],
    [withLine({ unitPrice: '12.50' }), 'lines.0.unitPrice: must be a number'],
    [withLine({ unitPrice: undefined }), 'lines.0.unitPrice: is missing'],
    [withLine({ quantity: 1e15, unitPrice: 1e15 }), 'lines: the amount is too large to be exact'],
    [{ ...order, note: 'x'.repeat(200_000) }, 'longer than 102400 bytes'],
  ])('%j is no order', (bad, reason) => {
    const { orders, badLines } = readOrders(text({ ...order, orderId: 'before' }, bad, { ...order, orderId: 'after' }));
    expect(badLines).toEqual([{ line: 2, reason }]);
    expect(orders.map(({ orderId }) => orderId)).toEqual(['before', 'after']);
  });

  test('an id that stands for another order already is a bad line, and the first order stays', () => {
    const { orders, badLines } = readOrders(text(order, { ...order, customerId: 'd' }));
    expect(badLines).toEqual([{ line: 2, reason: 'orderId: 1 stands in an earlier line with other content' }]);
    expect(orders).toMatchObject([{ customerId: 'c' }]);
  });
});

describe('stock from a file', () => {
  test('is units by sku', () => {
    expect([...readStock('{"a":5,"b":0}')]).toEqual([
      ['a', 5],
      ['b', 0],
    ]);
  });

  test.each([
    ['{', 'not JSON'],
    ['[1]', 'must be an object'],
    ['{"a":-1}', 'a: must not be negative'],
    ['{"a":1.5}', 'a: must be a whole number'],
    ['{"a":"5"}', 'a: must be a whole number'],
  ])('%s is refused', (bad, reason) => {
    expect(() => readStock(bad)).toThrow(reason);
  });
});
