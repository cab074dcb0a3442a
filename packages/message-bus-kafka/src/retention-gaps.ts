import { withAdmin } from './admin.js';
import type { Settings } from './options.js';

/** Of these partitions, those whose log begins after what the group has committed, or begins late with nothing committed. */
export async function findGaps(settings: Settings, topic: string, group: string, partitions: readonly number[]): Promise<number[]> {
  return withAdmin(settings, 'to compare offsets', async (admin) => {
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const offsets = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    const begin = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, Number(low)]));
    return partitions.filter((partition) => (begin.get(partition) ?? 0) > Math.max(offsets.get(partition) ?? 0, 0));
  });
}
