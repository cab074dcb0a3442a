import { describe, expect, it } from '@jest/globals';
import { gapsAmong } from './retention-gaps.js';

const QUICKLY = [1, 1];

/** Fails so often, and then says 2. */
function failing(times: number): { readonly find: () => Promise<readonly number[]>; readonly asked: () => number } {
  let asked = 0;
  const find = async () => {
    asked += 1;
    if (asked <= times) throw new Error(`no connection ${asked}`);
    return [2];
  };
  return { find, asked: () => asked };
}

describe('Whether messages were dropped before they were read', () => {
  it('A15: is asked again where it cannot be said', async () => {
    const { find, asked } = failing(2);
    expect(await gapsAmong([1, 2, 3], find, () => true, QUICKLY)).toEqual({ partitions: [2] });
    expect(asked()).toBe(3);
  });

  it('A15: is assumed of all where it cannot be found out, since once something is committed nobody could tell', async () => {
    const { find, asked } = failing(9);
    expect(await gapsAmong([1, 2, 3], find, () => true, QUICKLY)).toEqual({ partitions: [1, 2, 3], unknown: new Error('no connection 3') });
    expect(asked()).toBe(3);
  });

  it('is not asked again by who has lost the partitions', async () => {
    const { find, asked } = failing(9);
    await gapsAmong([1], find, () => false, QUICKLY);
    expect(asked()).toBe(1);
  });
});
