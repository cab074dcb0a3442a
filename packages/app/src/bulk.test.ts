import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { BusinessError, type SagaState, type SagaSummary, statusOf } from '@skald/kernel';
import { type BulkOptions, type BulkPorts, type BulkStep, bulk as runBulk } from './bulk.js';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

const bank = { isClosed: true, calls: 0 };

@Participant('bank')
class Bank {
  async note(_n: number): Promise<void> {}

  async book(n: number): Promise<number> {
    bank.calls += 1;
    if (bank.isClosed) throw new BusinessError(n % 2 === 0 ? 'closed' : 'broken');
    return n;
  }
}

const proxy = participant<Bank>('bank');
const order = defineSaga<{ readonly n: number }>({ name: 'order', version: 1 })
  .step('note', { pivot: true, run: ({ n }) => proxy.note(n) })
  .step('book', ({ n }) => proxy.book(n))
  .done();
const failing = defineSaga<{ readonly n: number }>({ name: 'failing', version: 1 })
  .step('book', ({ n }) => proxy.book(n))
  .done();

let app: RunningSkald;
let suspended: { readonly wanted: number; readonly resolve: () => void } | undefined;
const stuck = new Set<string>();
const moved = (state: SagaState): void => {
  if (statusOf(state) === 'suspended') stuck.add(state.sagaId);
  if (suspended && stuck.size >= suspended.wanted) suspended.resolve();
};

beforeEach(async () => {
  Object.assign(bank, { isClosed: true, calls: 0 });
  stuck.clear();
  app = await Skald.embedded({ file: ':memory:', log: () => {} })
    .sagas(order, failing)
    .participants(Bank)
    .observe({ moved })
    .start();
});
afterEach(() => app.stop());

const why = { by: 'anna', reason: 'the bank is open' };
const bulk = (options: Omit<BulkOptions, 'by' | 'reason'>, onStep?: (step: BulkStep) => void) =>
  app.sagas.bulk({ ...why, ...options }, onStep);

async function getStuck(sagas: number): Promise<void> {
  const all = new Promise<void>((resolve) => {
    suspended = { wanted: sagas, resolve };
  });
  await Promise.all(Array.from({ length: sagas }, (_, n) => app.sagas.start(order, { n }, { id: `${n}` })));
  await all;
}

