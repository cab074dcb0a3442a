/**
 * What stands at the brokers under one prefix, for people who look after it: nothing is created and nothing is changed, but for one record among
 * the answers to clients that the brokers are to stamp.
 */
import type { Admin, ITopicMetadata } from 'kafkajs';
import { withAdmin } from './admin.js';
import { clockProbe, measureClock } from './clock-check.js';
import { countDeadLetters } from './dead-letters.js';
import { problemOf } from './kafka-errors.js';
import { applyRemedies } from './kafkajs-remedies.js';
import { Names } from './names.js';
import { type KafkaBusOptions, type Settings, settingsOf } from './options.js';
import { ProducerConnection } from './producer-connection.js';
import { applyRecordRemedy } from './record-remedy.js';
import { type TopicFinding, topicFindings } from './topic-findings.js';
import { createCommand, participantPlans, plansOf, type TopicPlan } from './topic-plans.js';

/** Whoever takes the messages of one address. */
export interface ConsumersFacts {
  readonly address: 'inbox' | 'express' | { readonly participant: string };
  readonly topic: string;
  readonly group: string;
  readonly partitions: number;
  /** Of the group: `Stable`, `Empty`, `PreparingRebalance`, … */
  readonly state: string;
  /** Processes that share the partitions. */
  readonly members: number;
  /** Messages that were not taken, or are not done. */
  readonly waiting: number;
  /** Those of them that have waited for over a minute, by the brokers' clock. */
  readonly waitingLong: number;
  /** Ever written. */
  readonly written: number;
}

export interface KafkaInspection {
  readonly brokers: number;
  /** Of Skald's topics those that are there. */
  readonly topics: readonly string[];
  readonly missing: readonly { readonly topic: string; readonly command: string }[];
  /** What is not as it should be with those that are there. */
  readonly findings: readonly TopicFinding[];
  /** Undefined: they may not be read from here. */
  readonly areSettingsKnown: boolean;
  readonly consumers: readonly ConsumersFacts[];
  /** Only where there are any. */
  readonly deadLetters: readonly { readonly topic: string; readonly count: number }[];
  /** Milliseconds by which this machine's clock is ahead of the brokers' for certain; `undefined`: it cannot be compared. */
  readonly clockAhead: number | undefined;
  /** Prefixes of other Skalds on this cluster. */
  readonly otherPrefixes: readonly string[];
}

/** What waits for so long has waited long, in milliseconds. */
const LONG = 60_000;

/** Rejects with `bus-misconfigured`, `bus-unavailable`, `bus-unauthorised`. */
export async function inspectKafka(options: KafkaBusOptions): Promise<KafkaInspection> {
  const settings = settingsOf(options);
  applyRemedies();
  applyRecordRemedy();
  const names = new Names(settings.prefix);
  const seen = await withAdmin(settings, 'to look at topics', (admin) => topicsSeen(admin, settings, names));
  const clockAhead = seen.there.has(names.clients) ? await clockOf(settings, names) : undefined;
  const longAgo = settings.now() - (clockAhead ?? 0) - LONG;
  const rest = await withAdmin(settings, 'to look at consumers', async (admin) => ({
    consumers: await Promise.all(seen.addresses.map((address) => consumersOf(admin, names, address, seen.there, longAgo))),
    deadLetters: await deadLettersOf(admin, seen.plans, seen.there, names),
  }));
  const { brokers, missing, findings, areSettingsKnown, otherPrefixes } = seen;
  return { brokers, topics: [...seen.there.keys()], missing, findings, areSettingsKnown, ...rest, clockAhead, otherPrefixes };
}

type Consumed = ConsumersFacts['address'];

async function topicsSeen(admin: Admin, settings: Settings, names: Names) {
  const { brokers } = await admin.describeCluster();
  const all = await admin.listTopics();
  const own = ownTopics(all, names);
  const plans = [
    ...plansOf(settings, names, 'inbox'),
    ...plansOf(settings, names, 'client'),
    ...(all.includes(names.express) ? plansOf(settings, names, 'express') : []),
    ...own.participants.flatMap((participant) => participantPlans(settings, names, participant)),
  ];
  const expected = plans.filter(({ topic }) => all.includes(topic));
  const there = await metadataOf(admin, expected);
  const replicas = settings.topics.replicationFactor ?? Math.min(3, brokers.length);
  const missing = plans.filter(({ topic }) => !there.has(topic));
  const addresses: Consumed[] = [
    ...(['inbox', 'express'] as const).filter((address) => there.has(names[address])),
    ...own.participants.map((participant) => ({ participant })),
  ];
  return {
    brokers: brokers.length,
    plans,
    there,
    missing: missing.map((plan) => ({ topic: plan.topic, command: createCommand(settings, plan, replicas) })),
    ...(await topicFindings(admin, settings, expected, there)),
    addresses,
    otherPrefixes: own.otherPrefixes,
  };
}

