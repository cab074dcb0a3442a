import { describe, expect, it } from '@jest/globals';
import type { NewEvent, RecordedEvent, SagaEvent } from '@skald/kernel';
import fc from 'fast-check';
import { chainHash, decodeEvent, encodeEvents, sha256, uuidOf } from './event-codec.js';

const EVENTS: readonly SagaEvent[] = [
  { type: 'StepSucceeded', at: 5, data: { step: 'pay', round: 1, result: { ref: 'ä\n"1"' } } },
  { type: 'StepSucceeded', at: 6, data: { step: 'pack', round: 1 } },
  { type: 'SagaCompleted', at: 7, data: { output: [1, null, 'x'] } },
];

function encoded(): NewEvent[] {
  return encodeEvents(EVENTS, 'reply', 'order-1');
}

/** What `skald audit verify` does: no key, no code, only the characters as they are stored. */
function brokenAt(events: readonly NewEvent[], stream = 'order-1'): number {
  let before = stream;
  return events.findIndex(({ type, data, metadata, hash }) => {
    const expected = chainHash(before, type, data, metadata);
    before = hash;
    return expected !== hash;
  });
}

function recorded(event: Partial<RecordedEvent>): RecordedEvent {
  const one = encoded()[0];
  if (!one) throw new Error('nothing was encoded');
  return { ...one, stream: 'order-1', revision: 3, position: 9, ...event };
}

describe('The chain of events', () => {
  it('B26, C1: holds as it was written', () => {
    expect(brokenAt(encoded())).toBe(-1);
  });

  it('B26, C1: finds a changed type, data or metadata, in any event', () => {
    const fields = fc.constantFrom('type' as const, 'data' as const, 'metadata' as const);
    fc.assert(
      fc.property(fc.nat(EVENTS.length - 1), fields, fc.nat(), fc.string({ minLength: 1, maxLength: 2 }), (at, field, where, inserted) => {
        const events = encoded();
        const event = events[at];
        if (!event) return;
        const text = event[field];
        const cut = where % (text.length + 1);
        const changed = text.slice(0, cut) + inserted + text.slice(cut + 1);
        fc.pre(changed !== text);
        events[at] = { ...event, [field]: changed };
        expect(brokenAt(events)).toBe(at);
      }),
    );
  });

  it('B26, C1: finds a dropped, swapped, repeated or inserted event', () => {
    const [first, second, third] = encoded();
    if (!first || !second || !third) throw new Error('three were encoded');
    expect(brokenAt([first, third])).toBe(1);
    expect(brokenAt([second, third])).toBe(0);
    expect(brokenAt([second, first, third])).toBe(0);
    expect(brokenAt([first, third, second])).toBe(1);
    expect(brokenAt([first, first, second, third])).toBe(1);
    const [alien] = encodeEvents([{ type: 'SagaCompleted', at: 7, data: {} }], 'reply', 'order-1');
    if (!alien) throw new Error('one was encoded');
    expect(brokenAt([first, alien, second, third])).toBe(1);
  });

  it('C1: an event that was replaced with its own hash made anew breaks the one after it', () => {
    const events = encoded();
    const [forged] = encodeEvents(
      [{ type: 'StepSucceeded', at: 5, data: { step: 'pay', round: 1, result: { ref: 'other' } } }],
      'reply',
      'order-1',
    );
    if (!forged) throw new Error('one was encoded');
    expect(brokenAt([forged, ...events.slice(1)])).toBe(1);
  });

  it('C1: text cannot move from one field to the next', () => {
    expect(chainHash('a', 'B', 'C', 'D')).not.toBe(chainHash('a', 'BC', '', 'D'));
    expect(chainHash('a', 'B', 'C', 'D')).not.toBe(chainHash('aB', '', 'C', 'D'));
  });

  it('C2: a stream does not pass for another', () => {
    expect(brokenAt(encoded(), 'order-2')).toBe(0);
  });

  it('C3: each event but the first of a stream says which it follows', () => {
    const first = encoded();
    const next = encodeEvents(EVENTS, 'reply', first.at(-1)?.hash ?? '');
    const said = [...first, ...next].map(({ metadata }) => JSON.parse(metadata).previous);
    expect(said).toEqual([undefined, ...[...first, ...next].map(({ hash }) => hash).slice(0, -1)]);
  });

  it('A8, C4: equal content on equal history has the same id; the next write of the same content another', () => {
    const first = encoded();
    expect(encoded().map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    const next = encodeEvents(EVENTS, 'reply', first.at(-1)?.hash ?? '');
    expect(next.map(({ id }) => id)).not.toEqual(first.map(({ id }) => id));
    expect(new Set([...first, ...next].map(({ id }) => id)).size).toBe(6);
  });

  it('C4: an id is a UUID of version 8, made from the hash', () => {
    for (const { id, hash } of encoded()) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(id).toBe(uuidOf(hash));
    }
    expect(uuidOf(sha256('a'))).not.toBe(uuidOf(sha256('b')));
  });
});

describe('An event that was read', () => {
  it('is as it was before it was written', () => {
    const events = encoded().map((event, revision) => decodeEvent({ ...event, stream: 'order-1', revision, position: revision + 1 }));
    expect(events).toEqual(EVENTS);
  });

  it('cannot be changed', () => {
    const { data } = decodeEvent(recorded({}));
    expect(() => Object.assign((data as { result: object }).result, { ref: 'other' })).toThrow(TypeError);
  });

  it('of a newer format is refused by name: history-unreadable', () => {
    expect(() => decodeEvent(recorded({ metadata: '{"at":5,"cause":"reply","format":2}' }))).toThrow(
      expect.objectContaining({
        code: 'history-unreadable',
        details: { stream: 'order-1', revision: 3, problem: 'its data has format 2, this Skald knows 1' },
      }),
    );
  });

  it('that is no JSON is refused by name, with the cause', () => {
    for (const damaged of [{ data: '{' }, { metadata: '' }]) {
      expect(() => decodeEvent(recorded(damaged))).toThrow(
        expect.objectContaining({ code: 'history-unreadable', cause: expect.any(SyntaxError) }),
      );
    }
  });
});
