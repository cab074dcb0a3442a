/** A manager of order sagas, one of several: `node dist/manager.js`, told all else by its environment. */
import 'reflect-metadata';
import { Skald } from '@skald/app';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { connectBus, fileOf } from './environment.js';
import { live } from './lifeline.js';
import { OrderSaga } from './order-saga.js';
import { patiently } from './patience.js';

const { env } = process;

await live(env, () => {
  const file = fileOf(env, 'store');
  // #region manager
  return patiently(() =>
    Skald.connect({ bus: () => connectBus(env, 'manager'), store: () => openSqliteStore({ file, shared: true }) })
      .sagas(OrderSaga)
      .start(),
  );
  // #endregion
});