async function metadataOf(admin: Admin, plans: readonly TopicPlan[]): Promise<ReadonlyMap<string, ITopicMetadata>> {
  if (plans.length === 0) return new Map();
  const { topics } = await admin.fetchTopicMetadata({ topics: plans.map(({ topic }) => topic) });
  return new Map(topics.map((topic) => [topic.name, topic]));
}

/** Participants are known by their topics; `shop.eu.stock.commands` is not this Skald's where `shop.eu` is another. */
function ownTopics(all: readonly string[], { prefix }: Names) {
  const known = new Set(all);
  const prefixes = all.flatMap((topic) =>
    topic.endsWith('.sagas') && known.has(`${topic.slice(0, -6)}.clients`) ? [topic.slice(0, -6)] : [],
  );
  const otherPrefixes = prefixes.filter((one) => one !== prefix);
  const longer = otherPrefixes.filter((one) => one.startsWith(`${prefix}.`));
  const participants = all.flatMap((topic) => {
    if (!topic.startsWith(`${prefix}.`) || !topic.endsWith('.commands')) return [];
    const name = topic.slice(prefix.length + 1, -'.commands'.length);
    return name === '' || longer.some((one) => topic.startsWith(`${one}.`)) ? [] : [name];
  });
  return { otherPrefixes, participants: participants.sort() };
}

async function clockOf(settings: Settings, names: Names): Promise<number | undefined> {
  const producer = new ProducerConnection(settings);
  const first = (): number => 0;
  const context = { source: `/${settings.kafka.clientId}`, inboxTopic: names.inbox, clientsTopic: names.clients };
  const probe = clockProbe({ ...context, inboxPartition: first, clientPartition: first });
  try {
    return await measureClock({ now: settings.now, stamp: () => producer.stamp(names.clients, probe) });
  } catch (error) {
    settings.log({ level: 'info', message: 'this clock cannot be compared with the broker’s', about: { problem: problemOf(error) } });
    return undefined;
  } finally {
    await producer.close();
  }
}

async function consumersOf(
  admin: Admin,
  names: Names,
  address: Consumed,
  there: ReadonlyMap<string, ITopicMetadata>,
  longAgo: number,
): Promise<ConsumersFacts> {
  const full = typeof address === 'string' ? ({ to: address } as const) : ({ to: 'participant', ...address } as const);
  const [topic, group] = [names.topic(full), names.group(full)];
  const { groups } = await admin.describeGroups([group]);
  const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const offsets = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const recent = new Map(
    (await admin.fetchTopicOffsetsByTimestamp(topic, longAgo)).map(({ partition, offset }) => [partition, Number(offset)]),
  );
  let [waiting, waitingLong, written] = [0, 0, 0];
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
    const next = Math.max(Number(low), offsets.get(partition) ?? -1);
    waiting += Math.max(0, Number(high) - next);
    waitingLong += Math.max(0, Math.min(Number(high), recent.get(partition) ?? next) - next);
    written += Number(high);
  }
  const { state = 'unknown', members = [] } = groups[0] ?? {};
  return {
    address,
    topic,
    group,
    partitions: there.get(topic)?.partitions.length ?? 0,
    state,
    members: members.length,
    waiting,
    waitingLong,
    written,
  };
}

async function deadLettersOf(admin: Admin, plans: readonly TopicPlan[], there: ReadonlyMap<string, ITopicMetadata>, names: Names) {
  const topics = plans.flatMap(({ topic }) => (there.has(names.deadLetters(topic)) ? [names.deadLetters(topic)] : []));
  const counts = await Promise.all(topics.map(async (topic) => ({ topic, count: await countDeadLetters(admin, topic) })));
  return counts.filter(({ count }) => count > 0);
}
