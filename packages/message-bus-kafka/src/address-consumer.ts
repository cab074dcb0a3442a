/**
 * The consumer of one address, for as long as it is wanted: kafkajs' consumers come and go below it.
 *
 * C1. What is not done is delivered again: to this consumer after a rebalance or a crash, to the next one after `stop`.
 * C2. An offset is committed only when everything before it is done, by who owns the partition now; done() of an earlier ownership counts nothing.
 * C3. `assigned` comes before the first delivery of a partition, `revoked` before it is another's; between them nobody else has it, as far as
 *     the group knows.
 * C4. A consumer that crashes, or is silent for too long, is replaced, at longer and longer intervals, without end.
 * C5. What cannot be read, or stands in the wrong partition, is sent where it belongs, and holds up no more than its own offset.
 * C6. All that one response of a broker brings is delivered as one batch, and never after `stop`.
 * C7. Where the topic has dropped what was not read, its owner is told: what depends on it must be asked for again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BusConsumer, type Delivery, type OwnershipListener, SkaldError } from '@skald/kernel';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { ConsumerSession, type PartitionOffset, type SessionHandler, type Subscription } from './consumer-session.js';
import { faultOf, problemOf } from './kafka-errors.js';
import type { Settings } from './options.js';
import { KafkaDelivery, OwnedPartition } from './owned-partition.js';
import { within } from './producer-connection.js';
import { findGaps, gapsAmong } from './retention-gaps.js';
import type { Decoded } from './wire.js';

export type Fetched = EachBatchPayload['batch'];

/** What to do with a message; `elsewhere` resolves when it is safe where it belongs, and `skip` is for nobody here. */
export type Sorted = Extract<Decoded, { ok: true }> | { readonly elsewhere: () => Promise<void> } | 'skip';

export interface ConsumerPlan {
  readonly subscription: Subscription;
  sort(message: KafkaMessage, partition: number): Sorted;
  deliver(batch: readonly Delivery[]): void;
  readonly ownership?: OwnershipListener | undefined;
  /** Everything before this offset was handed over. */
  seen?(next: number): void;
  /** Called when it has stopped. */
  stopped(): Promise<void>;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** A consumer that has lived so long was well. */
const WELL_AFTER = 30_000;
const LAST_COMMIT_WITHIN = 5_000;

export class AddressConsumer implements BusConsumer, SessionHandler {
  #session: ConsumerSession | undefined;
  #owned = new Map<number, OwnedPartition>();
  #unchecked: ReadonlyMap<number, OwnedPartition> | undefined;
  #arrived: KafkaDelivery[] = [];
  #committing: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #failures = 0;
  #isWithheld = false;
  #bornAt = 0;
  #restart: NodeJS.Timeout | undefined;
  readonly #ticks: NodeJS.Timeout[] = [];
  #whenJoined: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly plan: ConsumerPlan,
  ) {}

