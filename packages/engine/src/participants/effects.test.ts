import { describe, expect, it } from '@jest/globals';
import { BusinessError, type Outcome } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { type Asked, CommandBench, MemoryFence, ScriptedParticipant } from '@skald/testkit';
import fc from 'fast-check';
import { currentCommand } from './command-context.js';

const KEYS = ['order-1/a/pay', 'order-2/a/pay'] as const;
type Kind = MemoryFence['kind'];
type Fate = 'succeeds' | 'declines' | 'breaks';

/** What the world really holds: how often the effect of each key was made, and whether it stands. */
class World {
  readonly made = new Map<string, number>();
  readonly standing = new Map<string, number>();
  readonly #fates: Fate[] = [];

  constructor(
    private readonly fence: MemoryFence,
    fates: readonly Fate[],
  ) {
    this.#fates.push(...fates);
  }

  act(): void {
    const fate = this.#fates.shift();
    const key = currentCommand()?.idempotencyKey ?? '';
    if (fate === 'declines') throw new BusinessError('declined');
    this.#set(this.made, key, (this.#get(this.made, key) ?? 0) + 1);
    this.#set(this.standing, key, 1);
    // After the effect: a transactional participant takes it back, an external one cannot.
    if (fate === 'breaks') throw new Error('socket reset');
  }

  undo(): void {
    const key = currentCommand()?.idempotencyKey ?? '';
    this.#set(this.standing, key, 0);
    if (this.#fates.shift() === 'breaks') throw new Error('socket reset');
  }

  madeOf(key: string): number {
    return this.#get(this.made, key) ?? 0;
  }

  stands(key: string): boolean {
    return (this.#get(this.standing, key) ?? 0) > 0;
  }

  /** In the participant's database where it has one, so that it is rolled back with it. */
  #set(map: Map<string, number>, key: string, value: number): void {
    if (this.fence.kind === 'transactional') this.fence.data.set(`${map === this.made ? 'made' : 'standing'} ${key}`, value);
    else map.set(key, value);
  }

  #get(map: Map<string, number>, key: string): number | undefined {
    if (this.fence.kind === 'external') return map.get(key);
    return this.fence.data.get(`${map === this.made ? 'made' : 'standing'} ${key}`) as number | undefined;
  }
}

const asked: fc.Arbitrary<Asked> = fc.record({
  key: fc.constantFrom(...KEYS),
  operation: fc.constantFrom('action' as const, 'action' as const, 'compensation' as const, 'seal' as const),
  undoRound: fc.constantFrom(1, 2),
});
const batches = fc.array(fc.array(asked, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });
const fates = fc.array(fc.constantFrom<Fate>('succeeds', 'succeeds', 'succeeds', 'declines', 'breaks'), { minLength: 60, maxLength: 60 });

interface Run {
  readonly bench: CommandBench;
  readonly world: World;
  /** Commands with their outcomes, in the order in which they were sent. */
  readonly told: { readonly asked: Asked; readonly outcome: Outcome | undefined }[];
}

async function runAll(
  kind: Kind,
  all: readonly (readonly Asked[])[],
  fate: readonly Fate[],
  check: (run: Run, batch: readonly Asked[]) => void,
): Promise<Run> {
  const fence = new MemoryFence({ kind });
  const world = new World(fence, fate);
  const bank = new ScriptedParticipant('bank').on('act', () => world.act()).on('undo', () => world.undo());
  const bench = new CommandBench(() => new InProcessBus(), bank, fence);
  await bench.start();
  const told: Run['told'] = [];
  for (const batch of all) {
    const attempts = await bench.send(
      ...batch.map((one) => ({ ...one, undoRound: one.operation === 'compensation' ? (one.undoRound ?? 1) : 0 })),
    );
    // Repeats of a key take a batch each.
    for (let repeats = 0; repeats < batch.length; repeats++) await bench.quiet();
    told.push(...attempts.map((attempt, at) => ({ asked: batch[at] ?? {}, outcome: bench.outcome(attempt) })));
    check({ bench, world, told }, batch);
  }
  await bench.stop();
  return { bench, world, told };
}

/** Whether the key is closed, by what was answered so far. */
function isClosed(told: Run['told'], key: string): boolean {
  return told.some(({ asked, outcome }) => asked.key === key && (outcome?.type === 'undone' || outcome?.type === 'sealed'));
}

describe('Whatever is asked, as often and in whatever order', () => {
  it('F1, F2, F3: in one transaction every effect is made at most once, stands when it succeeded, and is gone when it was undone', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fates, async (all, fate) => {
        const madeWhenClosed = new Map<string, number>();
        await runAll('transactional', all, fate, ({ world, told }) => {
          expect(told.every(({ outcome }) => outcome !== undefined)).toBe(true);
          for (const key of KEYS) {
            const of = told.filter((one) => one.asked.key === key).map(({ outcome }) => outcome?.type);
            expect(world.madeOf(key)).toBeLessThanOrEqual(1);
            expect(world.madeOf(key)).toBe(of.includes('succeeded') || world.madeOf(key) === 1 ? 1 : 0);
            expect(world.stands(key)).toBe(world.madeOf(key) === 1 && !of.includes('undone'));
            if (isClosed(told, key)) {
              expect(world.madeOf(key)).toBe(madeWhenClosed.get(key) ?? world.madeOf(key));
              madeWhenClosed.set(key, world.madeOf(key));
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('F1: every repeat gets the outcome that was recorded first, until the key is closed', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fates, async (all, fate) => {
        for (const kind of ['transactional', 'external'] as const) {
          const { told } = await runAll(kind, all, fate, () => undefined);
          for (const key of KEYS) {
            const actions = told.filter(({ asked }) => asked.key === key && asked.operation === 'action').map(({ outcome }) => outcome);
            const final = actions.filter(
              (outcome) => outcome?.type === 'succeeded' || (outcome?.type === 'failed' && outcome.kind === 'business'),
            );
            expect(new Set(final.map((outcome) => JSON.stringify(outcome))).size).toBeLessThanOrEqual(1);
            const refused = actions.findIndex((outcome) => outcome?.type === 'refused');
            if (refused >= 0) expect(actions.slice(refused).every((outcome) => outcome?.type === 'refused')).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('F5: elsewhere an effect is made again only after a run that told nothing, and is gone when it was undone', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fates, async (all, fate) => {
        await runAll('external', all, fate, ({ world, told }) => {
          expect(told.every(({ outcome }) => outcome !== undefined)).toBe(true);
          for (const key of KEYS) {
            const of = told.filter((one) => one.asked.key === key && one.asked.operation === 'action').map(({ outcome }) => outcome);
            const doubtful = of.filter((outcome) => outcome?.type === 'failed' && outcome.effect === 'unknown').length;
            expect(world.madeOf(key)).toBeLessThanOrEqual(1 + doubtful);
            const isUndone = told.some(({ asked, outcome }) => asked.key === key && outcome?.type === 'undone');
            if (isUndone) expect(world.stands(key)).toBe(false);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
