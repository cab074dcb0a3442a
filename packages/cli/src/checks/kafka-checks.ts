import type { ConsumersFacts, KafkaBusOptions, KafkaInspection } from '@skald/message-bus-kafka';
import { duration, plain } from '../terminal/plain-text.js';
import { type Check, type CheckResult, good } from './checks.js';

/** As much as clocks may differ before it is told, and before managers leave their part to others, in milliseconds. */
const CLOCK_TOLD = 1_000;
const CLOCK_REFUSED = 10_000;

/** What is to be said of what stands at the brokers. */
export function kafkaChecks(seen: KafkaInspection, { kafka, prefix = 'skald' }: Pick<KafkaBusOptions, 'kafka' | 'prefix'>): Check[] {
  return [
    { name: 'kafka', ...good(`${many(seen.brokers, 'broker')} at ${brokersText(kafka.brokers)}, prefix ${prefix}`) },
    ...topicChecks(seen, prefix),
    ...seen.consumers.map(consumersCheck),
    ...deadLetterChecks(seen),
    ...(seen.topics.length > 0 ? [{ name: 'broker clock', ...clockCheck(seen.clockAhead) }] : []),
  ];
}

function brokersText(brokers: unknown): string {
  return Array.isArray(brokers) ? brokers.map(String).join(', ') : 'the brokers of the configuration';
}

function topicChecks({ topics, missing, findings, areSettingsKnown, otherPrefixes }: KafkaInspection, prefix: string): Check[] {
  const name = 'topics';
  if (topics.length === 0) {
    const others = otherPrefixes.length === 0 ? '' : `; there is ${otherPrefixes.map((one) => `"${plain(one)}"`).join(', ')}`;
    const fix = 'Correct bus.prefix (SKALD_KAFKA_PREFIX); or start a manager or a participant, which makes them where it may.';
    return [{ name, level: 'bad', what: `there are none under the prefix "${plain(prefix)}"${others}`, fix }];
  }
  const lost = missing.map(
    ({ topic, command }): Check => ({ name, level: 'bad', what: `${plain(topic)} is missing, or may not be seen`, fix: command }),
  );
  const wrong = findings.map(({ topic, gravity, problem, remedy }): Check => {
    return { name, level: gravity === 'loses' ? 'bad' : 'warning', what: `${plain(topic)}: ${problem}`, fix: remedy };
  });
  if (lost.length + wrong.length > 0) return [...lost, ...wrong];
  const there = many(topics.length, 'topic');
  if (areSettingsKnown) return [{ name, ...good(`${there}, as they should be`) }];
  return [
    { name, level: 'note', what: `${there}; their settings may not be read from here`, fix: 'Give this user DescribeConfigs on them.' },
  ];
}

function consumersCheck(facts: ConsumersFacts): Check {
  const { address, partitions, members, waiting, waitingLong, state, group } = facts;
  const isInbox = typeof address === 'string';
  const name = isInbox ? address : `participant ${plain(address.participant)}`;
  const who = isInbox ? 'manager' : 'process';
  const long = waitingLong === 0 ? '' : `, ${waitingLong === waiting ? 'all' : waitingLong} for over a minute`;
  const lies =
    waiting === 0
      ? 'nothing waits'
      : `${many(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} or ${waiting === 1 ? 'is' : 'are'} at work${long}`;
  if (members === 0) {
    const fix = isInbox
      ? 'Start a manager; where one runs, see its log: it may not reach the event store, or its clock may be wrong.'
      : 'Start it. If it is no more, delete its topics.';
    // What nobody needs at the moment may be a service that was taken away.
    return { name, level: isInbox || waiting > 0 ? 'bad' : 'warning', what: `no ${who} is in group ${plain(group)}; ${lies}`, fix };
  }
  const what = `${many(members, who)}, ${lies}`;
  if (waitingLong > 0) {
    const fix = isInbox
      ? 'More managers, or a faster event store; see what they log.'
      : 'More processes, or look at what slows them; see what they log.';
    return { name, level: 'warning', what, fix };
  }
  if (state !== 'Stable') return { name, level: 'note', what: `${what}; the group is being divided anew (${state})` };
  if (members <= partitions) return { name, ...good(what) };
  return {
    name,
    level: 'note',
    what: `${what}; ${members - partitions} of them have no partition and stand by`,
    fix: `There are ${partitions} partitions.`,
  };
}

function deadLetterChecks({ deadLetters, topics }: KafkaInspection): Check[] {
  const name = 'dead letters';
  if (topics.length === 0) return [];
  if (deadLetters.length === 0) return [{ name, ...good('none') }];
  return deadLetters.map(({ topic, count }): Check => {
    const what = `${many(count, 'message')} of ${plain(topic.replace(/\.dlt$/, ''))} could not be read`;
    return { name, level: 'warning', what, fix: 'skald dead-letters list says why; mend it, then skald dead-letters send-back' };
  });
}

function clockCheck(ahead: number | undefined): CheckResult {
  if (ahead === undefined) {
    const fix = 'The topic of the clients needs message.timestamp.type=LogAppendTime, and this user the right to write to it.';
    return { level: 'note', what: 'cannot be compared with the one of this machine', fix };
  }
  if (Math.abs(ahead) <= CLOCK_TOLD) return good('this machine’s clock agrees');
  const what = `this machine’s clock is ${duration(Math.abs(Math.round(ahead)))} ${ahead > 0 ? 'ahead' : 'behind'}: ages shown here are wrong by that`;
  const fix = `Set the clocks (NTP). A manager that differs by more than ${duration(CLOCK_REFUSED)} leaves its sagas to others.`;
  return { level: Math.abs(ahead) > CLOCK_REFUSED ? 'bad' : 'warning', what, fix };
}

function many(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}${one.endsWith('s') ? 'es' : 's'}`;
}
