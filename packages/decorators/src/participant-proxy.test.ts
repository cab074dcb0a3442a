import { describe, expect, test } from '@jest/globals';
import { participant } from './participant-proxy.js';

interface Inventory {
  reserve(order: { id: string }): Promise<string>;
  move(from: string, to?: string, count?: number): Promise<void>;
}
const inventory = participant<Inventory>('inventory');
const untyped = inventory as unknown as Record<string | symbol, unknown>;

describe('A participant as sagas see it', () => {
  test('builds commands, and the same ones every time', () => {
    const command = inventory.reserve({ id: '1' });
    expect(command).toEqual({ participant: 'inventory', action: 'reserve', args: [{ id: '1' }] });
    expect(inventory.reserve({ id: '1' })).toEqual(command);
    expect(inventory.reserve).toBe(inventory.reserve);
  });

  test('leaves out what is undefined at the end of the arguments, and only there', () => {
    const [nowhere, nothing]: undefined[] = [];
    expect(untyped['move']).toBeInstanceOf(Function);
    expect((untyped['move'] as (...args: unknown[]) => unknown)('a', nowhere, nothing)).toMatchObject({ args: ['a'] });
    expect((untyped['move'] as (...args: unknown[]) => unknown)('a', nowhere, 1)).toMatchObject({ args: ['a', undefined, 1] });
    expect((untyped['move'] as (...args: unknown[]) => unknown)(nowhere)).toMatchObject({ args: [] });
  });

  test('is no promise: it can be awaited and returned', async () => {
    expect(await inventory).toBe(inventory);
  });

  test.each(['then', 'toJSON', 'asymmetricMatch', '_private', '$flush', '$$typeof', '@@iterator', ''])('has no action "%s"', (name) => {
    expect(untyped[name]).toBeUndefined();
  });

  test('answers symbols and what every object has as any object does', () => {
    expect(untyped[Symbol.iterator]).toBeUndefined();
    expect(untyped[Symbol.toPrimitive]).toBeUndefined();
    expect(String(inventory)).toBe('participant(inventory)');
    expect(JSON.stringify({ inventory })).toBe('{"inventory":{}}');
  });

  test('cannot be changed', () => {
    expect(() => {
      untyped['reserve'] = () => undefined;
    }).toThrow(TypeError);
  });

  test('has a name that topics can have', () => {
    expect(() => participant<Inventory>('in ventory')).toThrow(/Participant "in ventory": this cannot be the name of a participant/);
  });
});
