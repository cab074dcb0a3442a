import type { EventStore, PayloadCodec, SagaState } from '@skald/kernel';
import { loadSaga } from '../history.js';

/** What is stored of sagas under the ids of these starts: an express saga that has ended, or a standard one. */
export async function storedSagas(
  store: EventStore,
  sagaIds: readonly string[],
  codec: PayloadCodec | undefined,
): Promise<ReadonlyMap<string, SagaState>> {
  const found = await Promise.all(
    sagaIds.map(async (sagaId) => {
      const first = await store.read(sagaId, { limit: 1 });
      return first.length === 0 ? undefined : (await loadSaga(store, sagaId, codec)).state;
    }),
  );
  return new Map(found.flatMap((state, at) => (state ? [[sagaIds[at] ?? '', state] as const] : [])));
}
