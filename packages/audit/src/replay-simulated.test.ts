import { describe, expect, it } from '@jest/globals';
import type { SagaEvent } from '@skald/kernel';
import { SeededChoices, simulate } from '@skald/testkit';
import { replayHistory } from './conform.js';

const LIVES = Number(process.env['CONFORM_LIVES'] ?? 1_500);
const FIRST = Number(process.env['CONFORM_SEED'] ?? 1);

describe('A history of a random saga with a random life', () => {
  it(`is decided as it was recorded when it is replayed with its own definition (${LIVES} lives)`, () => {
    const types = new Set<SagaEvent['type']>();
    let decisions = 0;
    for (let seed = FIRST; seed < FIRST + LIVES; seed++) {
      const { history, causes, program } = simulate(new SeededChoices(seed), {});
      const caused = history.map((event, nth) => ({ event, cause: causes[nth] ?? '', replay: 0 }));
      const replay = replayHistory(caused, program);
      expect({ seed, difference: replay.difference, notes: replay.notes }).toEqual({ seed, difference: undefined, notes: [] });
      decisions += replay.decisions;
      for (const { type } of history) types.add(type);
    }
    expect(decisions).toBeGreaterThan(LIVES * 5);
    expect(types.size).toBeGreaterThan(25);
  });
});
