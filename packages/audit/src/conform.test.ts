import { beforeAll, describe, expect, it } from '@jest/globals';
import { decide, initialState, type Message, type RecordedEvent, stepGraph } from '@skald/kernel';
import { ask, changed, Life, lives, order, without } from '../fixtures/order-lives.js';
import { causedEvents, replayHistory } from './conform.js';

describe('Conformance', () => {
  let streams: Map<string, RecordedEvent[]>;
  beforeAll(() => {
    streams = lives();
  });

  it('N1: of a definition with the histories that it made, ended ones and compensations included', () => {
    for (const [sagaId, events] of streams) {
      const replay = replayHistory(causedEvents(events), stepGraph(order()));
      expect(replay).toMatchObject({ sagaId, difference: undefined, notes: [] });
      expect(replay.decisions).toBeGreaterThan(0);
    }
  });

  it('N2: tells the first event that would be another, in a compensation too', () => {
    const other = order((steps) => changed(steps, 'charge', { compensation: { name: 'refund', run: ask('giveBack') } }));
    const differs = [...streams].flatMap(([sagaId, events]) => {
      const { difference } = replayHistory(causedEvents(events), stepGraph(other));
      return difference ? [[sagaId, difference.recorded?.type, difference.decided?.data]] : [];
    });
    const command = { participant: 'shop', action: 'giveBack', args: ['7'] };
    expect(differs).toEqual([['order-back', 'CompensationRequested', expect.objectContaining({ step: 'charge', command })]]);
  });

  it('N3: a registered change of the kernel excuses what it affects on events of before, and nothing else', () => {
    const history = causedEvents(streams.get('order-waits') ?? []);
    const other = stepGraph(order((steps) => changed(steps, 'approval', { signal: 'consent' })));
    const change = {
      number: 1,
      since: '0.2.0',
      what: 'Signals are awaited under other names.',
      reason: 'x',
      affects: ['SignalAwaited'] as const,
    };
    expect(replayHistory(history, other, [change])).toMatchObject({
      difference: undefined,
      notes: ['replay change 1 (0.2.0): Signals are awaited under other names.'],
    });
    const newer = history.map((event) => ({ ...event, replay: 1 }));
    expect(replayHistory(newer, other, [change]).difference).toBeDefined();
    expect(replayHistory(history, other, [{ ...change, affects: ['TimerSet'] }]).difference).toBeDefined();
  });

  it('Q2: a program that failed then and is mended now conforms; what it did after it was resumed is compared', () => {
    const broken = order((steps) =>
      changed(steps, 'wrap', {
        when: () => {
          throw new TypeError('gone');
        },
      }),
    );
    const life = new Life('order-1', broken, { id: '7', gift: false }).answer('reserve').deploy(order());
    life.tell({ type: 'operator', request: 'o1', action: 'resume', by: 'anna', reason: 'mended' }).answer('charge');
    const history = causedEvents(life.stored());
    expect(history.map(({ event }) => event.type)).toContain('SagaSuspended');
    expect(replayHistory(history, stepGraph(order()))).toMatchObject({ difference: undefined });
    expect(replayHistory(history, stepGraph(order((steps) => without(steps, 'charge')))).difference).toBeDefined();
  });

  it('of a child that is withdrawn while it waits for a slot, or at once', () => {
    const program = stepGraph(order());
    const by = { sagaId: 'trip-1', incarnation: 'p', step: 'order', round: 1, attempt: 1 };
    const child = { sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'i', input: { id: '7', gift: false }, inputHash: 'h' };
    const asked = (operation: 'action' | 'compensation', at: number): Message => {
      return { ...child, type: 'asked', operation, at, limited: true, by: { ...by, undoRound: operation === 'action' ? 0 : 1 } };
    };
    for (const messages of [
      [asked('action', 1), asked('compensation', 1)],
      [asked('action', 1), asked('compensation', 9)],
      [asked('compensation', 1)],
    ]) {
      let state = initialState();
      const history = messages.flatMap((message) => {
        const decision = decide(program, state, message);
        state = decision.state;
        return decision.events.map((event) => ({ event, cause: message.type, replay: 0 }));
      });
      expect(history.at(-1)?.event.type).toBe('SagaCancelled');
      expect(replayHistory(history, program).difference).toBeUndefined();
    }
  });

  it('of a history in which an event is missing differs', () => {
    const events = streams.get('order-done') ?? [];
    for (const [at, { type }] of events.entries()) {
      if (at === events.length - 1) continue;
      let differs: unknown;
      try {
        differs = replayHistory(causedEvents(events.toSpliced(at, 1)), stepGraph(order())).difference;
      } catch (error) {
        differs = error;
      }
      expect([at, type, differs !== undefined]).toEqual([at, type, true]);
    }
  });
});
