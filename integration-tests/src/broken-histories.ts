import { chainHash, readHistory } from '@skald/engine';
import type { SqliteStore } from '@skald/event-store-sqlite';
import { checkLaws, isEnded } from '@skald/kernel';

const PAGE = 1_000;

/** What is wrong with the sagas of a store, one sentence each: laws, chain, ends, and an index that says something else. */
export async function brokenHistories({ events, index }: SqliteStore): Promise<string[]> {
  const broken: string[] = [];
  for (let after: string | undefined; ; ) {
    const { sagas, next } = await index.list({ limit: PAGE, ...(after !== undefined && { after }) });
    for (const { sagaId, status } of sagas) {
      if (!isEnded(status)) broken.push(`${sagaId} is ${status}`);
      for (const { law, message } of checkLaws(await readHistory(events, sagaId))) broken.push(`${sagaId}: ${law}: ${message}`);
      let before = sagaId;
      for (const { type, data, metadata, hash, revision } of await events.read(sagaId)) {
        if (chainHash(before, type, data, metadata) !== hash)
          broken.push(`${sagaId}: event ${revision} does not follow from the one before`);
        before = hash;
      }
    }
    if (next === undefined) break;
    after = next;
  }
  const owing = await index.owing('', PAGE);
  return [...broken, ...owing.map((sagaId) => `${sagaId} still owes a command`)];
}
