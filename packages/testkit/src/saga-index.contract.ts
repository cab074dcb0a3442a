import type { SagaIndex, SagaStatus, SagaSummary } from '@skald/kernel';
import { type ContractOptions, type ContractSubject, contract, type Sentence } from './contract.js';
import { madeUpSummary } from './made-up-events.js';
import { allPages, searches } from './saga-index-search.contract.js';
import { expect } from './test-framework.contract.js';

export type SagaIndexSubject = ContractSubject<SagaIndex>;

/** What every saga index keeps; `open` gives an empty one. */
export function sagaIndexContract(name: string, open: () => Promise<SagaIndexSubject>, options: ContractOptions = {}): void {
  contract(`${name} is a saga index`, open, options, (sentence) => {
    puts(sentence);
    lists(sentence);
    counts(sentence);
    searches(sentence);
    finds(sentence);
  });
}

function puts(sentence: Sentence<SagaIndexSubject>): void {
  sentence('knows nothing and stands at position 0 while it is empty', async ({ subject }) => {
    expect(await subject.get('order-1')).toBeUndefined();
    expect(await subject.list({})).toEqual({ sagas: [], next: undefined });
    expect(await subject.count()).toEqual({});
    expect(await subject.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(await subject.owing('', 10)).toEqual([]);
    expect(await subject.position()).toBe(0);
  });
  sentence('gives a summary back as it was put', async ({ subject }) => {
    const full = madeUpSummary('order-é😀', {
      status: 'suspended',
      since: 2_000,
      dueAt: 3_000,
      owes: true,
      error: 'out of "stock" \u2028',
    });
    const bare = madeUpSummary('order-2');
    await subject.put([full, bare], 7);
    expect(await subject.get(full.sagaId)).toEqual(full);
    expect(await subject.get('order-2')).toEqual(bare);
    expect((await subject.list({})).sagas).toEqual(expect.arrayContaining([full, bare]));
    expect(await subject.position()).toBe(7);
  });
  sentence('puts a summary in the place of the one before, whatever changed', async ({ subject }) => {
    const changes: Partial<SagaSummary>[] = [
      { dueAt: 5 },
      { owes: true },
      { dueAt: 6, owes: false },
      { dueAt: undefined },
      { since: 1_001, status: 'suspended', error: 'because' },
      { error: 'for another reason' },
      { status: 'running', error: undefined, since: 1_002 },
      { version: 2 },
      { saga: 'return', startedAt: 900 },
      { status: 'completed', since: 1_003 },
    ];
    let summary = madeUpSummary('order-1');
    await subject.put([summary], 1);
    for (const [i, change] of changes.entries()) {
      summary = { ...summary, ...change };
      await subject.put([summary], i + 2);
      expect(await subject.get('order-1')).toEqual(summary);
      expect((await subject.list({ status: [summary.status], saga: summary.saga })).sagas).toEqual([summary]);
      expect((await subject.due(10, 10)).map(({ dueAt }) => dueAt)).toEqual(summary.dueAt === undefined ? [] : [summary.dueAt]);
      expect(await subject.owing('', 10)).toEqual(summary.owes ? ['order-1'] : []);
      expect(await subject.count()).toEqual({ [summary.status]: 1 });
    }
  });
  sentence('takes the last of two summaries of one saga in one put', async ({ subject }) => {
    await subject.put([madeUpSummary('order-1'), madeUpSummary('order-1', { owes: true })], 1);
    expect((await subject.get('order-1'))?.owes).toBe(true);
    expect(await subject.count()).toEqual({ running: 1 });
  });
  sentence('moves its position without summaries too', async ({ subject }) => {
    await subject.put([], 42);
    expect(await subject.position()).toBe(42);
  });
  sentence('forgets everything when it is cleared', async ({ subject }) => {
    await subject.put([madeUpSummary('order-1', { owes: true, dueAt: 1 })], 7);
    await subject.count();
    await subject.clear();
    expect(await subject.get('order-1')).toBeUndefined();
    expect((await subject.list({})).sagas).toEqual([]);
    expect(await subject.count()).toEqual({});
    expect(await subject.due(10, 10)).toEqual([]);
    expect(await subject.owing('', 10)).toEqual([]);
    expect(await subject.position()).toBe(0);
    await subject.put([madeUpSummary('order-1')], 1);
    expect(await subject.count()).toEqual({ running: 1 });
  });
}

const STATUSES: readonly SagaStatus[] = ['running', 'suspended', 'completed', 'failed'];

/** 40 sagas of two names and four statuses; every four started in the same millisecond. */
function many(): SagaSummary[] {
  return Array.from({ length: 40 }, (_, i) =>
    madeUpSummary(`${i % 3 ? 'order' : 'return'}-${i}`, {
      saga: i % 3 ? 'order' : 'return',
      status: STATUSES[(i * 7) % 4] ?? 'running',
      startedAt: 1_000 + Math.floor(i / 4),
    }),
  );
}

function lists(sentence: Sentence<SagaIndexSubject>): void {
  sentence('lists the newest first, in pages without gap or duplicate', async ({ subject }) => {
    const sagas = many();
    await subject.put(sagas, 1);
    const seen = await allPages(subject, 7, {});
    expect(seen.map(({ startedAt }) => startedAt)).toEqual(sagas.map(({ startedAt }) => startedAt).sort((a, b) => b - a));
    expect(new Set(seen.map(({ sagaId }) => sagaId)).size).toBe(40);
  });
  sentence('lists by status and by saga, alone and together', async ({ subject }) => {
    const sagas = many();
    await subject.put(sagas, 1);
    const status: SagaStatus[] = ['suspended', 'failed'];
    for (const query of [{ status }, { saga: 'return' }, { status, saga: 'return' }, { status: [...status, ...status] }, { status: [] }]) {
      const wanted = sagas.filter(
        (one) => (query.status?.includes(one.status) ?? true) && (query.saga === undefined || query.saga === one.saga),
      );
      const seen = await allPages(subject, 4, query);
      expect(seen.map(({ sagaId }) => sagaId).sort()).toEqual(wanted.map(({ sagaId }) => sagaId).sort());
      expect(seen.every(({ startedAt }, i) => startedAt <= (seen[i - 1]?.startedAt ?? Number.POSITIVE_INFINITY))).toBe(true);
    }
  });
  sentence('gives no next where a page is the last, also when it is full', async ({ subject }) => {
    await subject.put(many().slice(0, 6), 1);
    const first = await subject.list({ limit: 3 });
    const second = await subject.list({ limit: 3, ...(first.next === undefined ? {} : { after: first.next }) });
    expect(first.next).toBeDefined();
    expect(second.sagas).toHaveLength(3);
    expect(second.next).toBeUndefined();
  });
  sentence('keeps a list that is being paged through free of what comes meanwhile', async ({ subject }) => {
    await subject.put(many().slice(0, 6), 1);
    const first = await subject.list({ limit: 3 });
    await subject.put([madeUpSummary('order-new', { startedAt: 9_000 })], 2);
    const second = await subject.list({ limit: 10, ...(first.next === undefined ? {} : { after: first.next }) });
    expect(new Set([...first.sagas, ...second.sagas].map(({ sagaId }) => sagaId)).size).toBe(6);
  });
  sentence('finds those of one name that wait for a slot and fit, the longest waiting first', async ({ subject }) => {
    const waiting = many().map((summary): SagaSummary => ({ ...summary, status: summary.status === 'failed' ? 'failed' : 'throttled' }));
    await subject.put(waiting.toReversed(), 1);
    const orders = waiting.filter(({ saga, status }) => saga === 'order' && status === 'throttled');
    const found = await subject.throttled('order', 100);
    expect(found.map(({ sagaId }) => sagaId).sort()).toEqual(orders.map(({ sagaId }) => sagaId).sort());
    expect(found.every(({ startedAt }, i) => startedAt >= (found[i - 1]?.startedAt ?? 0))).toBe(true);
    const [first, second, third] = found;
    expect(await subject.throttled('order', 2)).toEqual([first, second]);
    expect(await subject.throttled('order', 2, (sagaId) => sagaId !== second?.sagaId)).toEqual([first, third]);
    expect(await subject.throttled('order', 0)).toEqual([]);
    expect(await subject.throttled('nothing', 10)).toEqual([]);
    await subject.put([madeUpSummary(first?.sagaId ?? '', { saga: 'order', status: 'running', startedAt: first?.startedAt ?? 0 })], 2);
    expect((await subject.throttled('order', 1))[0]).toEqual(second);
  });
  sentence('lists at most 100 unless told', async ({ subject }) => {
    await subject.put(
      Array.from({ length: 130 }, (_, i) => madeUpSummary(`order-${i}`)),
      1,
    );
    const first = await subject.list({});
    expect(first.sagas).toHaveLength(100);
    expect((await subject.list({ ...(first.next === undefined ? {} : { after: first.next }) })).sagas).toHaveLength(30);
  });
  sentence('refuses a cursor that it did not give', async ({ subject }) => {
    await expect(subject.list({ after: 'yesterday' })).rejects.toMatchObject({ code: 'invalid-cursor' });
  });
  sentence('counts by status, and leaves out a status without sagas', async ({ subject }) => {
    const sagas = many();
    await subject.put(sagas, 1);
    expect(await subject.count()).toEqual({ running: 10, suspended: 10, completed: 10, failed: 10 });
    await subject.put(
      sagas.filter(({ status }) => status === 'running').map((one) => ({ ...one, status: 'completed' as const })),
      2,
    );
    expect(await subject.count()).toEqual({ suspended: 10, completed: 20, failed: 10 });
  });
}

function counts(sentence: Sentence<SagaIndexSubject>): void {
  sentence('counts what has not ended by saga and version', async ({ subject }) => {
    expect(await subject.unended()).toEqual([]);
    const sagas = (['running', 'compensating', 'suspended', 'completed', 'failed'] as const).map((status, i) =>
      madeUpSummary(`order-${i}`, { status, version: i === 2 ? 2 : 1 }),
    );
    await subject.put([...sagas, madeUpSummary('return-1', { saga: 'return' })], 1);
    expect(await subject.unended()).toEqual([
      { saga: 'order', version: 1, sagas: 2 },
      { saga: 'order', version: 2, sagas: 1 },
      { saga: 'return', version: 1, sagas: 1 },
    ]);
  });
}

function finds(sentence: Sentence<SagaIndexSubject>): void {
  sentence('finds what is due at or before a time, the most overdue first, at most so many', async ({ subject }) => {
    const due = [50, 10, 40, 20, undefined, 30].map((dueAt, i) => madeUpSummary(`order-${i}`, { dueAt }));
    await subject.put(due, 1);
    expect(await subject.due(40, 10)).toEqual([
      { sagaId: 'order-1', dueAt: 10 },
      { sagaId: 'order-3', dueAt: 20 },
      { sagaId: 'order-5', dueAt: 30 },
      { sagaId: 'order-2', dueAt: 40 },
    ]);
    expect((await subject.due(100, 2)).map(({ dueAt }) => dueAt)).toEqual([10, 20]);
    const fits = (sagaId: string) => sagaId > 'order-2';
    expect((await subject.due(100, 2, fits)).map(({ dueAt }) => dueAt)).toEqual([20, 30]);
    expect(await subject.due(9, 10)).toEqual([]);
  });
  sentence('finds the sagas that owe a command in ascending order, in pages', async ({ subject }) => {
    await subject.put(
      ['d', 'a', 'c', 'e', 'b'].map((id) => madeUpSummary(`order-${id}`, { owes: id !== 'c' })),
      1,
    );
    expect(await subject.owing('', 3)).toEqual(['order-a', 'order-b', 'order-d']);
    expect(await subject.owing('order-d', 3)).toEqual(['order-e']);
    expect(await subject.owing('order-e', 3)).toEqual([]);
    await subject.put([madeUpSummary('order-a')], 2);
    expect(await subject.owing('', 1)).toEqual(['order-b']);
  });
}
