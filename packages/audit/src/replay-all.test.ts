import { describe, expect, it } from '@jest/globals';
import { encodeEvents } from '@skald/engine';
import { fold, isEnded, type RecordedEvent, type SagaEvent, statusOf } from '@skald/kernel';
import { FixedStore, SeededChoices, simulate } from '@skald/testkit';
import { replayAll } from './replay-all.js';

/** Histories of random lives, their events side by side in the order of all events. */
function randomStore(lives: number) {
  const histories = Array.from({ length: lives }, (_, seed) => simulate(new SeededChoices(seed + 1), {}).history);
  const streams = histories.map((history, nth) =>
    encodeEvents(history, 'reply', `model-${nth}`).map((event, revision) => ({ ...event, stream: `model-${nth}`, revision })),
  );
  const events: RecordedEvent[] = [];
  const longest = Math.max(...streams.map(({ length }) => length));
  for (let revision = 0; revision < longest; revision++) {
    for (const stream of streams) {
      const event = stream[revision];
      if (event) events.push({ ...event, position: events.length + 1 });
    }
  }
  const statuses = histories.map((history) => statusOf(fold(history)));
  const ended: Record<string, number> = {};
  for (const status of statuses) if (isEnded(status)) ended[status] = (ended[status] ?? 0) + 1;
  return { events, ended, open: statuses.filter((status) => !isEnded(status)).length };
}

describe('A full replay', () => {
  it.each([20_000, 20])('U1, U2: folds every saga to its end, with room for %i events', async (kept) => {
    const { events, ended, open } = randomStore(60);
    const store = new FixedStore(events);
    const replay = await replayAll(store, { kept });
    expect(replay).toMatchObject({ events: events.length, sagas: 60, open, unreadable: [] });
    expect(Object.fromEntries(Object.entries(replay.ended).filter(([, count]) => count > 0))).toEqual(ended);
    if (kept === 20) expect(store.reads).toBeGreaterThan(events.length / 2);
  });

  it.each([1_000, 20])(
    'U3: long sagas are folded as they pass or by themselves, and none is read a third time; with room for %i events',
    async (kept) => {
      const { events, ended, open } = randomStore(60);
      const store = new FixedStore(events);
      const replay = await replayAll(store, { kept, long: 5 });
      expect(replay).toMatchObject({ events: events.length, sagas: 60, open, unreadable: [] });
      expect(Object.fromEntries(Object.entries(replay.ended).filter(([, count]) => count > 0))).toEqual(ended);
      // One read for each that was put off, and for those of fewer events that found no room before they were long.
      expect(store.reads).toBeLessThan(kept === 20 ? 60 * 6 : 61);
    },
  );

  it('U3: of a stream of 100,000 events each is read once, and the next saga is not kept waiting for it', async () => {
    const data = { sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'i', input: 1, inputHash: 'h', request: 'r' };
    const signals = Array.from(
      { length: 100_000 },
      (_, nth): SagaEvent => ({ type: 'SignalReceived', at: nth, data: { id: `${nth}`, name: 'go' } }),
    );
    const history: readonly SagaEvent[] = [{ type: 'SagaStarted', at: 0, data }, ...signals];
    const stream = encodeEvents(history, 'signal', 'order-1').map((event, revision) => ({
      ...event,
      stream: 'order-1',
      revision,
      position: revision + 1,
    }));
    const store = new FixedStore(stream);
    expect(await replayAll(store, { kept: 10_000 })).toMatchObject({ events: 100_001, sagas: 1, open: 1, unreadable: [] });
    expect(store.reads).toBe(0);
  });

  it('U1: names what cannot be folded, and passes over what is no saga', async () => {
    const { events } = randomStore(5);
    const damaged = events.map((event) => (event.stream === 'model-3' && event.revision === 1 ? { ...event, data: '{' } : event));
    const notOurs = { ...events[0], stream: 'definition-model', position: events.length + 1, data: '{' } as RecordedEvent;
    for (const kept of [2, 1_000]) {
      const { sagas, unreadable } = await replayAll(new FixedStore([...damaged, notOurs]), { kept });
      expect([sagas, unreadable.map(({ stream, revision }) => [stream, revision])]).toEqual([5, [['model-3', 1]]]);
    }
  });
});
