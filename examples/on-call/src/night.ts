import { Skald } from '@skald/app';
import { SequentialIds, VirtualClock } from '@skald/testkit';
import { Carrier, Inventory, night, type Order, order, Payment } from './shop.js';

/** When the night begins, and when somebody looks at it. */
export const EVENING = Date.UTC(2026, 2, 14, 2, 0);
export const CALLED_AT = Date.UTC(2026, 2, 14, 3, 7);

const MINUTE = 60_000;

/** Leaves a store behind in which sagas stand as they do after a bad night; the same one, to the byte of its events, whenever it is made. */
export async function badNight(file: string): Promise<void> {
  const clock = new VirtualClock(EVENING);
  night.takes = (milliseconds) => new Promise((resolve) => void clock.at(clock.now() + milliseconds, resolve));
  const app = await Skald.embedded({ file, clock, ids: new SequentialIds('n'), timerScanInterval: MINUTE, log: () => undefined })
    .sagas(order)
    .participants(Inventory, Payment, Carrier)
    .start();
  const buy = async (id: string, bought: Order, minutes: number): Promise<void> => {
    await app.sagas.start(order, bought, { id });
    await clock.advance(minutes * MINUTE, settled);
  };
  await buy('1001', { item: 'lamp', total: 40 }, 4);
  await buy('1002', { item: 'yacht', total: 90_000 }, 7);
  night.warehouseIsDown = true;
  await buy('1003', { item: 'car', total: 30_000 }, 9);
  night.warehouseIsDown = false;
  await buy('1004', { item: 'sofa', total: 1_500 }, 5);
  await buy('1005', { item: 'piano', total: 900 }, 11);
  night.carrierIsDown = true;
  await buy('1006', { item: 'chair', total: 120 }, 6);
  night.carrierIsDown = false;
  await buy('1007', { item: 'desk', total: 1_200 }, 3);
  await app.sagas.cancel('order-1007', { by: 'ines', reason: 'ordered twice' });
  await clock.advance(MINUTE, settled);
  await buy('1008', { item: 'vase', total: 25 }, 2);
  await app.stop();
}

/** What one moment sets off goes through bus, store and participants: some turns of the event loop each. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
