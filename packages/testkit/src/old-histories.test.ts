import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkLaws, fold, outstanding, type SagaEvent, type SagaStatus, statusOf } from '@skald/kernel';

/** A history as an earlier kernel recorded it, a JSON object a line, with what that kernel made of it. Files are added, never changed. */
interface OldHistory {
  readonly title: string;
  readonly status: SagaStatus;
  readonly results: Readonly<Record<string, unknown>>;
  readonly history: readonly SagaEvent[];
}

const folder = new URL('../golden/', import.meta.url);
const old = readdirSync(folder).flatMap((file) =>
  readFileSync(new URL(file, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ file, ...(JSON.parse(line) as OldHistory) })),
);

describe('A history that an earlier kernel recorded', () => {
  it.each(old)('says what it said then: $file, $title', ({ history, status, results }) => {
    const state = fold(history);
    expect(statusOf(state)).toBe(status);
    expect(JSON.parse(JSON.stringify(state.results))).toEqual(results);
    expect(checkLaws(history)).toEqual([]);
    expect(status === 'suspended' || outstanding(state).length === 0).toBe(true);
  });
});
