import { describe, expect, it } from '@jest/globals';
import type { LogLine } from './log.js';
import { type Sender, StaleMetadata } from './producer-connection.js';
import { type ProduceRecord, Publisher } from './publisher.js';

const LIMITS = { inFlight: 3, giveUpAfter: 60_000, maxWaiting: 100_000, maxMessageBytes: 100_000 };

function record(partition: number, name: string, { topic = 'orders', bytes = 10 } = {}): ProduceRecord {
  return { topic, partition, key: Buffer.from(name), value: Buffer.alloc(bytes, 'x'), headers: {}, sagaId: name };
}

class Refusal extends Error {
  constructor(readonly type: string) {
    super(type);
  }
}

type Batches = Parameters<Sender['send']>[0];

/** Holds every request until it is answered. */
class HeldSender implements Sender {
  readonly requests: { readonly names: string[]; readonly batches: Batches; answer(error?: Error): void }[] = [];
  renewed = 0;
  closed = false;
  #waiting: (() => void)[] = [];

  send(batches: Batches): Promise<void> {
    const names = batches.flatMap(({ messages }) => messages.map(({ key }) => String(key)));
    return new Promise((resolve, reject) => {
      this.requests.push({ names, batches, answer: (error) => (error ? reject(error) : resolve()) });
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async request(nth: number) {
    while (this.requests.length <= nth) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const found = this.requests[nth];
    if (!found) throw new Error('unreachable');
    return found;
  }

  renew(): void {
    this.renewed++;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

/** Answers every request by a rule. */
class RuledSender implements Sender {
  readonly written: string[] = [];
  requests = 0;
  renewed = 0;

  constructor(private readonly rule: (names: readonly string[], batches: Batches) => Error | undefined) {}

  async send(batches: Batches): Promise<void> {
    this.requests++;
    const names = batches.flatMap(({ messages }) => messages.map(({ key }) => String(key)));
    const error = this.rule(names, batches);
    if (error) throw error;
    this.written.push(...names);
  }

  renew(): void {
    this.renewed++;
  }

  async close(): Promise<void> {}
}

function publisher(sender: Sender, limits: Partial<typeof LIMITS> = {}) {
  const lines: LogLine[] = [];
  return { lines, publisher: new Publisher(sender, { ...LIMITS, ...limits }, (line) => lines.push(line)) };
}

describe('Publisher', () => {
  it('L1: sends in one request what a turn of the event loop publishes, and resolves when it is written', async () => {
    const sender = new HeldSender();
    const { publisher: subject } = publisher(sender);
    let written = 0;
    const all = [0, 1, 2].map((n) => subject.publish([record(n, `a${n}`), record(n, `b${n}`)]).then(() => written++));
    const request = await sender.request(0);
    expect(request.names).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
    expect(written).toBe(0);
    request.answer();
    await Promise.all(all);
    expect(sender.requests).toHaveLength(1);
  });

  it('L2: has one request in the air for a saga, while others go on', async () => {
    const sender = new HeldSender();
    const { publisher: subject } = publisher(sender);
    const first = subject.publish([record(0, 'a')]);
    const held = await sender.request(0);
    const second = subject.publish([record(0, 'a', { bytes: 1 })]);
    const third = subject.publish([record(0, 'a', { bytes: 2 })]);
    const other = subject.publish([record(0, 'd'), record(0, 'a', { topic: 'stock' })]);
    const beside = await sender.request(1);
    expect(beside.names).toEqual(['d', 'a']);
    beside.answer();
    await other;
    held.answer();
    await first;
    const later = await sender.request(2);
    expect(later.batches[0]?.messages.map(({ value }) => value?.length)).toEqual([1, 2]);
    later.answer();
    await Promise.all([second, third]);
  });

  it('L2: keeps the order when a request is sent again', async () => {
    let failures = 3;
    const sizes: (number | undefined)[] = [];
    const sender = new RuledSender((_, batches) => {
      if (failures-- > 0) return new Error('connection lost');
      sizes.push(...batches.flatMap(({ messages }) => messages.map(({ value }) => value?.length)));
      return undefined;
    });
    const { publisher: subject, lines } = publisher(sender, { maxMessageBytes: 10_000 });
    const all: Promise<void>[] = [];
    for (let n = 0; n < 50; n++) {
      all.push(subject.publish([record(0, 'a', { bytes: n })]));
      if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(sizes).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(sender.renewed).toBe(1);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('L2: bounds the requests in the air', async () => {
    const sender = new HeldSender();
    const { publisher: subject } = publisher(sender, { inFlight: 2 });
    const all: Promise<void>[] = [];
    for (let n = 0; n < 4; n++) {
      all.push(subject.publish([record(n, `m${n}`)]));
      if (n < 2) await sender.request(n);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sender.requests.map(({ names }) => names)).toEqual([['m0'], ['m1']]);
    sender.requests[0]?.answer();
    const third = await sender.request(2);
    expect(third.names).toEqual(['m2', 'm3']);
    third.answer();
    sender.requests[1]?.answer();
    await Promise.all(all);
  });

  it('L3: gives up what cannot be sent in its time', async () => {
    const sender = new RuledSender(() => new Error('connection lost'));
    const { publisher: subject } = publisher(sender, { giveUpAfter: 100 });
    await expect(subject.publish([record(0, 'a')])).rejects.toMatchObject({ code: 'bus-unavailable', retryable: true });
  });

  it('L3: takes new metadata at once where a partition was not known', async () => {
    let failures = 1;
    const sender = new RuledSender(() => (failures-- > 0 ? new StaleMetadata('partition 7') : undefined));
    const { publisher: subject } = publisher(sender);
    await subject.publish([record(7, 'a')]);
    expect(sender.renewed).toBe(1);
  });

  it('A16, L4: refuses the message that spoils a request, and no other', async () => {
    const isBad = (name: string) => name === 'm13' || name === 'm77';
    const sender = new RuledSender((names) => (names.some(isBad) ? new Refusal('MESSAGE_TOO_LARGE') : undefined));
    const { publisher: subject } = publisher(sender);
    const names = Array.from({ length: 100 }, (_, n) => `m${n}`);
    const results = await Promise.allSettled(names.map((name, n) => subject.publish([record(n % 5, name)])));
    const refused = results.flatMap((result, n) => (result.status === 'rejected' ? [[names[n], result.reason]] : []));
    expect(refused).toEqual([
      ['m13', expect.objectContaining({ code: 'message-refused', details: expect.objectContaining({ sagaId: 'm13', topic: 'orders' }) })],
      ['m77', expect.objectContaining({ code: 'message-refused' })],
    ]);
    expect([...sender.written].sort()).toEqual(names.filter((name) => !isBad(name)).sort());
    expect(sender.requests).toBeLessThan(40);
  });

  it('L4: names every message of one publish that was refused', async () => {
    const sender = new RuledSender((names) => (names.some((name) => name.startsWith('bad')) ? new Refusal('INVALID_RECORD') : undefined));
    const { publisher: subject } = publisher(sender);
    const failure = subject.publish([record(0, 'bad1'), record(0, 'good'), record(1, 'bad2')]);
    await expect(failure).rejects.toMatchObject({ code: 'message-refused', details: { sagaId: 'bad1' }, cause: { errors: { length: 2 } } });
    expect(sender.written).toEqual(['good']);
  });

  it('L4: refuses one topic as a whole where it may not be written, with few requests', async () => {
    const sender = new RuledSender((_, batches) =>
      batches.some(({ topic }) => topic === 'secret') ? new Refusal('TOPIC_AUTHORIZATION_FAILED') : undefined,
    );
    const { publisher: subject } = publisher(sender);
    const secret = subject.publish(Array.from({ length: 100 }, (_, n) => record(n % 4, `s${n}`, { topic: 'secret' })));
    const open = subject.publish([record(0, 'a')]);
    await expect(secret).rejects.toMatchObject({ code: 'bus-unauthorised', retryable: false });
    await open;
    expect(sender.requests).toBe(3);
  });

  it('A16, L4: refuses one by one the messages to a participant whose topic may not be written, and names their sagas', async () => {
    const sender = new RuledSender((_, batches) =>
      batches.some(({ topic }) => topic === 'secret') ? new Refusal('TOPIC_AUTHORIZATION_FAILED') : undefined,
    );
    const { publisher: subject } = publisher(sender);
    const secret = (name: string): ProduceRecord => ({ ...record(0, name, { topic: 'secret' }), isForParticipant: true });
    const failure = subject.publish([secret('s1'), record(0, 'a'), secret('s2')]);
    await expect(failure).rejects.toMatchObject({ code: 'message-refused', details: { topic: 'secret' } });
    const { cause } = (await failure.catch((error: unknown) => error)) as { readonly cause: AggregateError };
    expect(cause.errors).toMatchObject([
      { code: 'message-refused', details: { sagaId: 's1' } },
      { code: 'message-refused', details: { sagaId: 's2' } },
    ]);
    expect(sender.written).toEqual(['a']);
  });

  it('L4: says first what may pass, where other messages are refused for good', async () => {
    const sender = new RuledSender((names) => (names.includes('bad') ? new Refusal('INVALID_RECORD') : new Error('connection lost')));
    const { publisher: subject } = publisher(sender, { giveUpAfter: 100 });
    const failure = subject.publish([record(0, 'bad'), record(1, 'good')]);
    await expect(failure).rejects.toMatchObject({ code: 'bus-unavailable', cause: { errors: { length: 2 } } });
  });

  it('L5: cuts the messages of a partition where they would be too large together', async () => {
    const sizes: number[] = [];
    const sender = new RuledSender((_, batches) => {
      for (const { messages } of batches) sizes.push(messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0));
      return undefined;
    });
    const { publisher: subject } = publisher(sender);
    await Promise.all(Array.from({ length: 30 }, (_, n) => subject.publish([record(0, `m${n}`, { bytes: 20_000 })])));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100_000);
    expect(sender.written).toHaveLength(30);
  });

  it('refuses more than may wait, and takes it when there is room again', async () => {
    const sender = new HeldSender();
    const { publisher: subject } = publisher(sender, { maxWaiting: 2 });
    const taken = subject.publish([record(0, 'a'), record(0, 'b'), record(0, 'c')]);
    await expect(subject.publish([record(1, 'd')])).rejects.toMatchObject({ code: 'bus-overloaded', retryable: true });
    (await sender.request(0)).answer();
    await taken;
    const later = subject.publish([record(1, 'd')]);
    (await sender.request(1)).answer();
    await later;
  });

  it('sends at close what it took, and refuses what comes later', async () => {
    const sender = new HeldSender();
    const { publisher: subject } = publisher(sender);
    const taken = subject.publish([record(0, 'a')]);
    const closing = subject.close(60_000);
    await expect(subject.publish([record(0, 'b')])).rejects.toMatchObject({ code: 'bus-closed' });
    (await sender.request(0)).answer();
    await Promise.all([taken, closing]);
    expect(sender.closed).toBe(true);
  });

  it('gives up at close what cannot be sent in the time that is left', async () => {
    const sender = new RuledSender(() => new Error('connection lost'));
    const { publisher: subject } = publisher(sender);
    const taken = subject.publish([record(0, 'a')]);
    const seen = expect(taken).rejects.toMatchObject({ code: 'bus-unavailable' });
    await subject.close(20);
    await seen;
  });
});
