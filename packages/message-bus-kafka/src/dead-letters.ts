/**
 * Messages that cannot be read stand in `<topic>.dlt` as they came, with the reason in their headers, until somebody sends them back.
 *
 * D1. Key, value and headers are those of the message; only one that is too large with the reason beside it loses its value.
 * D2. What was sent back is not sent back again, unless it was sent and the note of it was lost.
 * D3. Sending back ends with what stood there when it began: a message that cannot be read once more is left for the next time.
 */
import type { Admin, IHeaders, KafkaMessage } from 'kafkajs';
import { withAdmin } from './admin.js';
import { ConsumerSession } from './consumer-session.js';
import type { Settings } from './options.js';
import type { ProduceRecord } from './publisher.js';
import type { MalformedReason } from './shape.js';

export interface DeadLetter {
  readonly reason: string;
  readonly problem: string;
  /** Where it stood. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: Buffer | null;
  /** `null` also when it was too large to keep. */
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

const OURS = ['skald_reason', 'skald_problem', 'skald_topic', 'skald_partition', 'skald_offset', 'skald_hops'];

export function deadLetter(
  message: KafkaMessage,
  at: Place,
  reason: MalformedReason | 'astray',
  problem: string,
  to: string,
): ProduceRecord {
  const about = {
    skald_reason: reason,
    skald_problem: problem,
    skald_topic: at.topic,
    skald_partition: String(at.partition),
    skald_offset: message.offset,
  };
  const { key, value } = message;
  return { topic: to, partition: 0, key, value, headers: { ...message.headers, ...about }, sagaId: key?.toString('utf8') ?? '' };
}

function readDeadLetter({ key, value, headers = {} }: KafkaMessage): DeadLetter {
  const text = (name: string): string => headers[name]?.toString() ?? '';
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.includes(name)));
  return {
    reason: text('skald_reason'),
    problem: text('skald_problem'),
    topic: text('skald_topic'),
    partition: Number(text('skald_partition')),
    offset: text('skald_offset'),
    key,
    value,
    headers: own,
  };
}

/**
 * Calls `take` with what was not sent back yet, oldest first, at most `limit`. With `remember` they count as sent back once `take` has
 * resolved. Resolves with their number.
 */
export async function readDeadLetters(
  settings: Settings,
  topic: string,
  limit: number,
  remember: boolean,
  take: (letters: readonly DeadLetter[]) => Promise<void>,
): Promise<number> {
  const group = sentBackGroup(topic);
  const end = await endOf(settings, topic, group);
  if (end === undefined || limit <= 0) return 0;
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    let work = Promise.resolve();
    let isRead = false;
    let isOver = false;
    const finish = (problem?: unknown): void => {
      if (isOver) return;
      isOver = true;
      void session.end().then(() => (problem === undefined ? resolve() : reject(problem)));
    };
    const session = new ConsumerSession(
      settings,
      { topic, group },
      {
        joined: () => {},
        leaving: () => {},
        ended: finish,
        fetched: ({ messages }) => {
          // What is not taken is fetched again until the session has ended.
          if (isRead || isOver) return false;
          const wanted = messages.filter(({ offset }) => Number(offset) < end).slice(0, limit - count);
          count += wanted.length;
          const last = wanted.at(-1);
          work = work.then(async () => {
            await take(wanted.map(readDeadLetter));
            if (remember && last) await session.commit([{ partition: 0, offset: Number(last.offset) + 1 }]);
          });
          isRead = count >= limit || messages.some(({ offset }) => Number(offset) >= end - 1);
          if (isRead) work.then(() => finish(), finish);
          else work.catch(finish);
          return !isRead;
        },
      },
    );
    session.start();
  });
  return count;
}

/** D3. `undefined` when nothing is to be read. */
function endOf(settings: Settings, topic: string, group: string): Promise<number | undefined> {
  return withAdmin(settings, 'to look at dead letters', async (admin) => {
    const { from, end } = await waitingIn(admin, topic, group);
    return end > from ? end : undefined;
  });
}

async function waitingIn(admin: Admin, topic: string, group: string): Promise<{ readonly from: number; readonly end: number }> {
  const [offsets] = await admin.fetchTopicOffsets(topic);
  const [sentBack] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  return { from: Math.max(Number(offsets?.low ?? 0), Number(sentBack?.partitions[0]?.offset ?? -1)), end: Number(offsets?.high ?? 0) };
}

/** Letters in this topic that were not sent back. */
export async function countDeadLetters(admin: Admin, topic: string): Promise<number> {
  const { from, end } = await waitingIn(admin, topic, sentBackGroup(topic));
  return Math.max(0, end - from);
}

function sentBackGroup(topic: string): string {
  return `${topic}.sent-back`;
}
