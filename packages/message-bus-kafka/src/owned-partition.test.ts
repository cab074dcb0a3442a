import { describe, expect, it } from '@jest/globals';
import type { BusMessage } from '@skald/kernel';
import { KafkaDelivery, OwnedPartition } from './owned-partition.js';

const MESSAGE: BusMessage = { kind: 'input', sagaId: 'order-1', input: { type: 'wake' } };

function owned(maxOpen: number, maxOpenBytes = 1_000_000) {
  const room: number[] = [];
  const owner = new OwnedPartition(3, { maxOpen, maxOpenBytes }, (partition) => room.push(partition));
  const deliver = (offset: number, bytes = 100) => {
    const delivery = new KafkaDelivery(MESSAGE, undefined, offset, bytes, owner);
    owner.add(delivery);
    return delivery;
  };
  return { owner, room, deliver };
}

describe('OwnedPartition', () => {
  it('A2, P1: counts nothing that is done after it was revoked', () => {
    const { owner, deliver } = owned(10);
    const [first, second] = [deliver(7), deliver(8)];
    first.done();
    expect(owner.uncommitted).toBe(8);
    owner.revoke();
    second.done();
    expect(owner.uncommitted).toBe(8);
    expect(second.isDone).toBe(false);
  });

  it('A16, P2: is full beyond its bound, once, and has room again at the half', () => {
    const { owner, room, deliver } = owned(4);
    const deliveries = [0, 1, 2, 3].map((offset) => deliver(offset));
    expect(owner.becameFull()).toBe(false);
    deliveries.push(deliver(4));
    expect([owner.becameFull(), owner.becameFull()]).toEqual([true, false]);
    for (const one of deliveries.slice(0, 2)) one.done();
    expect(room).toEqual([]);
    deliveries[2]?.done();
    expect(room).toEqual([3]);
  });

  it('P2: counts bytes too, and what is done behind one that is not', () => {
    const { owner, room, deliver } = owned(100, 1_000);
    const first = deliver(0, 900);
    const second = deliver(1, 200);
    expect(owner.becameFull()).toBe(true);
    second.done();
    expect(room).toEqual([]);
    first.done();
    expect(room).toEqual([3]);
  });

  it('C2: has nothing to commit twice', () => {
    const { owner, deliver } = owned(10);
    expect(owner.uncommitted).toBeUndefined();
    deliver(4).done();
    expect(owner.uncommitted).toBe(5);
    owner.committed(5);
    expect(owner.uncommitted).toBeUndefined();
    deliver(5);
    expect(owner.uncommitted).toBeUndefined();
  });
});
