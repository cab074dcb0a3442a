import { describe, expect, test } from '@jest/globals';
import { fromCents, lineCents, showCents } from './money.js';

describe('the amount of a line', () => {
  test.each([
    [2, 12.5, 2500n],
    [3, 0.1, 30n],
    [12, 19.99, 23988n],
    [1, 0, 0n],
    [1_000_000, 263.5, 26350000000n],
    [7, 1e21, 700000000000000000000000n],
  ])('%d × %d is exact', (quantity, price, cents) => {
    expect(lineCents(quantity, price)).toBe(cents);
  });

  test.each([
    [10, 6.545, 6545n],
    [3, 6.545, 1964n],
    [1, 1.005, 101n],
    [1, 1e-7, 0n],
    [100_000, 1e-7, 1n],
    [12, 14 * 0.85, 14280n],
  ])('%d × %d, a price of more than two decimals, is rounded half up for the line', (quantity, price, cents) => {
    expect(lineCents(quantity, price)).toBe(cents);
  });
});

test('cents are shown as money', () => {
  expect(fromCents(126550)).toBe(1265.5);
  expect(showCents(126550)).toBe('1,265.50');
});
