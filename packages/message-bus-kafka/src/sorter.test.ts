import { describe, expect, it } from '@jest/globals';
import { type Address, SkaldError } from '@skald/kernel';
import type { KafkaMessage } from 'kafkajs';
import type { LogLine } from './log.js';
import { soundReply } from './malformed-messages.contract.js';
import { partitionOf } from './murmur2.js';
import { Names } from './names.js';
import type { ProduceRecord } from './publisher.js';
import { Sorter } from './sorter.js';
import { encode, type WireContext } from './wire.js';

const COUNT = 8;
const CONTEXT: WireContext = {
  source: '/test',
  inboxTopic: 'skald.sagas',
  inboxPartition: (key) => partitionOf(key, COUNT),
  clientsTopic: 'skald.clients',
  clientPartition: () => 0,
};
const partitioning = { count: COUNT, of: (sagaId: string) => partitionOf(Buffer.from(sagaId), COUNT) };

function fetched(
  record: { key: Buffer | null; value: Buffer | null; headers: Record<string, string> },
  more: Record<string, string> = {},
): KafkaMessage {
  const headers = Object.fromEntries(Object.entries({ ...record.headers, ...more }).map(([name, text]) => [name, Buffer.from(text)]));
  return { ...record, headers, offset: '42', timestamp: '0', attributes: 0 };
}

function sorter(refuse: (record: ProduceRecord) => boolean = () => false) {
  const sent: ProduceRecord[] = [];
  const publish = async (records: readonly ProduceRecord[]): Promise<void> => {
    if (records.some(refuse)) throw new SkaldError('message-refused', { problem: 'too large' });
    sent.push(...records);
  };
  const lines: LogLine[] = [];
  return { sent, lines, subject: new Sorter(new Names('skald'), partitioning, { publish }, (line) => void lines.push(line)) };
}

const INBOX: Address = { to: 'inbox' };
const right = partitioning.of('order-1');
const wrong = (right + 1) % COUNT;

