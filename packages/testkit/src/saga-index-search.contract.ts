import type { Attributes, IndexQuery, SagaIndex, SagaStatus, SagaSummary } from '@skald/kernel';
import type { ContractSubject, Sentence } from './contract.js';
import { madeUpSummary } from './made-up-events.js';
import { expect } from './test-framework.contract.js';

const DAY = 86_400_000;
const STATUSES: readonly SagaStatus[] = ['running', 'suspended', 'completed', 'failed'];

/** 60 sagas, newest last, three in a millisecond, with attributes of all types. */
function attributed(): SagaSummary[] {
  return Array.from({ length: 60 }, (_, i) => {
    const attributes: Attributes = {
      customer: `c-${i % 7}`,
      total: i * 10 + 0.5,
      isLarge: i % 2 === 0,
      shipAt: new Date(DAY * i),
      ...(i % 5 === 0 && { paymentId: `p${i}é😀` }),
    };
    const error = i % 6 === 0 ? `CardDeclined: limit ${i}` : i % 6 === 1 ? 'CardDeclinedTwice: no' : undefined;
    const status = STATUSES[i % 4] ?? 'running';
    return madeUpSummary(`order-${i}`, { status, startedAt: 1_000 + Math.floor(i / 3), since: 5_000 - i, error, attributes });
  });
}

/** Which sagas, by their number, a query finds. */
const QUERIES: readonly (readonly [query: IndexQuery, finds: (i: number) => boolean])[] = [
  [{ attributes: { customer: 'c-3' } }, (i) => i % 7 === 3],
  [{ attributes: { customer: 'c-9' } }, () => false],
  [{ attributes: { nothing: 'c-3' } }, () => false],
  [{ attributes: { total: 200.5 } }, (i) => i === 20],
  [{ attributes: { total: '200.5' } }, () => false],
  [{ attributes: { isLarge: true } }, (i) => i % 2 === 0],
  [{ attributes: { isLarge: 1 } }, () => false],
  [{ attributes: { shipAt: new Date(DAY * 5) } }, (i) => i === 5],
  [{ attributes: { total: { from: 100.5, to: 200.5 } } }, (i) => i >= 10 && i < 20],
  [{ attributes: { shipAt: { from: new Date(DAY * 50) } } }, (i) => i >= 50],
  [{ attributes: { customer: { to: 'c-2' } } }, (i) => i % 7 < 2],
  [{ attributes: { paymentId: { prefix: 'p1' } } }, (i) => i % 5 === 0 && `p${i}`.startsWith('p1')],
  [{ attributes: { paymentId: { prefix: 'p10é' } } }, (i) => i === 10],
  [{ attributes: { paymentId: { prefix: '' } } }, (i) => i % 5 === 0],
  [{ attributes: { paymentId: { prefix: '%' } } }, () => false],
  [{ attributes: { customer: 'c-0', isLarge: true, total: { from: 100 } } }, (i) => i % 14 === 0 && i >= 10],
  [
    { attributes: { total: { from: 100 }, customer: { prefix: 'c-' } }, status: ['failed', 'running'] },
    (i) => i >= 10 && [0, 3].includes(i % 4),
  ],
  [{ attributes: { customer: 'c-0' }, status: ['running'], saga: 'order' }, (i) => i % 28 === 0],
  [{ attributes: { customer: 'c-0' }, saga: 'return' }, () => false],
  [{ attributes: { customer: 'c-0' }, status: [] }, () => false],
  [{ startedAfter: 1_005, startedBefore: 1_010 }, (i) => i >= 15 && i < 30],
  [{ startedAfter: 1_005, saga: 'order', status: ['failed'] }, (i) => i >= 15 && i % 4 === 3],
  [{ since: 4_970 }, (i) => i <= 30],
  [{ error: 'CardDeclined' }, (i) => i % 6 === 0],
  [{ error: 'CardDeclined', attributes: { isLarge: false } }, () => false],
  [{ error: 'CardDeclinedTwice', status: ['completed', 'failed'], startedBefore: 1_015 }, (i) => i % 6 === 1 && i % 4 > 1 && i < 45],
  [{ error: 'limit' }, () => false],
];

export function searches(sentence: Sentence<ContractSubject<SagaIndex>>): void {
  sentence('finds sagas by attributes, times and errors, alone and together, in pages, newest first', async ({ subject }) => {
    const sagas = attributed();
    await subject.put(sagas, 1);
    for (const [query, finds] of QUERIES) {
      const wanted = sagas.filter((_, i) => finds(i)).map(({ sagaId }) => sagaId);
      const seen = await allPages(subject, 3, query);
      expect([query, seen.map(({ sagaId }) => sagaId).sort()]).toEqual([query, wanted.sort()]);
      expect(seen.every(({ startedAt }, i) => startedAt <= (seen[i - 1]?.startedAt ?? Number.POSITIVE_INFINITY))).toBe(true);
    }
  });
  sentence('gives attributes back as they were put, and finds a saga by its last ones only', async ({ subject }) => {
    const first = madeUpSummary('order-1', { attributes: { text: 'a "b" 😀', no: false, zero: 0, day: new Date(DAY) } });
    await subject.put([first, madeUpSummary('order-2')], 1);
    expect(await subject.get('order-1')).toEqual(first);
    expect((await subject.list({})).sagas).toEqual(expect.arrayContaining([first]));
    expect((await subject.get('order-2'))?.attributes).toBeUndefined();
    const second = { ...first, attributes: { text: 'c', more: 1 } };
    await subject.put([second], 2);
    expect(await subject.get('order-1')).toEqual(second);
    expect((await subject.list({ attributes: { day: new Date(DAY) } })).sagas).toEqual([]);
    expect((await subject.list({ attributes: { text: 'c', more: 1 } })).sagas).toEqual([second]);
    const { attributes: _, ...bare } = second;
    await subject.put([bare], 3);
    expect((await subject.list({ attributes: { text: 'c' } })).sagas).toEqual([]);
  });
  sentence('forgets attributes when it is cleared', async ({ subject }) => {
    await subject.put([madeUpSummary('order-1', { attributes: { text: 'c' } })], 1);
    await subject.clear();
    expect(await subject.position()).toBe(0);
    await subject.put([madeUpSummary('order-2')], 1);
    expect((await subject.list({ attributes: { text: 'c' } })).sagas).toEqual([]);
  });
  sentence('refuses a question that cannot be answered', async ({ subject }) => {
    const wrong: NonNullable<IndexQuery['attributes']>[] = [
      { total: Number.NaN },
      { total: {} },
      { total: { from: 1, to: 'a' } },
      { at: new Date(Number.NaN) },
      { total: { prefix: 1 as never } },
      { total: null as never },
    ];
    for (const attributes of wrong) await expect(subject.list({ attributes })).rejects.toMatchObject({ code: 'invalid-query' });
  });
}

export async function allPages(index: SagaIndex, limit: number, query: IndexQuery): Promise<SagaSummary[]> {
  const seen: SagaSummary[] = [];
  let after: string | undefined;
  do {
    const page = await index.list({ ...query, limit, ...(after === undefined ? {} : { after }) });
    expect(page.sagas.length).toBeLessThanOrEqual(limit);
    seen.push(...page.sagas);
    after = page.next;
  } while (after !== undefined);
  return seen;
}
