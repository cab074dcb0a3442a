/** A manager of express sagas, for the test that kills it. Arguments: folder, broker, prefix, name. */
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { CountSaga } from './express-saga.js';
import { connectShortLived } from './jobs-bus.js';

const [folder = '', broker = '', prefix = '', name = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit(1));
await Skald.connect({
  bus: () => connectShortLived(broker, prefix, name),
  store: () => openSqliteStore({ file: join(folder, 'skald.db'), shared: true }),
})
  .sagas(CountSaga)
  .start();
process.send?.('ready');