describe('Sorter', () => {
  it('delivers an input where it belongs', () => {
    const sorted = sorter().subject.of(INBOX)(fetched(soundReply('order-1', CONTEXT)), right);
    expect(sorted).toMatchObject({ ok: true, message: { kind: 'input', sagaId: 'order-1' } });
  });

  it('A14: sends an input in a wrong partition to its own, as it is', async () => {
    const { subject, sent } = sorter();
    const message = fetched(soundReply('order-1', CONTEXT));
    const sorted = subject.of(INBOX)(message, wrong);
    if (typeof sorted === 'string' || !('elsewhere' in sorted)) throw new Error('delivered');
    await sorted.elsewhere();
    expect(sent).toEqual([expect.objectContaining({ topic: 'skald.sagas', partition: right, key: message.key, value: message.value })]);
    expect(sent[0]?.headers).toMatchObject({ skald_hops: '1', ce_type: message.headers?.['ce_type'] });
  });

  it('A14: lays an input with the dead letters that owners send to each other', async () => {
    for (const hops of ['3', 'many']) {
      const { subject, sent } = sorter();
      const sorted = subject.of(INBOX)(fetched(soundReply('order-1', CONTEXT), { skald_hops: hops }), wrong);
      if (typeof sorted === 'string' || !('elsewhere' in sorted)) throw new Error('delivered');
      await sorted.elsewhere();
      expect(sent).toEqual([
        expect.objectContaining({ topic: 'skald.sagas.dlt', headers: expect.objectContaining({ skald_reason: 'astray' }) }),
      ]);
    }
  });

  it('A14, A16: lays an input with the dead letters that is too large to be sent on, and is through with it', async () => {
    const { subject, sent } = sorter(({ topic }) => topic === 'skald.sagas');
    const message = fetched(soundReply('order-1', CONTEXT));
    const sorted = subject.of(INBOX)(message, wrong);
    if (typeof sorted === 'string' || !('elsewhere' in sorted)) throw new Error('delivered');
    await sorted.elsewhere();
    expect(sent).toEqual([expect.objectContaining({ topic: 'skald.sagas.dlt', key: message.key, value: message.value })]);
    expect(sent[0]?.headers).toMatchObject({ skald_reason: 'astray', skald_problem: 'it is too large to be sent on' });
  });

  it('D1: keeps a dead letter as it was, with the reason and its place', async () => {
    const { subject, sent } = sorter();
    const message = fetched({ ...soundReply('order-1', CONTEXT), value: Buffer.from('not json') });
    const sorted = subject.of(INBOX)(message, wrong);
    if (typeof sorted === 'string' || !('elsewhere' in sorted)) throw new Error('delivered');
    await sorted.elsewhere();
    const place = { skald_reason: 'not-json', skald_topic: 'skald.sagas', skald_partition: String(wrong), skald_offset: '42' };
    expect(sent).toEqual([expect.objectContaining({ topic: 'skald.sagas.dlt', key: message.key, value: message.value })]);
    expect(sent[0]?.headers).toMatchObject({ ...message.headers, ...place });
  });

  it('D1: keeps of a dead letter that is too large where it was', async () => {
    const { subject, sent } = sorter(({ value }) => value !== null);
    const sorted = subject.of(INBOX)(fetched({ ...soundReply('order-1', CONTEXT), value: Buffer.from('not json') }), right);
    if (typeof sorted === 'string' || !('elsewhere' in sorted)) throw new Error('delivered');
    await sorted.elsewhere();
    expect(sent).toEqual([expect.objectContaining({ value: null })]);
    expect(Object.keys(sent[0]?.headers ?? {}).every((name) => name.startsWith('skald_'))).toBe(true);
  });

  it('B4: passes over the answers to other clients', () => {
    const { subject } = sorter();
    const answer = { kind: 'answer', sagaId: 'order-1', request: 'r', answer: { accepted: true, revision: 1 } } as const;
    const message = fetched(encode(answer, { to: 'client', client: 'one' }, CONTEXT));
    expect(subject.of({ to: 'client', client: 'one' })(message, 0)).toMatchObject({ ok: true });
    expect(subject.of({ to: 'client', client: 'two' })(message, 0)).toBe('skip');
  });

  it('delivers a reply to every client of its partition: whoever runs the saga knows it', () => {
    const { subject } = sorter();
    expect(subject.of({ to: 'client', client: 'one' })(fetched(soundReply('order-1', CONTEXT)), 0)).toMatchObject({ ok: true });
  });

  it('passes over what a client cannot read; the first is logged with its place, and how many there were', () => {
    const { subject, lines, sent } = sorter();
    const sort = subject.of({ to: 'client', client: 'one' });
    const poison = fetched({ ...soundReply('order-1', CONTEXT), value: Buffer.from('not json') });
    for (let n = 0; n < 5; n++) expect(sort(poison, 3)).toBe('skip');
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'a message to the clients cannot be read; it is passed over',
        about: expect.objectContaining({ topic: 'skald.clients', partition: 3, offset: '42', reason: 'not-json', soFar: 1 }),
      },
    ]);
    expect(sent).toEqual([]);
  });

  it('sends a dead letter back to where its saga is', () => {
    const letter = { reason: 'not-json', problem: '', offset: '42', value: Buffer.from('x'), headers: {} };
    const { subject } = sorter();
    expect(subject.back({ ...letter, topic: 'skald.sagas', partition: wrong, key: Buffer.from('order-1') })).toMatchObject({
      partition: right,
    });
    expect(subject.back({ ...letter, topic: 'skald.sagas', partition: wrong, key: null })).toMatchObject({ partition: wrong });
    expect(subject.back({ ...letter, topic: 'skald.payment.commands', partition: 2, key: Buffer.from('order-1') })).toMatchObject({
      partition: 2,
    });
  });
});
