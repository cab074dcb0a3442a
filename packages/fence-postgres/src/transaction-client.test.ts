import { describe, expect, it } from '@jest/globals';
import type { PoolClient } from 'pg';
import { currentClient, guarded, withClient } from './transaction-client.js';

function recorder(): { readonly client: PoolClient; readonly sent: unknown[] } {
  const sent: unknown[] = [];
  const client = {
    query: (...args: unknown[]) => sent.push(args),
    name: 'real',
    whoAmI: () => client,
    release: () => sent.push('release'),
  };
  return { client: client as unknown as PoolClient, sent };
}

describe('The client of an action', () => {
  it.each([
    ['begin'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE'],
    ['start  transaction'],
    [' \n COMMIT;'],
    ['end'],
    ['ROLLBACK'],
    ['rollback and chain'],
    ['abort'],
    ["PREPARE TRANSACTION 'x'"],
  ])('T3: refuses %j, as text and as a query object', (text) => {
    const { client, sent } = recorder();
    const action = guarded(client, () => true);
    expect(() => action.query(text)).toThrow(expect.objectContaining({ code: 'fence-misused', retryable: false }));
    expect(() => action.query({ text })).toThrow(expect.objectContaining({ code: 'fence-misused' }));
    expect(sent).toEqual([]);
  });

  it.each([
    ['SELECT 1'],
    ['SAVEPOINT one'],
    ['ROLLBACK TO one'],
    ['rollback to savepoint one'],
    ['ROLLBACK TRANSACTION TO SAVEPOINT one'],
    ['RELEASE one'],
    ['PREPARE plan AS SELECT 1'],
    ['endings'],
  ])('T1: sends %j', (text) => {
    const { client, sent } = recorder();
    void guarded(client, () => true).query(text, [1]);
    expect(sent).toEqual([[text, [1]]]);
  });

  it('T2: refuses every query after its session', () => {
    const { client, sent } = recorder();
    let isOpen = true;
    const action = guarded(client, () => isOpen);
    isOpen = false;
    expect(() => action.query('SELECT 1')).toThrow(
      expect.objectContaining({ code: 'fence-misused', message: expect.stringContaining('ended') }),
    );
    expect(sent).toEqual([]);
  });

  it('is the real one in everything else, but cannot be released', () => {
    const { client } = recorder();
    const action = guarded(client, () => true) as PoolClient & { name: string; whoAmI(): unknown };
    expect(action.name).toBe('real');
    expect(action.whoAmI()).toBe(client);
    expect(() => action.release()).toThrow(expect.objectContaining({ code: 'fence-misused' }));
  });

  it('is found where the action runs, over awaits, and nowhere else', async () => {
    const [one, two] = [recorder().client, recorder().client];
    const find = (client: PoolClient) =>
      withClient(client, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return currentClient();
      });
    const [first, second] = await Promise.all([find(one), find(two)]);
    expect([first === one, second === two]).toEqual([true, true]);
    expect(() => currentClient()).toThrow(expect.objectContaining({ code: 'fence-misused' }));
  });
});
