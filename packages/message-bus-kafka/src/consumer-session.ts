/**
 * One consumer of kafkajs from its birth to its end. It never restarts: whoever owns it makes a new one.
 *
 * S1. After `end` nothing is handed over, and its connections are gone for certain.
 * S2. A batch is handed over at once and never waited for: fetching goes on, and heartbeats with it.
 * S3. A commit belongs to the generation in which it is made: the broker refuses it when that is over. It is not repeated.
 * S4. Nothing that the handler does reaches kafkajs, which would take a thrown error for a crash.
 * S5. It owns nothing any more before it asks to join again, whatever made it join: the group answers only when all others have joined too.
 */
import kafkajs, { type Consumer, type EachBatchPayload, type PartitionAssigner } from 'kafkajs';
import type { Settings } from './options.js';
import { leashed, within } from './producer-connection.js';
import { SocketLeash } from './socket-leash.js';

export interface Subscription {
  readonly topic: string;
  readonly group: string;
  /** Only this partition, from this offset, with nothing stored at the broker; otherwise what the group gives out. */
  readonly only?: { readonly partition: number; from(): number };
}

export interface SessionHandler {
  /** These are its own from here on; all that were before are not. */
  joined(partitions: readonly number[]): void;
  /** What was its own is not any more; `commit` still counts until this returns. */
  leaving(): void;
  /** Answers whether it took the batch. */
  fetched(batch: EachBatchPayload['batch']): boolean;
  /** It does not come back. Called once, and not after `end`. */
  ended(problem: unknown): void;
}

export interface PartitionOffset {
  readonly partition: number;
  readonly offset: number;
}

const { roundRobin } = kafkajs.PartitionAssigners;

type Commit = EachBatchPayload['commitOffsetsIfNecessary'];

/** Milliseconds that leaving the group may take. */
const FAREWELL = 5_000;

export class ConsumerSession {
  readonly #consumer: Consumer;
  readonly #leash: SocketLeash;
  readonly #joinsWithin: number;
  readonly #fetching = new Map<string, number>();
  #sign = Date.now();
  #isJoining = true;
  #over = false;
  #commit: Commit | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    { kafka, consumer: own }: Settings,
    private readonly subscription: Subscription,
    private readonly handler: SessionHandler,
  ) {
    this.#joinsWithin = own.rebalanceTimeout ?? 0;
    this.#leash = new SocketLeash(kafka.socketFactory);
    const { topic, group, only } = subscription;
    this.#consumer = new kafkajs.Kafka(leashed(kafka, this.#leash)).consumer({
      ...own,
      groupId: group,
      allowAutoTopicCreation: false,
      partitionAssigners: [whenJoining(only ? onlyPartition(topic, only.partition) : roundRobin, () => this.#joins())],
      // kafkajs restarts after some errors and not after others, and loses track of a consumer that is stopped while it restarts.
      retry: { ...kafka.retry, ...own.retry, restartOnFailure: async () => false },
    });
    this.#listen();
  }

  start(): void {
    const { topic, only } = this.subscription;
    const run = async (): Promise<void> => {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: only === undefined });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 4,
        eachBatch: async (payload) => this.#hand(payload),
      });
    };
    this.#running = run().catch((error: unknown) => this.#end(error));
  }

  /**
   * Milliseconds since the last sign of life, of the consumer or of its oldest open fetch. While it joins there is none until all others have
   * joined too: that time is not counted.
   */
  silence(now: number): number {
    return now - Math.min(this.#sign, ...this.#fetching.values()) - (this.#isJoining ? this.#joinsWithin : 0);
  }

  /** S3. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    if (!this.#commit || this.#over || offsets.length === 0) return;
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
    // Not `consumer.commitOffsets`, which repeats a refused commit in the next generation, where the partition may be another's.
    await this.#commit({ topics: [{ topic: this.subscription.topic, partitions }] });
  }

  pause(partitions: readonly number[]): void {
    if (!this.#over) this.#consumer.pause([{ topic: this.subscription.topic, partitions: [...partitions] }]);
  }

  resume(partitions: readonly number[]): void {
    if (!this.#over) this.#consumer.resume([{ topic: this.subscription.topic, partitions: [...partitions] }]);
  }

  /** S1. Never rejects. */
  async end(): Promise<void> {
    this.#over = true;
    // Not before it runs: kafkajs would forget a consumer that is stopped while it joins, which then goes on.
    await within(
      FAREWELL,
      this.#running.then(() => this.#consumer.disconnect()),
    );
    this.#leash.cut();
  }

  #listen(): void {
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH_START, FETCH, HEARTBEAT } = this.#consumer.events;
    const { topic, only } = this.subscription;
    const consumer = this.#consumer;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#over) return;
      this.#alive();
      this.#commit = undefined;
      this.#isJoining = false;
      this.#fetching.clear();
      const partitions = payload.memberAssignment[topic] ?? [];
      this.#safely(() => {
        this.resume(partitions);
        if (only) consumer.seek({ topic, partition: only.partition, offset: String(only.from()) });
        this.handler.joined(partitions);
      });
    });
    consumer.on(REBALANCING, () => this.#joins());
    consumer.on(CRASH, ({ payload }) => this.#end(payload.error));
    consumer.on(FETCH_START, ({ payload }) => void this.#fetching.set(String(payload.nodeId), Date.now()));
    consumer.on(FETCH, ({ payload }) => {
      this.#fetching.delete(String(payload.nodeId));
      this.#alive();
    });
    consumer.on(HEARTBEAT, () => this.#alive());
  }

  /** S5. */
  #joins(): void {
    if (this.#over || this.#isJoining) return;
    this.#alive();
    this.#safely(() => this.handler.leaving());
    this.#commit = undefined;
    this.#isJoining = true;
    this.#fetching.clear();
  }

  #alive(): void {
    this.#sign = Date.now();
  }

  /** S2. */
  #hand({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): void {
    if (this.#over) return;
    this.#commit = commitOffsetsIfNecessary;
    this.#safely(() => {
      if (!this.handler.fetched(batch)) return;
      try {
        resolveOffset(batch.lastOffset());
      } catch {
        // The partition was taken away since the fetch, by another of kafkajs' fetchers.
      }
    });
  }

  /** S4. */
  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#end(error);
    }
  }

  #end(problem: unknown): void {
    if (this.#over) return;
    void this.end();
    this.handler.ended(problem);
  }
}

/** kafkajs tells that a rebalance begins, but not that the group has expelled this member, which then joins as another. Both ask the assigner first. */
function whenJoining(assigner: PartitionAssigner, tell: () => void): PartitionAssigner {
  return (config) => {
    const own = assigner(config);
    return {
      ...own,
      protocol(subscription) {
        tell();
        return own.protocol(subscription);
      },
    };
  };
}

/** kafkajs cannot read a partition without a group: this is a group of one that wants one partition. */
function onlyPartition(topic: string, partition: number): PartitionAssigner {
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;
  const userData = Buffer.alloc(0);
  const name = 'SkaldOnlyPartition';
  return () => ({
    name,
    version: 1,
    protocol: ({ topics }) => ({ name, metadata: MemberMetadata.encode({ version: 1, topics, userData }) }),
    assign: async ({ members }) => {
      const memberAssignment = MemberAssignment.encode({ version: 1, assignment: { [topic]: [partition] }, userData });
      return members.map(({ memberId }) => ({ memberId, memberAssignment }));
    },
  });
}
