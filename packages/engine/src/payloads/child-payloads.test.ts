import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson, checkLaws } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';
import { readHistory } from '../history.js';
import { type AesGcmCodec, aesGcmCodec, memoryKeyStore } from './aes-gcm-codec.js';

const CHILD = 'ship-order-1.id1.ship';
/** So short that its plain hash would give it away. */
const INPUT = { floor: 3 };

let codec: AesGcmCodec;
let dock: ScriptedParticipant;
let world: EngineWorld;

beforeEach(async () => {
  codec = aesGcmCodec({ keys: memoryKeyStore() });
  dock = new ScriptedParticipant('dock');
  const order = sagaOf('order', { ship: { ask: dock, run: () => startOf('ship', INPUT) }, close: dock });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order, sagaOf('ship', { load: dock })], engine: { codec } });
  world.participant(dock);
  await world.start();
});
afterEach(() => world.stop());

const plainHash = createHash('sha256').update(canonicalJson(INPUT)).digest('hex');
const everything = async () => JSON.stringify([await world.events.readAll(0, 1_000), world.bus.published]);

describe('B26: With a codec the hash of what a child saga is asked', () => {
  it('is made under the child’s key: nobody can try out what the input was', async () => {
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['completed', 'completed']);
    const [started] = await readHistory(world.events, CHILD, undefined, codec);
    expect(started?.data).toMatchObject({ input: INPUT, inputHash: await codec.digest(CHILD, canonicalJson(INPUT)) });
    expect(await everything()).not.toContain(plainHash);
  });

  it('is not needed to know the child by: it is found also where it was begun before there was a codec', async () => {
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    codec.digest = async () => 'made under another key';
    world.bus.loses = () => false;
    await world.restart();
    await world.quiet();
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['completed', 'completed']);
    for (const id of ['order-1', CHILD]) expect(checkLaws(await world.history(id))).toEqual([]);
  });

  it('is not asked for where the child’s key was dropped, which stops no other saga', async () => {
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    await codec.drop(CHILD);
    world.bus.loses = () => false;
    await world.pass(120_000);
    await world.answered(world.begin('order', '2'));
    await world.quiet();
    expect([await world.status('order-2'), await world.status(CHILD)]).toEqual(['completed', 'suspended']);
  });
});