describe('Doing the same to many sagas', () => {
  it('goes through all pages of the list, tells of each, and counts', async () => {
    await getStuck(450);
    bank.isClosed = false;
    const steps: BulkStep[] = [];
    const outcome = await bulk({ id: 'b', filter: { saga: 'order' }, action: { do: 'retry' } }, (step) => void steps.push(step));
    expect(outcome).toEqual({ id: 'b', matched: 450, done: 450, refused: {} });
    expect(new Set(steps.map(({ sagaId }) => sagaId)).size).toBe(450);
    expect(steps.at(-1)?.progress).toEqual({ matched: 450, done: 450, refused: {} });
    await Promise.all(Array.from({ length: 450 }, (_, n) => app.sagas.result(`order-${n}`)));
    expect(await app.sagas.count()).toEqual({ completed: 450 });
  });

  it('takes those that fit only', async () => {
    await getStuck(10);
    expect(await bulk({ filter: { error: 'broken' }, action: { do: 'skip', target: 'step:book' } })).toMatchObject({ matched: 5, done: 5 });
    expect(await app.sagas.count()).toEqual({ completed: 5, suspended: 5 });
    expect(await bulk({ filter: { olderThan: '1h' }, action: { do: 'skip' } })).toMatchObject({ matched: 0 });
    expect(await bulk({ filter: { startedBefore: 0 }, action: { do: 'skip' } })).toMatchObject({ matched: 0 });
    expect(await bulk({ filter: { saga: 'failing' }, action: { do: 'skip' } })).toMatchObject({ matched: 0 });
    expect(await bulk({ filter: { status: ['completed'] }, action: { do: 'skip' } })).toMatchObject({
      matched: 5,
      refused: { 'not-parked': 5 },
    });
    await expect(bulk({ filter: { olderThan: 'soon' as never }, action: { do: 'skip' } })).rejects.toMatchObject({
      code: 'invalid-duration',
    });
  });

  it('says in a dry run what would be done and what refused, and does nothing', async () => {
    await getStuck(4);
    const dry = (action: BulkOptions['action']) => bulk({ dryRun: true, filter: {}, action });
    expect(await dry({ do: 'retry' })).toMatchObject({ matched: 4, done: 4, refused: {} });
    expect(await dry({ do: 'fail' })).toMatchObject({ matched: 4, done: 0, refused: { 'action-not-possible': 4 } });
    expect(await dry({ do: 'cancel' })).toMatchObject({ matched: 4, done: 0, refused: { 'past-pivot': 4 } });
    expect(await dry({ do: 'terminate' })).toMatchObject({ matched: 4, done: 4 });
    expect(await dry({ do: 'retry', target: 'step:note' })).toMatchObject({ refused: { 'not-parked': 4 } });
    expect(bank.calls).toBe(4);
    expect(await app.sagas.count()).toEqual({ suspended: 4 });
    expect(await bulk({ filter: {}, action: { do: 'cancel' } })).toMatchObject({ done: 0, refused: { 'past-pivot': 4 } });
  });

  it('does nothing twice when it is repeated with the same id, after it was stopped in the middle', async () => {
    await getStuck(20);
    const stopping = new AbortController();
    const options = { id: 'b', filter: { status: ['suspended', 'running'] }, action: { do: 'retry' }, concurrency: 1 } as const;
    const some = bulk({ ...options, signal: stopping.signal }, ({ progress }) => progress.done === 7 && stopping.abort());
    await expect(some).rejects.toMatchObject({ code: 'app-stopped' });
    expect(await bulk(options)).toMatchObject({ matched: 20, done: 20 });
    expect(await bulk(options)).toMatchObject({ matched: 20, done: 20 });
    const histories = await Promise.all([...stuck].map((sagaId) => app.sagas.history(sagaId)));
    const retries = histories.map((history) => history.filter(({ type }) => type === 'OperatorIntervened').length);
    expect(retries).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('counts as done what an earlier run of it has done, though nothing is parked there any more', async () => {
    await getStuck(3);
    const options = { id: 'b', filter: { status: ['suspended', 'completed'] }, action: { do: 'skip' } } as const;
    expect(await bulk(options)).toMatchObject({ matched: 3, done: 3 });
    expect(await bulk(options)).toMatchObject({ matched: 3, done: 3 });
    expect(await bulk({ ...options, id: 'another' })).toMatchObject({ matched: 3, refused: { 'not-parked': 3 } });
  });

  it('takes so many in a second and no more, by the clock that it is given', async () => {
    const clock = { time: 1_000, alarms: [] as number[] };
    const sagas = ['a', 'b', 'c'].map((sagaId): SagaSummary => {
      const times = { startedAt: 0, since: 0, dueAt: undefined };
      return { sagaId, saga: 'order', version: 1, status: 'running', owes: false, error: undefined, ...times };
    });
    const asked: [sagaId: string, at: number][] = [];
    const at = (due: number, callback: () => void) => {
      clock.alarms.push(due);
      clock.time = due;
      callback();
      return () => {};
    };
    const ports: BulkPorts = {
      list: async () => ({ sagas, next: undefined }),
      get: () => Promise.reject(new Error('nobody asked for it')),
      ask: async (sagaId) => void asked.push([sagaId, clock.time]),
      startAgain: () => Promise.reject(new Error('nobody asked for it')),
      clock: { now: () => clock.time, at },
    };
    const options = { ...why, filter: {}, action: { do: 'suspend' }, perSecond: 4, concurrency: 1 } as const;
    await runBulk('b', options, ports, () => {});
    expect(asked).toEqual([
      ['a', 1_000],
      ['b', 1_250],
      ['c', 1_500],
    ]);
    expect(clock.alarms).toEqual([1_250, 1_500]);
  });

  it('starts what failed again, each once', async () => {
    for (let n = 0; n < 3; n++) await (await app.sagas.start(failing, { n }, { id: `${n}` })).ended();
    bank.isClosed = false;
    const options = { id: 'b', filter: { saga: 'failing' }, action: { do: 'start-again' } } as const;
    expect(await bulk({ ...options, dryRun: true })).toMatchObject({ matched: 3, done: 3 });
    expect(await bulk(options)).toMatchObject({ matched: 3, done: 3 });
    await Promise.all([0, 1, 2].map((n) => app.sagas.result(`failing-${n}~2`)));
    expect(await bulk(options)).toMatchObject({ matched: 3, done: 3 });
    expect(await app.sagas.count()).toEqual({ failed: 3, completed: 3 });
  });
});
