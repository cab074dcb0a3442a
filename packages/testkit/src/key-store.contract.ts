import type { KeyStore, SagaKey } from '@skald/kernel';
import { type ContractOptions, type ContractSubject, contract } from './contract.js';
import { expect } from './test-framework.contract.js';

export type KeyStoreSubject = ContractSubject<KeyStore>;

/** What every store of keys keeps; `open` gives an empty one. */
export function keyStoreContract(name: string, open: () => Promise<KeyStoreSubject>, options: ContractOptions = {}): void {
  contract(`${name} is a key store`, open, options, (sentence) => {
    sentence('makes a key where it shall, and gives the same again', async ({ subject }) => {
      expect(await subject.keys(['order-1'], false)).toEqual(new Map());
      const made = await subject.keys(['order-1', 'order-2'], true);
      expect([...made.keys()]).toEqual(['order-1', 'order-2']);
      const [one, two] = [...made.values()] as SagaKey[];
      expect([one?.key.length, two?.key.length]).toEqual([32, 32]);
      expect(one?.id).toMatch(/^[\w-]+$/);
      expect(Buffer.from(one?.key ?? []).equals(Buffer.from(two?.key ?? []))).toBe(false);
      const again = await subject.keys(['order-2', 'order-1', 'order-3'], false);
      expect(texts(again)).toEqual(texts(made));
    });
    sentence('gives all who ask at the same time the same key', async ({ subject }) => {
      const asked = await Promise.all(Array.from({ length: 5 }, () => subject.keys(['order-1'], true)));
      expect(new Set(asked.map((keys) => JSON.stringify(texts(keys)))).size).toBe(1);
    });
    sentence('drops a key for ever, whether there was one or not, and leaves the others', async ({ subject }) => {
      await subject.keys(['order-1', 'order-2'], true);
      await subject.drop('order-1');
      await subject.drop('order-1');
      await subject.drop('order-3');
      const keys = await subject.keys(['order-1', 'order-2', 'order-3'], true);
      expect([keys.get('order-1'), keys.get('order-3')]).toEqual(['dropped', 'dropped']);
      expect(keys.get('order-2')).toMatchObject({ id: expect.any(String) });
    });
  });
}

function texts(keys: ReadonlyMap<string, SagaKey | 'dropped'>): Record<string, string> {
  const text = (key: SagaKey | 'dropped') => (key === 'dropped' ? key : `${key.id} ${Buffer.from(key.key).toString('hex')}`);
  return Object.fromEntries([...keys].map(([sagaId, key]) => [sagaId, text(key)] as const).sort());
}
