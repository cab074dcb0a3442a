import { describe, expect, it } from '@jest/globals';
import {
  evolveLimiter,
  freeSlots,
  grantSlots,
  initialLimiter,
  type LimiterEvent,
  passSlotsOn,
  recordSlotInputs,
  slotInputsOf,
  slotsAfresh,
} from './limiter.js';
import { WaitingLine } from './waiting-line.js';

const place = (sagaId: string, since = 1) => ({ sagaId, since });
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `order-${from + n}`);
const places = (count: number, from = 0) => ids(count, from).map((sagaId) => place(sagaId));
const returned = (...all: readonly string[]) => all.map((sagaId) => ({ sagaId, since: undefined }));
const dataOf = (events: readonly LimiterEvent[]) => events.map(({ data }) => data);
const limiterOf = (limit: number | null) => {
  const state = initialLimiter();
  recordSlotInputs(state, { returned: [], limit }, 0);
  return state;
};

describe('A limiter', () => {
  it('K1: grants as many slots as there are, in the order of those who wait, and none before somebody said how many', () => {
    const state = initialLimiter();
    expect([grantSlots(state, places(3), 0), freeSlots(state)]).toEqual([[], 0]);
    expect(dataOf(recordSlotInputs(state, { returned: [], limit: 2 }, 5))).toEqual([{ limit: 2 }]);
    expect(dataOf(grantSlots(state, places(3), 6))).toEqual([{ granted: ['order-0', 'order-1'], since: [1, 1] }]);
    expect([freeSlots(state), state.revision]).toEqual([0, 1]);
  });

  it('K2: grants once, whoever asks how often, and takes back once', () => {
    const state = limiterOf(2);
    grantSlots(
      state,
      ['a', 'a', 'b'].map((id) => place(id)),
      0,
    );
    expect([...state.holders.keys()]).toEqual(['a', 'b']);
    expect(dataOf(recordSlotInputs(state, { returned: returned('a', 'a', 'stranger') }, 0))).toEqual([{ returned: ['a'] }]);
    expect(recordSlotInputs(state, { returned: returned('a') }, 0)).toEqual([]);
    expect(dataOf(grantSlots(state, [place('b'), place('c')], 0))).toEqual([{ granted: ['c'], since: [1] }]);
  });

  it('K2: is given back by the life of an id that holds it, or a later one, and not by one that was before', () => {
    const state = limiterOf(1);
    grantSlots(state, [place('a', 5)], 0);
    expect(recordSlotInputs(state, { returned: [place('a', 4)] }, 0)).toEqual([]);
    expect(dataOf(passSlotsOn(state, [place('a', 4), place('a', 5), place('b', 9)], 0))).toEqual([]);
    expect(dataOf(passSlotsOn(state, [place('a', 8), place('a', 8)], 0))).toEqual([{ granted: ['a'], since: [8] }]);
    expect(recordSlotInputs(state, { returned: [place('a', 5)] }, 0)).toEqual([]);
    expect([state.holders.size, freeSlots(state)]).toEqual([1, 0]);
    expect(dataOf(recordSlotInputs(state, { returned: [place('a', 9)] }, 0))).toEqual([{ returned: ['a'] }]);
  });

  it('K2: of an older record, which does not say when a holder was started, takes back from whoever says so', () => {
    const state = evolveLimiter(limiterOf(1), { type: 'SlotsMoved', at: 0, data: { granted: ['a'] } });
    expect(dataOf(recordSlotInputs(state, { returned: [place('a', 3)] }, 0))).toEqual([{ returned: ['a'] }]);
  });

  it('takes a slot from nobody when fewer may run, and grants none until so many have ended', () => {
    const state = limiterOf(3);
    grantSlots(state, places(3), 0);
    expect(dataOf(recordSlotInputs(state, { returned: returned('order-0'), limit: 1 }, 0))).toEqual([{ limit: 1, returned: ['order-0'] }]);
    expect([state.holders.size, freeSlots(state)]).toEqual([2, 0]);
    recordSlotInputs(state, { returned: returned(...ids(3)) }, 0);
    expect(freeSlots(state)).toBe(1);
  });

  it('without a limit grants to all; where none was ever set, that there is none is not worth an event', () => {
    expect(recordSlotInputs(initialLimiter(), { returned: [], limit: null }, 0)).toEqual([]);
    const state = limiterOf(1);
    recordSlotInputs(state, { returned: [], limit: null }, 0);
    expect(recordSlotInputs(state, { returned: [], limit: null }, 0)).toEqual([]);
    expect(dataOf(grantSlots(state, places(600), 0)).map(({ granted }) => granted?.length)).toEqual([250, 250, 100]);
  });

  it('says afresh what it is, in events of bounded size, to whatever state reads them', () => {
    const state = limiterOf(1_000);
    grantSlots(state, places(600), 0);
    recordSlotInputs(state, { returned: returned(...ids(7, 100)) }, 0);
    const before = [...state.holders].sort();
    const events = slotsAfresh(state, 9);
    expect(events.map(({ data }) => data.granted?.length)).toEqual([250, 250, 93]);
    const read = initialLimiter();
    for (const event of events) evolveLimiter(read, event);
    expect([[...read.holders].sort(), read.limit]).toEqual([before, 1_000]);
    expect([...state.holders].sort()).toEqual(before);
  });

  it('is told many things at once; of several limits the last holds', () => {
    const input = (what: 'ask' | 'return' | 'set', more = {}) => ({ type: 'limit', do: what, ...more }) as const;
    const inputs = [
      input('set', { running: 4 }),
      input('ask', { saga: 'a' }),
      input('return', { saga: 'b', since: 7 }),
      input('return'),
      input('set'),
    ];
    expect(slotInputsOf(inputs)).toEqual({ returned: [{ sagaId: 'b', since: 7 }], limit: null });
    expect(slotInputsOf([input('ask', { saga: 'a' })])).toEqual({ returned: [] });
  });
});

