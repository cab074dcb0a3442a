import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentCommand } from '@skald/app';
import { BusinessError, defineSaga, type Later, later, Participant, participant, SagaStep } from '@skald/decorators';

export interface Order {
  readonly item: string;
  readonly total: number;
}

/** Present in the folder of the fleet: the warehouse answers again. */
export const WAREHOUSE_IS_UP = 'warehouse-is-up';

export function tokenFile(folder: string, sagaId: string): string {
  return join(folder, `${sagaId}.token`);
}

/** Where the participants' process finds what the test tells it, and leaves task tokens. */
const folder = process.argv[3] ?? '';

/** What becomes of an order hangs on its item. */
@Participant('shop')
export class Shop {
  @SagaStep({ compensation: 'release' })
  async reserve({ item }: Order): Promise<string> {
    return `shelf of ${item}`;
  }

  async release({ item }: Order): Promise<void> {
    if (item === 'sofa' && !existsSync(join(folder, WAREHOUSE_IS_UP))) throw new Error('the warehouse does not answer');
  }

  async charge({ item, total }: Order): Promise<number> {
    if (item === 'sofa' || item === 'vase') throw new BusinessError('the card was declined');
    return total;
  }

  async engrave(_order: Order): Promise<Later<string>> {
    const { sagaId = '', taskToken = '' } = currentCommand() ?? {};
    writeFileSync(tokenFile(folder, sagaId), taskToken);
    return later();
  }

  async ship(item: string): Promise<string> {
    if (item === 'piano') throw new Error('no lorry is large enough');
    return `${item} is on its way`;
  }
}

const shop = participant<Shop>('shop');

export function orderOf(version: number) {
  return defineSaga<Order>({ name: 'order', version, deadline: '2d' })
    .step('reserve', { run: (order) => shop.reserve(order), compensationRetry: { attempts: 1 } })
    .step('charge', (order) => shop.charge(order))
    .signal('approval', { when: ({ item }) => item === 'lamp' })
    .wait('coolOff', { when: ({ item }) => item === 'rug', for: '2h' })
    .step('engrave', {
      when: ({ item }) => item === 'ring',
      run: (order) => shop.engrave(order),
      callback: { timeout: '3d', heartbeat: '1h' },
    })
    .step('ship', { run: ({ item }) => shop.ship(item), pivot: true, retry: { attempts: 1 } })
    .attributes({ item: ({ item }) => item, total: ({ total }) => total })
    .done();
}

export const order = orderOf(1);
