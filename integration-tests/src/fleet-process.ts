/**
 * A process of the fleet that the `skald` command is tried against: `manager` or `shop`. Arguments: role, folder, broker, prefix, event store,
 * name, versions of the saga. It says `ready` when it is, and ends in order when it is asked to, or at once with its parent.
 */
import { join } from 'node:path';
import { projectedStore, type RunningSkald, Skald } from '@skald/app';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { openSqliteIndex } from '@skald/event-store-sqlite';
import { orderOf, Shop } from './fleet-sagas.js';
import { connectShortLived } from './jobs-bus.js';

const [role = '', folder = '', broker = '', prefix = '', connectionString = '', name = '', versions = '1'] = process.argv.slice(2);
process.on('disconnect', () => process.exit(1));
const bus = () => connectShortLived(broker, prefix, name);

function manager(): Promise<RunningSkald> {
  const store = () =>
    projectedStore(
      connectEventStore({ connectionString, prefix: `${prefix}.` }),
      openSqliteIndex({ file: join(folder, `index-${name}.db`) }),
    );
  const sagas = versions.split(',').map((version) => orderOf(Number(version)));
  return Skald.connect({ bus, store, tokens: { secret: 'nobody can guess this' } })
    .sagas(...sagas)
    .start();
}

function shop(): Promise<RunningSkald> {
  return Skald.connect({ bus, fenceFile: join(folder, 'fence.db') })
    .participants(Shop)
    .start();
}

const app = await (role === 'manager' ? manager() : shop());
process.once('SIGTERM', () => void app.stop().then(() => process.exit(0)));
process.send?.('ready');
