import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { murmur2, partitionOf } from './murmur2.js';

const kafkajs = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2.js') as (key: Buffer) => number;

describe('murmur2', () => {
  it('A14: gives what the Java client gives', () => {
    // From Kafka's own UtilsTest.
    const cases: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ];
    for (const [text, hash] of cases) expect([text, murmur2(Buffer.from(text))]).toEqual([text, hash]);
  });

  it('gives what the partitioner of kafkajs gives, for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => murmur2(bytes) === kafkajs(Buffer.from(bytes))));
  });

  it('spreads sagas over all partitions', () => {
    const found = new Set(Array.from({ length: 500 }, (_, n) => partitionOf(Buffer.from(`order-${n}`), 12)));
    expect(found.size).toBe(12);
  });
});
