/**
 * The topics that Skald uses: created as stated here, or checked, and never used when they would lose messages.
 *
 * T1. The number of partitions of the inbox is what the topic has; another number is refused.
 * T2. A topic that is compacted is refused: it keeps one message for each saga.
 * T3. Where topics may not be created from here, the error says which are missing and how to create them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Address, SkaldError } from '@skald/kernel';
import kafkajs, { type Admin } from 'kafkajs';
import { withAdmin } from './admin.js';
import { finalErrors, problemOf, protocolError } from './kafka-errors.js';
import type { Names } from './names.js';
import type { Settings } from './options.js';
import { alterCommand, createCommand, participantPlans, plansOf, type TopicPlan } from './topic-plans.js';

const METADATA_WITHIN = 15_000;

export class Topics {
  readonly #partitions = new Map<string, number>();

  constructor(
    private readonly settings: Settings,
    private readonly names: Names,
  ) {}

  /** Once `ensure` has resolved for it. */
  partitions(topic: string): number | undefined {
    return this.#partitions.get(topic);
  }

  /** Throws `topics-missing`, `topic-unsuitable`, `inbox-partitions-differ`, `bus-unauthorised`, `bus-unavailable`. */
  async ensure(addresses: readonly Address['to'][] | { readonly participant: string }): Promise<void> {
    const { settings, names } = this;
    const plans =
      'participant' in addresses
        ? participantPlans(settings, names, addresses.participant)
        : addresses.flatMap((to) => plansOf(settings, names, to));
    await withAdmin(this.settings, 'to look at topics', (admin) => this.#ensure(admin, plans));
  }

  async #ensure(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
    const missing: TopicPlan[] = [];
    const there: TopicPlan[] = [];
    for (const plan of plans) ((await partitionsOf(admin, plan.topic)) === undefined ? missing : there).push(plan);
    if (missing.length > 0) await this.#create(admin, missing);
    for (const plan of plans) this.#accept(plan, await appeared(plan.topic, () => partitionsOf(admin, plan.topic)));
    for (const { topic } of missing) await appeared(topic, () => hasLeaders(admin, topic));
    if (there.length > 0) await this.#check(admin, there);
  }

  /** T1. */
  #accept({ topic, fixed }: TopicPlan, found: number): void {
    if (fixed !== undefined && fixed !== found) throw new SkaldError('inbox-partitions-differ', { topic, there: found, wanted: fixed });
    this.#partitions.set(topic, found);
  }

  async #create(admin: Admin, missing: readonly TopicPlan[]): Promise<void> {
    const { brokers } = await admin.describeCluster();
    const replicas = this.settings.topics.replicationFactor ?? Math.min(3, brokers.length);
    const plans = missing.map((plan) => (replicas >= 3 ? { ...plan, config: { ...plan.config, 'min.insync.replicas': '2' } } : plan));
    if (this.settings.topics.missing === 'check') throw this.#mustBeCreated(plans, replicas, 'topics.missing is "check"');
    try {
      await admin.createTopics({
        // kafkajs gives up where the broker asked has not heard of the topic yet.
        waitForLeaders: false,
        topics: plans.map(({ topic, partitions, config }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: replicas,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        })),
      });
    } catch (error) {
      // Another process may create them at the same time, and a controller may change: whether they appear is seen by who waits for them.
      if (protocolError(error) === undefined) throw error;
      if (finalErrors(error, 'TOPIC_ALREADY_EXISTS').length === 0) return;
      throw this.#mustBeCreated(plans, replicas, problemOf(error));
    }
  }

  /** T3. */
  #mustBeCreated(plans: readonly TopicPlan[], replicas: number, problem: string): SkaldError {
    const commands = plans.map((plan) => createCommand(this.settings, plan, replicas));
    return new SkaldError('topics-missing', { topics: plans.map(({ topic }) => topic).join(', '), problem, commands: commands.join('\n') });
  }

  async #check(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
    const resources = plans.map(({ topic }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }));
    const described = await admin.describeConfigs({ resources, includeSynonyms: false }).catch((error: unknown) => {
      this.settings.log({
        level: 'debug',
        message: 'the settings of topics cannot be read, and are not checked',
        about: { problem: problemOf(error) },
      });
      return undefined;
    });
    for (const { resourceName: topic, configEntries } of described?.resources ?? []) {
      const of = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      this.#checkOne(topic, of.get('cleanup.policy') ?? '', Number(of.get('retention.ms') ?? -1));
    }
  }

  /** T2. */
  #checkOne(topic: string, cleanup: string, retention: number): void {
    if (cleanup.includes('compact')) {
      const remedy = `Set cleanup.policy=delete: ${alterCommand(this.settings, topic, 'cleanup.policy', 'delete')}`;
      throw new SkaldError('topic-unsuitable', { topic, problem: 'it is compacted, and keeps one message for each saga', remedy });
    }
    if (retention < 0 || retention >= this.settings.topics.retention || topic === this.names.clients) return;
    const about = { topic, retention, wanted: this.settings.topics.retention };
    this.settings.log({
      level: 'warn',
      message: 'a topic keeps messages for less time than is wanted; whoever is down for longer misses them',
      about,
    });
  }
}

const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

async function partitionsOf(admin: Admin, topic: string): Promise<number | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.find(({ name }) => name === topic)?.partitions.length;
  } catch (error) {
    if (NOT_YET.has(protocolError(error) ?? '')) return undefined;
    throw error;
  }
}

/** A leader may be named before it knows of it: what is sent to several partitions then is refused in one of them, and sent twice to the others. */
async function hasLeaders(admin: Admin, topic: string): Promise<true | undefined> {
  try {
    await admin.fetchTopicOffsets(topic);
    return true;
  } catch (error) {
    if (finalErrors(error, '').length > 0) throw error;
    return undefined;
  }
}

/** Brokers hear of a new topic one after the other. */
async function appeared<T>(topic: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + METADATA_WITHIN;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`topic ${topic} does not appear`);
    await sleep(50);
  }
}
