import { describe, expect, it } from '@jest/globals';
import { aesGcmCodec, encodeEvents, memoryKeyStore, sealEvents } from '@skald/engine';
import type { PayloadCodec, RecordedEvent, SagaEvent } from '@skald/kernel';
import { FixedStore, SeededChoices, simulate } from '@skald/testkit';
import { conformOne } from './conform-store.js';
import { gate } from './gate.js';
import { verifyStream } from './verify.js';

const LIVES = 300;
const STREAM = 'model-1';

/** As a manager with this codec stores a history. */
async function sealed(codec: PayloadCodec, history: readonly SagaEvent[], causes: readonly string[]): Promise<RecordedEvent[]> {
  const [events = []] = await sealEvents(codec, [{ sagaId: STREAM, revision: 0, events: history }]);
  let head = STREAM;
  return events.map((event, revision) => {
    const [encoded] = encodeEvents([event], causes[revision] ?? '', head);
    if (!encoded) throw new Error('it has one');
    head = encoded.hash;
    return { ...encoded, stream: STREAM, revision, position: revision + 1 };
  });
}

describe('An encrypted history of a random saga with a random life', () => {
  it(`is decided as it was recorded with its key, and nothing is said of it without (${LIVES} lives)`, async () => {
    const types = new Set<string>();
    for (let seed = 1; seed <= LIVES; seed++) {
      const { history, causes, program } = simulate(new SeededChoices(seed), {});
      const codec = aesGcmCodec({ keys: memoryKeyStore() });
      const events = await sealed(codec, history, causes);
      const store = new FixedStore(events);
      const candidates = [{ program }];
      for (const { type, data } of events) if (data.includes('"sealed"')) types.add(type);
      const conformance = await conformOne(store, STREAM, candidates, codec);
      expect({ seed, ...('replay' in conformance ? { difference: conformance.replay.difference } : conformance) }).toEqual({
        ...{ seed, difference: undefined },
      });
      expect(await conformOne(store, STREAM, candidates)).toEqual({ sagaId: STREAM, problem: 'encrypted' });
      const [open, closed] = [
        await gate(new Map([[STREAM, events]]), candidates, { codec }),
        await gate(new Map([[STREAM, events]]), candidates),
      ];
      expect([open.mayDeploy, closed.mayDeploy]).toEqual([true, closed.running === 0]);
      expect((await verifyStream(store, STREAM)).findings).toEqual([]);
      await codec.drop(STREAM);
      expect(await conformOne(store, STREAM, candidates, codec)).toEqual({ sagaId: STREAM, problem: 'key-dropped' });
      expect((await gate(new Map([[STREAM, events]]), candidates, { codec })).mayDeploy).toBe(true);
    }
    expect(types.size).toBeGreaterThan(15);
  });
});
