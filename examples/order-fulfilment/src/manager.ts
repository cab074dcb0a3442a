/** A manager of order sagas, one of several: `node dist/manager.js [name]`, told all else by its environment. */
import 'reflect-metadata';
import { hostname } from 'node:os';
import { Skald } from '@skald/app';
import { connectBus, eventStoreOf, fileOf } from './environment.js';
import { sagaStoreOf } from './event-store-choice.js';
import { live } from './lifeline.js';
import { OrderSaga } from './order-saga.js';
import { patiently } from './patience.js';

const { env } = process;

await live(env, () => {
  const choice = eventStoreOf(env, fileOf(env, 'store'));
  const name = process.argv[2] ?? hostname();
  // #region manager
  return patiently(() =>
    Skald.connect({ bus: () => connectBus(env, 'manager'), store: () => sagaStoreOf(choice, name) })
      .sagas(OrderSaga)
      .start(),
  );
  // #endregion
});
