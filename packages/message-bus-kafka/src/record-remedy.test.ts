import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type EncodableRecord, type EncodedRecord, quickly } from './record-remedy.js';

const original = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/record/v0') as (record: EncodableRecord) => EncodedRecord;

const buffer = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const text = fc.string({ maxLength: 300, unit: 'grapheme' });
const bytes = fc.oneof(buffer, text, fc.constantFrom(null, undefined));
const headers = fc.dictionary(fc.string(), fc.oneof(buffer, text, fc.array(text, { maxLength: 3 })));
const record = fc.record(
  { offsetDelta: fc.nat(), timestampDelta: fc.oneof(fc.constant(0), fc.nat()), key: bytes, value: bytes, headers },
  { requiredKeys: ['key', 'value'] },
);

describe('the remedy for the encoding of records', () => {
  it('gives the same bytes', () => {
    const unexpected = (): never => {
      throw new Error('left to the original');
    };
    fc.assert(
      fc.property(record, (one) => {
        const expected = original(one).buffer;
        expect(quickly(original)(one).buffer.equals(expected)).toBe(true);
        const isOrdinary = (one.timestampDelta ?? 0) === 0 && !Object.values(one.headers ?? {}).some(Array.isArray);
        if (isOrdinary) expect(quickly(unexpected)(one).buf.equals(expected)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives the same bytes where lengths need one byte more', () => {
    for (const length of [0, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576]) {
      const one = { offsetDelta: length, key: 'order-1', value: Buffer.alloc(length), headers: { ce_id: 'x'.repeat(length) } };
      expect(quickly(original)(one).buffer.equals(original(one).buffer)).toBe(true);
    }
  });
});