const idsOf = (line: WaitingLine, count = 10) => line.first(count).map(({ sagaId }) => sagaId);

describe('A line of those who wait', () => {
  it('is in the order of their start, whenever they come, and they stay until they leave', () => {
    const line = new WaitingLine();
    for (const [sagaId, since] of [
      ['b', 2],
      ['d', 4],
      ['a', 1],
      ['c', 2],
      ['a', 1],
    ] as const)
      line.add({ sagaId, since });
    expect([idsOf(line, 3), line.size, line.has('d')]).toEqual([['a', 'b', 'c'], 4, true]);
    line.remove('a');
    line.remove('c');
    expect(idsOf(line)).toEqual(['b', 'd']);
  });

  it('has room for so many: who came last is left out, and somebody is told', () => {
    const line = new WaitingLine(3);
    expect(['a', 'b', 'c'].map((sagaId, since) => line.add({ sagaId, since }))).toEqual([true, true, true]);
    expect(line.add(place('z', 9))).toBe(false);
    expect(line.add(place('first', -1))).toBe(false);
    expect([idsOf(line), line.size]).toEqual([['first', 'a', 'b'], 3]);
    line.remove('a');
    expect(line.add(place('y', 5))).toBe(true);
    expect(idsOf(line)).toEqual(['first', 'b', 'y']);
  });

  it('holds an id once when it leaves and comes again', () => {
    const line = new WaitingLine();
    line.add(place('a', 1));
    line.remove('a');
    line.add(place('a', 1));
    expect([idsOf(line), line.size]).toEqual([['a'], 1]);
  });

  it('holds the later life of an id, and what is said of an earlier one does not touch it', () => {
    const line = new WaitingLine();
    for (const [sagaId, since] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['a', 1],
    ] as const)
      line.add({ sagaId, since });
    expect(line.first(10)).toEqual([place('b', 2), place('a', 3)]);
    line.remove('a', 2);
    expect(idsOf(line)).toEqual(['b', 'a']);
    line.remove('a', 3);
    expect([idsOf(line), line.size]).toEqual([['b'], 1]);
  });
});
