import { describe, expect, test } from '@jest/globals';
import { parseOptions, UsageError } from './options.js';

describe('options', () => {
  test('without any, orders are generated and things go wrong', () => {
    expect(parseOptions([])).toEqual({
      source: { orders: 5_000 },
      seed: 42,
      faults: { decline: 0.1, outOfStock: 0.1, crashService: 0.05 },
      data: undefined,
      fresh: false,
      json: false,
    });
  });

  test('with a file nothing goes wrong unless asked for', () => {
    const options = parseOptions(['--input', 'a', '--stock=b', '--crash-service', '.5']);
    expect(options).toMatchObject({ source: { input: 'a', stock: 'b' }, faults: { decline: 0, outOfStock: 0, crashService: 0.5 } });
  });

  test('help is help', () => {
    expect(parseOptions(['--help'])).toBe('help');
  });

  test.each([
    [['--order', '5'], '--order'],
    [['--orders', '0'], '--orders 0: a whole number from 1'],
    [['--orders', '1.5'], '--orders 1.5'],
    [['--orders'], '--orders'],
    [['--seed', 'x'], '--seed x'],
    [['--decline', '1.1'], '--decline 1.1: a number from 0 to 1'],
    [['--decline', 'much'], '--decline much'],
    [['--out-of-stock=-1'], '--out-of-stock -1'],
    [['--input', 'a'], '--input and --stock go together'],
    [['--stock', 'a'], '--input and --stock go together'],
    [['--input', 'a', '--stock', 'b', '--orders', '5'], '--orders is for generated orders'],
    [['5000'], '5000'],
  ])('%j is refused', (args, reason) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(reason);
  });
});