  /** Resolves when it has joined its group. Throws `bus-unavailable`, `bus-unauthorised`. */
  async start(): Promise<this> {
    const { commitInterval, silence, joinWithin } = this.settings.consume;
    this.#ticks.push(
      setInterval(() => void this.#commit(), commitInterval),
      setInterval(() => this.#watch(), silence / 4),
    );
    const what = `to join group ${this.plan.subscription.group}`;
    const joined = new Promise<void>((resolve, reject) => {
      this.#whenJoined = { resolve, reject };
    });
    const late = setTimeout(
      () => this.#whenJoined?.reject(new SkaldError('bus-unavailable', { what, problem: `not within ${joinWithin} ms` })),
      joinWithin,
    );
    this.#open();
    try {
      await joined;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      this.#whenJoined = undefined;
      clearTimeout(late);
    }
    return this;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Leaves its group, and does not come back until `release`. */
  withhold(): void {
    if (this.#isWithheld || this.#stopping !== undefined) return;
    this.#isWithheld = true;
    clearTimeout(this.#restart);
    const session = this.#session;
    void this.#commitOnce();
    this.#revoke();
    this.#session = undefined;
    void session?.end();
  }

  release(): void {
    if (!this.#isWithheld) return;
    this.#isWithheld = false;
    if (this.#stopping === undefined) this.#open();
  }

  joined(partitions: readonly number[]): void {
    this.#revoke();
    const onRoom = (partition: number): void => this.#session?.resume([partition]);
    this.#owned = new Map(partitions.map((partition) => [partition, new OwnedPartition(partition, this.settings.consume, onRoom)]));
    this.#tell(partitions, 'assigned');
    if (this.plan.ownership?.missed) void this.#lookForGaps(this.#owned);
    this.#whenJoined?.resolve();
  }

  leaving(): void {
    // At once, also when the commit before is not through: the generation ends when this returns.
    void this.#commitOnce();
    this.#revoke();
  }

  fetched(batch: Fetched): boolean {
    const owner = this.#owned.get(batch.partition);
    if (!owner || this.#stopping !== undefined) return false;
    for (const message of batch.messages) this.#take(message, owner);
    const next = Number(batch.lastOffset()) + 1;
    owner.fetchedTo(next);
    this.plan.seen?.(next);
    if (owner.becameFull()) this.#session?.pause([batch.partition]);
    return true;
  }

  ended(problem: unknown): void {
    this.#revoke();
    this.#session = undefined;
    if (this.#stopping !== undefined || this.#isWithheld) return;
    const fault = faultOf(problem);
    if (fault !== 'transient' && this.#whenJoined) {
      const what = `group ${this.plan.subscription.group}`;
      this.#whenJoined.reject(new SkaldError('bus-unauthorised', { what, problem: problemOf(problem) }, { cause: problem }));
      return;
    }
    this.#failures = Date.now() - this.#bornAt > WELL_AFTER ? 1 : this.#failures + 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE);
    this.#warn('a consumer ended and is replaced', { problem: problemOf(problem), pause });
    this.#restart = setTimeout(() => this.#open(), pause);
  }

  #tell(partitions: readonly number[], what: 'assigned' | 'revoked' | 'missed'): void {
    if (partitions.length === 0) return;
    try {
      this.plan.ownership?.[what]?.(partitions);
    } catch (error) {
      this.#warn(`the owner of partitions threw when told what was ${what}`, { problem: problemOf(error) });
    }
  }

  /** C7. Nothing is committed meanwhile: it would look as if it had been read from there on. */
  async #lookForGaps(owned: ReadonlyMap<number, OwnedPartition>): Promise<void> {
    const { topic, group } = this.plan.subscription;
    this.#unchecked = owned;
    const isWanted = () => this.#owned === owned;
    const all = [...owned.keys()];
    const { partitions, unknown } = await gapsAmong(all, () => findGaps(this.settings, topic, group, all), isWanted);
    if (partitions.length > 0 && isWanted()) {
      const what = unknown === undefined ? '' : 'it cannot be found out, and is assumed, that ';
      const about = { partitions, ...(unknown !== undefined && { problem: problemOf(unknown) }) };
      this.#warn(`${what}messages were dropped, after the time that the topic keeps them, before they were read`, about);
      this.#tell(partitions, 'missed');
    }
    if (this.#unchecked === owned) this.#unchecked = undefined;
  }

  #open(): void {
    this.#bornAt = Date.now();
    this.#session = new ConsumerSession(this.settings, this.plan.subscription, this);
    this.#session.start();
  }

  #revoke(): void {
    const partitions = [...this.#owned.keys()];
    for (const owner of this.#owned.values()) owner.revoke();
    this.#owned = new Map();
    this.#tell(partitions, 'revoked');
  }

  #take(message: KafkaMessage, owner: OwnedPartition): void {
    const offset = Number(message.offset);
    // kafkajs fetches again from an older offset when a fetch was under way while its position was set.
    if (owner.next !== undefined && offset < owner.next) return;
    const bytes = (message.value?.length ?? 0) + 200;
    const sorted = this.plan.sort(message, owner.partition);
    if (sorted === 'skip') return;
    if ('message' in sorted) {
      const delivery = new KafkaDelivery(sorted.message, sorted.trace, offset, bytes, owner);
      owner.add(delivery);
      this.#arrived.push(delivery);
      // After the microtasks in which kafkajs hands over the partitions of one response, and before anything else happens.
      if (this.#arrived.length === 1) process.nextTick(() => this.#deliver());
    } else {
      const entry = { offset, bytes, isDone: false };
      owner.add(entry);
      void this.#relay(sorted.elsewhere, owner).then(() => owner.done(entry));
    }
  }

  /** C6. */
  #deliver(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    const batch = arrived.filter(({ owner }) => !owner.isRevoked);
    if (this.#stopping !== undefined || batch.length === 0) return;
    try {
      this.plan.deliver(batch);
    } catch (error) {
      this.#warn('a consumer threw at a delivery', { problem: problemOf(error) });
    }
  }

  /** C5. Tried for as long as the partition is its own; then it is the next owner's. */
  async #relay(send: () => Promise<void>, owner: OwnedPartition): Promise<void> {
    for (let pause = FIRST_PAUSE; !owner.isRevoked; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await send();
      } catch (error) {
        this.#warn('a message cannot be sent where it belongs; it is tried again', {
          problem: problemOf(error),
          partition: owner.partition,
        });
        await sleep(pause, undefined, { ref: false });
      }
    }
  }

  /** C2. One at a time; one that fails is made up for by the next. */
  #commit(): Promise<void> {
    this.#committing ??= this.#commitOnce().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  async #commitOnce(): Promise<void> {
    const session = this.#session;
    if (!session || this.plan.subscription.only || this.#unchecked === this.#owned) return;
    const owners = [...this.#owned.values()];
    const offsets: PartitionOffset[] = [];
    for (const { partition, uncommitted } of owners) if (uncommitted !== undefined) offsets.push({ partition, offset: uncommitted });
    if (offsets.length === 0) return;
    try {
      await session.commit(offsets);
      for (const { partition, offset } of offsets) owners.find((owner) => owner.partition === partition)?.committed(offset);
    } catch (error) {
      const about = { problem: problemOf(error), topic: this.plan.subscription.topic };
      this.settings.log({ level: 'debug', message: 'offsets could not be committed', about });
    }
  }

  /** C4. */
  #watch(): void {
    const session = this.#session;
    const silence = session?.silence(Date.now()) ?? 0;
    if (!session || silence <= this.settings.consume.silence) return;
    void session.end();
    this.ended(new Error(`no sign of life for ${silence} ms`));
  }

  async #stop(): Promise<void> {
    for (const tick of this.#ticks) clearInterval(tick);
    clearTimeout(this.#restart);
    const session = this.#session;
    await this.#committing;
    // In a turn of its own: kafkajs changes the generation and tells of it within one.
    const committed = new Promise((resolve) => setImmediate(resolve)).then(() => this.#commit());
    await within(LAST_COMMIT_WITHIN, committed);
    this.#revoke();
    await session?.end();
    this.#session = undefined;
    await this.plan.stopped();
  }

  #warn(message: string, about: Readonly<Record<string, unknown>>): void {
    this.settings.log({ level: 'warn', message, about: { ...about, topic: this.plan.subscription.topic } });
  }
}
