import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { problemOf } from './kafka-errors.js';
import type { Settings } from './options.js';
import { alterCommand, bootstrapOf, type TopicPlan } from './topic-plans.js';

/** Something about a topic that is not as it should be. */
export interface TopicFinding {
  readonly topic: string;
  /** `loses`: messages are lost, or cannot be sent; `risks`: they could be. */
  readonly gravity: 'loses' | 'risks';
  readonly problem: string;
  /** What to do: a sentence, or a command line. */
  readonly remedy: string;
}

type Config = ReadonlyMap<string, string>;

/** Of topics that are there. */
export async function topicFindings(
  admin: Admin,
  settings: Settings,
  plans: readonly TopicPlan[],
  there: ReadonlyMap<string, ITopicMetadata>,
): Promise<{ readonly findings: TopicFinding[]; readonly areSettingsKnown: boolean }> {
  const configs = await configsOf(admin, settings, plans);
  const findings = plans.flatMap((plan) => {
    const found = there.get(plan.topic);
    const config = configs?.get(plan.topic);
    return [
      ...(found ? replicaFindings(found, config) : []),
      ...(found ? countFindings(plan, found) : []),
      ...(config ? configFindings(settings, plan, config) : []),
    ];
  });
  return { findings, areSettingsKnown: configs !== undefined };
}

/** Undefined where the user may not read them. */
async function configsOf(admin: Admin, settings: Settings, plans: readonly TopicPlan[]): Promise<ReadonlyMap<string, Config> | undefined> {
  if (plans.length === 0) return new Map();
  const resources = plans.map(({ topic }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }));
  try {
    const described = await admin.describeConfigs({ resources, includeSynonyms: false });
    return new Map(
      described.resources.map(({ resourceName, configEntries }) => [
        resourceName,
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  } catch (error) {
    settings.log({
      level: 'info',
      message: 'the settings of topics cannot be read, and are not checked',
      about: { problem: problemOf(error) },
    });
    return undefined;
  }
}

function replicaFindings({ name: topic, partitions }: ITopicMetadata, config: Config | undefined): TopicFinding[] {
  const least = Number(config?.get('min.insync.replicas') ?? 1);
  const led = partitions.filter(({ leader }) => leader >= 0);
  if (led.length < partitions.length) {
    const problem = `${partitions.length - led.length} of ${partitions.length} partitions have no leader`;
    return [{ topic, gravity: 'loses', problem, remedy: 'Start the brokers that are missing.' }];
  }
  const blocked = partitions.filter(({ isr }) => isr.length < least);
  if (blocked.length > 0) {
    const problem = `${blocked.length} of ${partitions.length} partitions have fewer replicas in sync than min.insync.replicas=${least}: nothing can be sent`;
    return [{ topic, gravity: 'loses', problem, remedy: 'Start the brokers that are missing.' }];
  }
  const behind = partitions.filter(({ isr, replicas }) => isr.length < replicas.length);
  if (behind.length === 0) return [];
  const problem = `${behind.length} of ${partitions.length} partitions have replicas that are not in sync`;
  return [{ topic, gravity: 'risks', problem, remedy: 'See whether all brokers run, and have room on their disks.' }];
}

function countFindings({ topic, fixed }: TopicPlan, { partitions }: ITopicMetadata): TopicFinding[] {
  if (fixed === undefined || fixed === partitions.length) return [];
  const problem = `it has ${partitions.length} partitions, and topics.inboxPartitions says ${fixed}`;
  return [{ topic, gravity: 'loses', problem, remedy: `Say ${partitions.length}, or nothing: the number cannot change while sagas run.` }];
}

function configFindings(settings: Settings, { topic, config: wanted }: TopicPlan, config: Config): TopicFinding[] {
  const findings: TopicFinding[] = [];
  const add = (gravity: TopicFinding['gravity'], name: string, problem: string): void => {
    findings.push({ topic, gravity, problem, remedy: alterCommand(settings, topic, name, wanted[name] ?? '') });
  };
  if (config.get('cleanup.policy')?.includes('compact'))
    add('loses', 'cleanup.policy', 'it is compacted, and keeps one message for each saga');
  const retention = Number(config.get('retention.ms') ?? -1);
  if (retention >= 0 && retention < Number(wanted['retention.ms'])) {
    add('risks', 'retention.ms', `it keeps messages for ${inHours(retention)} and not ${inHours(Number(wanted['retention.ms']))}`);
  }
  const bytes = Number(config.get('retention.bytes') ?? -1);
  if (bytes >= 0) {
    const remedy = `kafka-configs.sh --bootstrap-server ${bootstrapOf(settings)} --alter --topic ${topic} --delete-config retention.bytes`;
    findings.push({ topic, gravity: 'risks', problem: `it drops messages beyond ${bytes} bytes, read or not (retention.bytes)`, remedy });
  }
  const largest = Number(config.get('max.message.bytes') ?? wanted['max.message.bytes']);
  if (largest < Number(wanted['max.message.bytes'])) add('risks', 'max.message.bytes', `it refuses messages above ${largest} bytes`);
  const stamp = config.get('message.timestamp.type');
  if (stamp !== undefined && stamp !== 'LogAppendTime') {
    add('risks', 'message.timestamp.type', "messages have their sender's time, and clocks cannot be compared with the brokers'");
  }
  return findings;
}

function inHours(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return hours >= 1 ? `${Number(hours.toFixed(1))} h` : `${Number((milliseconds / 60_000).toFixed(1))} min`;
}
