import type { Fence, FenceRecord } from '@skald/kernel';
import { Collector, type ContractOptions, type ContractSubject, contract, gate, type Sentence, turns } from './contract.js';
import { expect } from './test-framework.contract.js';

export interface FenceSubject extends ContractSubject<Fence> {
  /** A participant's own data, changed within a session; absent where the fence is external. */
  readonly business?: { write(value: string): Promise<void>; read(): Promise<readonly string[]> };
  /** Makes what was recorded so far look so many milliseconds older. */
  readonly age: (milliseconds: number) => Promise<void>;
  /** How many sessions it runs at the same time; default 1. */
  readonly concurrency?: number;
}

/** What every fence keeps; `open` gives an empty one. */
export function fenceContract(name: string, open: () => Promise<FenceSubject>, options: ContractOptions = {}): void {
  contract(`${name} is a fence`, open, options, (sentence) => {
    records(sentence);
    transactions(sentence);
    savepoints(sentence);
    turnsAndPruning(sentence);
  });
}

const RECORDS: readonly FenceRecord[] = [
  { type: 'running', leaseUntil: 1_700_000_000_123, token: 'a-token' },
  { type: 'running', leaseUntil: 1_700_000_000_123, token: 'a-token', undoing: true },
  { type: 'succeeded', result: '{ "text": "é😀\u2028\\"" }', compensable: true },
  { type: 'succeeded', compensable: false },
  { type: 'succeeded', result: '', compensable: true },
  { type: 'deferred', compensable: true },
  { type: 'deferred', compensable: false },
  { type: 'failed', error: { name: 'OutOfStock', message: 'no "more" 😀', data: { left: 0, of: ['a'] } } },
  { type: 'failed', error: { name: 'CardDeclined', message: '' } },
  { type: 'undone', round: 2, executed: true },
  { type: 'undone', round: 1, executed: false },
  { type: 'sealed', doubt: true },
  { type: 'sealed', doubt: false },
];

const DAY = 86_400_000;
const DONE: FenceRecord = { type: 'succeeded', result: '1', compensable: true };
const SEALED: FenceRecord = { type: 'sealed', doubt: false };

function read(fence: Fence, key: string): Promise<FenceRecord | undefined> {
  return fence.session(async (session) => session.get(key));
}

function records(sentence: Sentence<FenceSubject>): void {
  sentence('knows nothing of a key it has not seen', async ({ subject }) => {
    expect(await read(subject, 'order-1/a/charge')).toBeUndefined();
  });
  sentence('gives every kind of record back as it was put, in the session and later', async ({ subject }) => {
    for (const [i, record] of RECORDS.entries()) {
      const key = `order-é😀/${i}`;
      const seen = await subject.session(async (session) => {
        await session.put(key, record);
        return session.get(key);
      });
      expect(seen).toEqual(record);
      expect(await read(subject, key)).toEqual(record);
    }
  });
  sentence('puts a record in the place of the one before, and leaves nothing of it', async ({ subject }) => {
    for (const record of RECORDS) {
      await subject.session(async (session) => session.put('key', record));
      expect(await read(subject, 'key')).toEqual(record);
    }
  });
}

