import { describe, expect, it } from '@jest/globals';
import { Recent } from './recent.js';

describe('Recent', () => {
  it('keeps what was used last and never more than twice its size', () => {
    const recent = new Recent<number>(10);
    for (let i = 0; i < 1_000; i++) {
      recent.set(`key-${i}`, i);
      expect(recent.get('key-0')).toBe(0);
    }
    const kept = Array.from({ length: 1_000 }, (_, i) => recent.get(`key-${i}`)).filter((value) => value !== undefined);
    expect(kept.length).toBeLessThanOrEqual(20);
    expect(recent.get('key-999')).toBe(999);
  });

  it('forgets everything when it is cleared', () => {
    const recent = new Recent<number>(10);
    for (let i = 0; i < 15; i++) recent.set(`key-${i}`, i);
    recent.clear();
    expect(Array.from({ length: 15 }, (_, i) => recent.get(`key-${i}`))).toEqual(Array(15).fill(undefined));
  });
});
