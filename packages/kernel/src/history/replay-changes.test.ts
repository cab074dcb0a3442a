import { describe, expect, it } from '@jest/globals';
import { REPLAY_CHANGES, REPLAY_NUMBER } from './replay-changes.js';

describe('The register of replay changes', () => {
  it('counts from 1 without gaps, and each entry says since when, what and why', () => {
    expect(REPLAY_CHANGES.map(({ number }) => number)).toEqual(REPLAY_CHANGES.map((_, nth) => nth + 1));
    for (const { since, what, reason, affects } of REPLAY_CHANGES) {
      expect(since).toMatch(/^\d+\.\d+\.\d+$/);
      for (const sentence of [what, reason]) expect(sentence.length).toBeGreaterThan(20);
      expect(affects.length).toBeGreaterThan(0);
    }
    expect(REPLAY_NUMBER).toBe(REPLAY_CHANGES.length);
  });
});
