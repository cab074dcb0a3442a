import type { SqliteStore } from '@skald/event-store-sqlite';

/** How many sagas held a slot at the same time, at most: from one event of the store to the next. */
export async function mostAtOnce({ events }: SqliteStore): Promise<number> {
  const holders = new Set<string>();
  let most = 0;
  for (let position = 0; ; ) {
    const page = await events.readAll(position, 5_000);
    for (const { stream, type } of page) {
      if (type === 'SlotGranted') holders.add(stream);
      else if (/^Saga(Completed|Compensated|Failed|Cancelled|Terminated)$/.test(type)) holders.delete(stream);
      most = Math.max(most, holders.size);
    }
    position = page.at(-1)?.position ?? position;
    if (page.length === 0) return most;
  }
}
