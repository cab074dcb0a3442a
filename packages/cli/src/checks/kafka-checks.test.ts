import { describe, expect, test } from '@jest/globals';
import type { ConsumersFacts, KafkaInspection } from '@skald/message-bus-kafka';
import { kafkaChecks } from './kafka-checks.js';

const BUS = { kafka: { brokers: ['a:1', 'b:2'] }, prefix: 'shop' };

function consumers(facts: Partial<ConsumersFacts> = {}): ConsumersFacts {
  const still = { state: 'Stable', members: 2, waiting: 0, waitingLong: 0, written: 9 };
  return { address: 'inbox', topic: 'shop.sagas', group: 'shop.sagas', partitions: 12, ...still, ...facts };
}

const WELL: KafkaInspection = {
  brokers: 3,
  topics: ['shop.sagas', 'shop.sagas.dlt', 'shop.clients'],
  missing: [],
  findings: [],
  areSettingsKnown: true,
  consumers: [consumers()],
  deadLetters: [],
  clockAhead: 0,
  otherPrefixes: [],
};

/** The check of that name, where the brokers are well but for this. */
function check(name: string, but: Partial<KafkaInspection>) {
  return kafkaChecks({ ...WELL, ...but }, BUS).find((one) => one.name === name);
}

describe('What doctor says of Kafka', () => {
  test('is good where all is well', () => {
    const checks = kafkaChecks(WELL, BUS);
    expect(checks.map(({ name, level }) => `${name} ${level}`)).toEqual([
      'kafka good',
      'topics good',
      'inbox good',
      'dead letters good',
      'broker clock good',
    ]);
    expect(checks.every(({ fix }) => fix === undefined)).toBe(true);
    expect(checks[0]?.what).toBe('3 brokers at a:1, b:2, prefix shop');
  });

  test('names other prefixes where there is nothing under this one, and asks nothing more', () => {
    const checks = kafkaChecks({ ...WELL, topics: [], consumers: [], clockAhead: undefined, otherPrefixes: ['store'] }, BUS);
    expect(checks.map(({ name }) => name)).toEqual(['kafka', 'topics']);
    expect(checks[1]).toEqual({
      name: 'topics',
      level: 'bad',
      what: 'there are none under the prefix "shop"; there is "store"',
      fix: expect.stringContaining('SKALD_KAFKA_PREFIX'),
    });
  });

  test('says how to make what is missing, and how to mend what is wrong', () => {
    const missing = [{ topic: 'shop.clients', command: 'kafka-topics.sh --create …' }];
    const findings = [
      { topic: 'shop.sagas', gravity: 'loses', problem: 'it is compacted', remedy: 'kafka-configs.sh --alter …' },
      { topic: 'shop.sagas', gravity: 'risks', problem: 'it keeps messages for 1 h and not 168 h', remedy: 'kafka-configs.sh …' },
    ] as const;
    const topics = kafkaChecks({ ...WELL, missing, findings }, BUS).filter(({ name }) => name === 'topics');
    expect(topics.map(({ level, fix }) => [level, fix])).toEqual([
      ['bad', 'kafka-topics.sh --create …'],
      ['bad', 'kafka-configs.sh --alter …'],
      ['warning', 'kafka-configs.sh …'],
    ]);
    expect(check('topics', { areSettingsKnown: false })).toMatchObject({ level: 'note', fix: expect.stringContaining('DescribeConfigs') });
  });

  test.each<[Partial<ConsumersFacts>, string, string]>([
    [{ members: 0, state: 'Empty' }, 'bad', 'no manager is in group shop.sagas; nothing waits'],
    [{ waiting: 1 }, 'good', '2 managers, 1 message waits or is at work'],
    [{ waiting: 7, waitingLong: 7 }, 'warning', '2 managers, 7 messages wait or are at work, all for over a minute'],
    [{ waiting: 7, waitingLong: 2 }, 'warning', '2 managers, 7 messages wait or are at work, 2 for over a minute'],
    [{ state: 'PreparingRebalance' }, 'note', '2 managers, nothing waits; the group is being divided anew (PreparingRebalance)'],
    [{ members: 14 }, 'note', '14 managers, nothing waits; 2 of them have no partition and stand by'],
  ])('of the inbox where %j: %s', (facts, level, what) => {
    const found = check('inbox', { consumers: [consumers(facts)] });
    expect([found?.level, found?.what]).toEqual([level, what]);
    expect(found?.fix === undefined).toBe(level === 'good' || facts.state === 'PreparingRebalance');
  });

  test.each<[Partial<ConsumersFacts>, string, string]>([
    [{ members: 0, waiting: 3 }, 'bad', 'no process is in group shop.stock; 3 messages wait or are at work'],
    [{ members: 0 }, 'warning', 'no process is in group shop.stock; nothing waits'],
    [{ members: 1 }, 'good', '1 process, nothing waits'],
    [{ members: 3 }, 'good', '3 processes, nothing waits'],
  ])('of a participant where %j: %s', (facts, level, what) => {
    const found = check('participant stock', {
      consumers: [consumers({ address: { participant: 'stock' }, group: 'shop.stock', ...facts })],
    });
    expect([found?.level, found?.what]).toEqual([level, what]);
  });

  test('counts what could not be read', () => {
    const deadLetters = [{ topic: 'shop.stock.commands.dlt', count: 2 }];
    expect(check('dead letters', { deadLetters })).toMatchObject({
      level: 'warning',
      what: '2 messages of shop.stock.commands could not be read',
      fix: expect.any(String),
    });
  });

  test.each([
    [undefined, 'note', 'cannot be compared'],
    [-900, 'good', 'agrees'],
    [1_500, 'warning', 'is 1.5 s ahead'],
    [-60_000, 'bad', 'is 1 min behind'],
  ] as const)('of a clock that is %s ms ahead: %s', (clockAhead, level, what) => {
    expect(check('broker clock', { clockAhead })).toMatchObject({ level, what: expect.stringContaining(what) });
  });
});
