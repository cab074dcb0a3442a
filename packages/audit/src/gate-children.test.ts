import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RunningSkald, Skald } from '@skald/app';
import { child, defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { type SagaDefinition, type SagaState, stepGraph } from '@skald/kernel';
import { withChildren } from './children.js';
import { gate } from './gate.js';
import { byStream } from './stream-lines.js';

@Participant('depot')
class Depot {
  async pack(id: string): Promise<string> {
    return `P-${id}`;
  }

  async unpack(_id: string): Promise<void> {}
}

const depot = participant<Depot>('depot');

function shipmentOf(undo: (id: string) => ReturnType<typeof depot.unpack>, version = 1) {
  return defineSaga<string>({ name: 'shipment', version })
    .step('pack', { run: (id) => depot.pack(id), compensation: { name: 'unpack', run: undo } })
    .done();
}

const shipment = shipmentOf((id) => depot.unpack(id));
const broken = shipmentOf(() => {
  throw new Error('nobody knows how');
});
const orderWith = (shipped: typeof shipment) =>
  defineSaga<string>({ name: 'order', version: 1 })
    .step('ship', (id) => child(shipped, id))
    .signal('approval')
    .done();
const order = orderWith(shipment);
const CHILD = /^shipment-order-1\./;

let folder: string;
let app: RunningSkald;

/** Resolves at the first state of which that is true. */
function until(is: (state: SagaState) => boolean, sagas: readonly SagaDefinition[]): Promise<{ reached: Promise<void> }> {
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const skald = Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} });
  return skald
    .sagas(...sagas)
    .participants(Depot)
    .observe({ moved: (state) => is(state) && reach() })
    .start()
    .then((running) => {
      app = running;
      return { reached };
    });
}

/** An order whose shipment has completed, and which waits. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  const { reached } = await until(({ saga, steps }) => saga === 'order' && steps.get('approval')?.status === 'waiting', [order, shipment]);
  await app.sagas.start(order, '1', { id: '1' });
  await reached;
  await app.stop();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function verdict(...definitions: readonly SagaDefinition[]) {
  const store = await openSqliteStore({ file: join(folder, 'skald.db'), readOnly: true });
  const streams = await byStream(withChildren(store.events, ['order-1']));
  await store.close();
  return gate(
    streams,
    definitions.map((definition) => ({ definition, program: stepGraph(definition) })),
  );
}

/** Really deployed, and the order cancelled: what becomes of the shipment. */
async function cancelled(...definitions: readonly SagaDefinition[]): Promise<string> {
  const isThrough = ({ saga, phase, parked }: SagaState) => saga === 'shipment' && (phase === 'ended' || parked.size > 0);
  const { reached } = await until(isThrough, definitions);
  await app.sagas.cancel('order-1', { by: 'test', reason: 'to see' });
  await reached;
  const { sagas } = await app.sagas.list({ saga: 'shipment' });
  await app.stop();
  return sagas.map(({ status }) => status).join();
}

describe('A child that has completed, of a saga under way', () => {
  it('goes on with the definitions that it had', async () => {
    expect(await verdict(order, shipment)).toMatchObject({ mayDeploy: true, running: 1, held: [], notes: [] });
    expect(await cancelled(order, shipment)).toBe('compensated');
  });

  it('holds the deployment up where its version is gone: it could not be undone', async () => {
    const next = shipmentOf((id) => depot.unpack(id), 2);
    const { mayDeploy, held } = await verdict(orderWith(next), next);
    expect(mayDeploy).toBe(false);
    expect(held).toEqual([
      expect.objectContaining({ sagaId: 'order-1', reason: expect.stringContaining('opens.command.child.version was 1, and would be 2') }),
      expect.objectContaining({
        sagaId: expect.stringMatching(CHILD),
        status: 'completed',
        reason: 'it has completed, and could not be undone should order-1 turn back: its version is not among these definitions',
      }),
    ]);
    expect(await cancelled(orderWith(next), next)).toBe('suspended');
  });

  it('holds it up where its compensation cannot be built', async () => {
    const { held } = await verdict(order, broken);
    expect(held).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/what step pack did could not be undone: nobody knows how$/) }),
    ]);
    expect(await cancelled(order, broken)).toBe('suspended');
  });

  it('is missed where it is not among the histories', async () => {
    const store = await openSqliteStore({ file: join(folder, 'skald.db'), readOnly: true });
    const streams = new Map([['order-1', await store.events.read('order-1')]]);
    await store.close();
    const { notes } = await gate(streams, [{ definition: order, program: stepGraph(order) }]);
    expect(notes).toEqual([
      expect.stringMatching(/^saga shipment-order-1\..*, which would be undone with order-1, is not among these histories$/),
    ]);
  });
});