function transactions(sentence: Sentence<FenceSubject>): void {
  sentence('answers what the work answers', async ({ subject }) => {
    expect(await subject.session(async () => 42)).toBe(42);
  });
  sentence('keeps nothing of a session whose work rejects, and rejects with the same error', async ({ subject, business }) => {
    const error = new Error('not like this');
    await subject.session(async (session) => session.put('before', DONE));
    const failing = subject.session(async (session) => {
      await session.put('before', SEALED);
      await session.put('key', DONE);
      await business?.write('a');
      await session.savepoint(async () => session.put('inner', DONE));
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(await read(subject, 'before')).toEqual(DONE);
    expect(await read(subject, 'key')).toBeUndefined();
    expect(await read(subject, 'inner')).toBeUndefined();
    expect((await business?.read()) ?? []).toEqual([]);
  });
  sentence('A5: keeps the records and the business change of a session together', async ({ subject, business }) => {
    await subject.session(async (session) => {
      await session.put('key', DONE);
      await business?.write('a');
    });
    expect(await read(subject, 'key')).toEqual(DONE);
    expect((await business?.read()) ?? ['a']).toEqual(['a']);
  });
  sentence('has business data beside it if it says that it is transactional', async ({ subject, business }) => {
    expect(subject.kind === 'transactional').toBe(business !== undefined);
  });
}

function savepoints(sentence: Sentence<FenceSubject>): void {
  sentence('A5: undoes what a savepoint did when it rejects, and nothing else', async ({ subject, business }) => {
    const error = new Error('out of stock');
    await subject.session(async (session) => {
      await session.put('before', DONE);
      await business?.write('before');
      const failing = session.savepoint(async () => {
        await session.put('before', SEALED);
        await session.put('key', DONE);
        await business?.write('within');
        throw error;
      });
      await expect(failing).rejects.toBe(error);
      expect(await session.get('key')).toBeUndefined();
      await session.put('key', SEALED);
      await business?.write('after');
    });
    expect(await read(subject, 'before')).toEqual(DONE);
    expect(await read(subject, 'key')).toEqual(SEALED);
    expect((await business?.read()) ?? ['after', 'before']).toEqual(expect.arrayContaining(['before', 'after']));
    expect((await business?.read()) ?? []).not.toContain('within');
  });
  sentence('keeps what a savepoint did when it resolves, and answers what it answers', async ({ subject }) => {
    const answer = await subject.session((session) =>
      session.savepoint(async () => {
        await session.put('key', DONE);
        return 42;
      }),
    );
    expect(answer).toBe(42);
    expect(await read(subject, 'key')).toEqual(DONE);
  });
  sentence('takes a savepoint within a savepoint', async ({ subject }) => {
    await subject.session((session) =>
      session.savepoint(async () => {
        await session.put('outer', DONE);
        const inner = session.savepoint(async () => {
          await session.put('inner', DONE);
          throw new Error('only this');
        });
        await expect(inner).rejects.toThrow('only this');
      }),
    );
    expect(await read(subject, 'outer')).toEqual(DONE);
    expect(await read(subject, 'inner')).toBeUndefined();
  });
  sentence('takes many savepoints one after the other, each with its own fate', async ({ subject }) => {
    await subject.session(async (session) => {
      for (let i = 0; i < 20; i++) {
        const one = session.savepoint(async () => {
          await session.put(`key-${i}`, DONE);
          if (i % 2) throw new Error('odd');
        });
        await one.catch(() => {});
      }
    });
    expect(await read(subject, 'key-18')).toEqual(DONE);
    expect(await read(subject, 'key-19')).toBeUndefined();
  });
}

function turnsAndPruning(sentence: Sentence<FenceSubject>): void {
  sentence(
    'runs as many sessions at the same time as it says, the rest in the order they were asked for',
    async ({ subject, concurrency = 1 }) => {
      const log = new Collector<string>();
      const held = gate();
      const first = Array.from({ length: concurrency }, () =>
        subject.session(async () => {
          log.add('enters');
          await held.opened;
          log.add('leaves');
        }),
      );
      const rest = [1, 2, 3].map((n) => subject.session(async () => log.add(`${n}`)));
      await log.count(concurrency);
      await turns();
      held.open();
      await Promise.all([...first, ...rest]);
      expect(log.items.slice(0, concurrency + 1)).toEqual([...Array(concurrency).fill('enters'), 'leaves']);
      expect(log.items.indexOf('1')).toBeGreaterThan(concurrency);
      if (concurrency === 1) expect(log.items.slice(2)).toEqual(['1', '2', '3']);
    },
  );
  sentence('lets a key be used by one session at a time: another sees what it left, or that it is running', async ({ subject }) => {
    const [entered, held] = [gate(), gate()];
    const first = subject.session(async (session) => {
      expect(await session.get('key')).toBeUndefined();
      entered.open();
      await held.opened;
      await session.put('key', DONE);
    });
    await entered.opened;
    const second = read(subject, 'key');
    await turns();
    held.open();
    await first;
    expect(['running', 'succeeded']).toContain((await second)?.type);
    expect(await read(subject, 'key')).toEqual(DONE);
  });
  sentence('goes on after a session that rejected', async ({ subject }) => {
    const failing = subject.session(async () => {
      throw new Error('not like this');
    });
    const next = subject.session(async (session) => session.put('key', DONE));
    await expect(failing).rejects.toThrow('not like this');
    await next;
    expect(await read(subject, 'key')).toEqual(DONE);
  });
  sentence('drops the records last written before a time, and says how many', async ({ subject, age }) => {
    const before = Date.now();
    await subject.session(async (session) => {
      await session.put('a', DONE);
      await session.put('b', SEALED);
    });
    await age(100 * DAY);
    expect(await subject.prune(before - 101 * DAY)).toBe(0);
    expect(await read(subject, 'a')).toEqual(DONE);
    await subject.session(async (session) => session.put('b', DONE));
    expect(await subject.prune(Date.now() + DAY)).toBe(1);
    expect(await read(subject, 'a')).toBeUndefined();
    expect(await read(subject, 'b')).toEqual(DONE);
  });
  sentence('A12: drops nothing that it must still remember, whatever it is told', async ({ subject, age }) => {
    await subject.session(async (session) => session.put('a', DONE));
    expect(await subject.prune(Date.now() + 1_000 * DAY)).toBe(0);
    await age(90 * DAY);
    expect(await subject.prune(Date.now() + 1_000 * DAY)).toBe(0);
    expect(await read(subject, 'a')).toEqual(DONE);
    await age(2 * DAY);
    expect(await subject.prune(Date.now() + 1_000 * DAY)).toBe(1);
  });
}
