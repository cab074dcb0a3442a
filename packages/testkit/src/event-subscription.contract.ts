import type { EventStore, NewEvent, RecordedEvent } from '@skald/kernel';
import { Collector, type ContractSubject, gate, type Sentence, turns } from './contract.js';
import { madeUpEvent, madeUpEvents, madeUpStream } from './made-up-events.js';
import { expect } from './test-framework.contract.js';

type Subject = ContractSubject<EventStore>;

/** The sentences of `subscribe`. */
export function subscribes(sentence: Sentence<Subject>): void {
  sentence('hands what was stored, then what is stored, to a subscriber without gap or duplicate', async ({ subject }) => {
    const start = await subject.head();
    const stream = madeUpStream();
    await append(subject, stream, -1, madeUpEvents(600));
    const seen = new Collector<RecordedEvent>();
    const subscription = subject.subscribe(start, async (events) => seen.add(...events.filter((event) => event.stream === stream)));
    for (let i = 0; i < 60; i++) {
      await append(subject, stream, 599 + i, [madeUpEvent()]);
      if (i % 7 === 0) await turns(1);
    }
    await seen.count(660);
    await subscription.stop();
    expect(seen.items.map(({ revision }) => revision)).toEqual(Array.from({ length: 660 }, (_, i) => i));
    expect(seen.items.slice(0, 1_000)).toEqual(await subject.read(stream));
  });
  sentence('begins after the position that a subscriber names', async ({ subject }) => {
    const stream = madeUpStream();
    const outcome = await append(subject, stream, -1, madeUpEvents(2));
    const position = outcome?.type === 'appended' ? outcome.position : Number.NaN;
    await append(subject, stream, 1, madeUpEvents(1));
    const seen = new Collector<number>();
    const subscription = subject.subscribe(position, async (events) =>
      seen.add(...events.filter((e) => e.stream === stream).map((e) => e.revision)),
    );
    await seen.count(1);
    await append(subject, stream, 2, madeUpEvents(1));
    await seen.count(2);
    await subscription.stop();
    expect(seen.items).toEqual([2, 3]);
  });
  sentence('calls a listener once at a time', async ({ subject }) => {
    const stream = madeUpStream();
    let running = 0;
    let most = 0;
    const seen = new Collector<RecordedEvent>();
    const subscription = subject.subscribe(await subject.head(), async (events) => {
      most = Math.max(most, ++running);
      await turns(2);
      running--;
      seen.add(...events);
    });
    for (let i = 0; i < 10; i++) {
      await append(subject, stream, i - 1, [madeUpEvent()]);
      await turns(1);
    }
    await seen.count(10);
    await subscription.stop();
    expect(most).toBe(1);
  });
  sentence('gives a listener that rejects the same events again, then goes on', async ({ subject }) => {
    const stream = madeUpStream();
    const calls: (readonly string[])[] = [];
    const taken = new Collector<number>();
    const subscription = subject.subscribe(await subject.head(), async (events) => {
      calls.push(events.map(({ id }) => id));
      if (calls.length <= 2) throw new Error('not now');
      taken.add(...events.map(({ revision }) => revision));
    });
    await append(subject, stream, -1, madeUpEvents(2));
    await taken.count(2);
    await append(subject, stream, 1, madeUpEvents(1));
    await taken.count(3);
    await subscription.stop();
    expect(calls[1]).toEqual(calls[0]);
    expect(calls[2]).toEqual(calls[0]);
    expect(taken.items).toEqual([0, 1, 2]);
  });
  endings(sentence);
}

function endings(sentence: Sentence<Subject>): void {
  sentence('serves several subscribers, each at its own pace', async ({ subject }) => {
    const start = await subject.head();
    const stream = madeUpStream();
    const [quick, slow] = [new Collector<number>(), new Collector<number>()];
    const held = gate();
    const first = subject.subscribe(start, async (events) => {
      await held.opened;
      slow.add(...events.map(({ revision }) => revision));
    });
    const second = subject.subscribe(start, async (events) => quick.add(...events.map(({ revision }) => revision)));
    await append(subject, stream, -1, madeUpEvents(5));
    await quick.count(5);
    expect(slow.items).toEqual([]);
    held.open();
    await slow.count(5);
    await Promise.all([first.stop(), second.stop()]);
    expect(slow.items).toEqual(quick.items);
  });
  sentence('resolves stop() only when the listener has ended, and calls it no more', async ({ subject }) => {
    const stream = madeUpStream();
    const [entered, held] = [gate(), gate()];
    const log: string[] = [];
    const start = await subject.head();
    const subscription = subject.subscribe(start, async () => {
      log.push('enters');
      entered.open();
      await held.opened;
      log.push('leaves');
    });
    await append(subject, stream, -1, madeUpEvents(1));
    await entered.opened;
    const stopped = subscription.stop().then(() => log.push('stopped'));
    await turns();
    held.open();
    await stopped;
    await append(subject, stream, 0, madeUpEvents(1));
    // Another subscriber sees the event: the first has had its chance to.
    const seen = new Collector<RecordedEvent>();
    const witness = subject.subscribe(start, async (events) => seen.add(...events));
    await seen.count(2);
    await witness.stop();
    expect(log).toEqual(['enters', 'leaves', 'stopped']);
  });
  sentence('stops its subscriptions when it is closed, and waits for their listeners', async ({ subject }) => {
    const [entered, held] = [gate(), gate()];
    let left = false;
    subject.subscribe(await subject.head(), async () => {
      entered.open();
      await held.opened;
      left = true;
    });
    await append(subject, madeUpStream(), -1, [madeUpEvent()]);
    await entered.opened;
    const closed = subject.close().then(() => left);
    await turns();
    held.open();
    expect(await closed).toBe(true);
  });
}

async function append(store: EventStore, stream: string, expectedRevision: number, events: readonly NewEvent[]) {
  return (await store.append([{ stream, expectedRevision, events }]))[0];
}
