import { setTimeout as sleep } from 'node:timers/promises';
import { withAdmin } from './admin.js';
import type { Settings } from './options.js';

/** Before it is asked once more, in milliseconds. */
const PAUSES = [1_000, 2_000, 4_000, 8_000];

export interface Gaps {
  readonly partitions: readonly number[];
  /** Why it is not known: they are all that there are. */
  readonly unknown?: unknown;
}

/**
 * What `find` says, which is asked again where it fails, while `isWanted`. At last all partitions are taken for gaps: to send again what is owed does
 * no harm, and as soon as something is committed nobody can tell any more.
 */
export async function gapsAmong(
  partitions: readonly number[],
  find: () => Promise<readonly number[]>,
  isWanted: () => boolean,
  pauses: readonly number[] = PAUSES,
): Promise<Gaps> {
  for (let nth = 0; ; nth++) {
    try {
      return { partitions: await find() };
    } catch (unknown) {
      const pause = pauses[nth];
      if (pause === undefined || !isWanted()) return { partitions, unknown };
      await sleep(pause, undefined, { ref: false });
    }
  }
}

/** Of these partitions, those whose log begins after what the group has committed, or begins late with nothing committed. */
export async function findGaps(settings: Settings, topic: string, group: string, partitions: readonly number[]): Promise<number[]> {
  return withAdmin(settings, 'to compare offsets', async (admin) => {
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const offsets = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    const begin = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, Number(low)]));
    return partitions.filter((partition) => (begin.get(partition) ?? 0) > Math.max(offsets.get(partition) ?? 0, 0));
  });
}
