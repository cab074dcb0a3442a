import { describe, expect, test } from '@jest/globals';
import { parseOptions, TEST_SERVER, UsageError } from './options.js';

describe('options', () => {
  test('without any, orders are generated and things go wrong', () => {
    expect(parseOptions([])).toEqual({
      source: { orders: 5_000 },
      seed: 42,
      faults: { decline: 0.1, outOfStock: 0.1, crashService: 0.05 },
      data: undefined,
      fresh: false,
      json: false,
      rate: undefined,
      kafka: undefined,
    });
  });

  test('with a file nothing goes wrong unless asked for', () => {
    const options = parseOptions(['--input', 'a', '--stock=b', '--crash-service', '.5']);
    expect(options).toMatchObject({ source: { input: 'a', stock: 'b' }, faults: { decline: 0, outOfStock: 0, crashService: 0.5 } });
  });

  test('brokers are those that are named, else those of the environment, else one is to be started', () => {
    const brokers = (args: string[], variables = {}) => parseOptions(args, variables);
    expect(brokers(['--kafka'])).toMatchObject({ kafka: { brokers: undefined, elsewhere: false } });
    expect(brokers(['--kafka'], { KAFKA_BROKERS: 'a:1,b:2' })).toMatchObject({ kafka: { brokers: ['a:1', 'b:2'] } });
    expect(brokers(['--kafka', '--brokers', 'c:3'], { KAFKA_BROKERS: 'a:1' })).toMatchObject({ kafka: { brokers: ['c:3'] } });
    expect(brokers([], { KAFKA_BROKERS: 'a:1' })).toMatchObject({ kafka: undefined });
  });

  test('an event store is the one that is named, or else to be started', () => {
    const of = (...args: string[]) => parseOptions(['--kafka', ...args]);
    expect(of()).toMatchObject({ kafka: { eventstore: undefined } });
    expect(of('--eventstore', 'esdb://a:2113?tls=false')).toMatchObject({ kafka: { eventstore: 'esdb://a:2113?tls=false' } });
    expect(of('--eventstore', '--json')).toMatchObject({ json: true, kafka: { eventstore: TEST_SERVER } });
    expect(of('--eventstore')).toMatchObject({ kafka: { eventstore: TEST_SERVER } });
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
    [['--rate', '0'], '--rate 0'],
    [['--brokers', 'a:1'], '--brokers goes with --kafka'],
    [['--kafka', '--brokers', 'a'], '--brokers a: host:port'],
    [['--elsewhere'], '--elsewhere goes with --kafka'],
    [['--kafka', '--elsewhere'], '--elsewhere needs --brokers'],
    [['--eventstore'], '--eventstore goes with --kafka'],
    [['--kafka', '--eventstore', 'http://a'], '--eventstore http://a: a connection string is wanted'],
    [['--kafka', '--elsewhere', '--brokers', 'a:1', '--eventstore'], '--eventstore needs a URL'],
    [['--kafka', '--elsewhere', '--brokers', 'a:1', '--fresh'], '--fresh cannot delete'],
  ])('%j is refused', (args, reason) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(reason);
  });
});
