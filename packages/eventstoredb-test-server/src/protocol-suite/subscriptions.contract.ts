import assert from 'node:assert/strict';
import { END, eventTypeFilter, excludeSystemEvents, jsonEvent, NO_STREAM, START, streamNameFilter } from '@eventstore/db-client';
import { Heard, type SuiteTarget, someEvent, someEvents, someStream } from './suite-target.js';

const isOf =
  (...streams: readonly string[]) =>
  ({ event, link }: { event?: { streamId: string } | undefined; link?: { streamId: string } | undefined }): boolean =>
    streams.includes((link ?? event)?.streamId ?? '');

const eventsHeard = (count: number) => (heard: Heard) => heard.events.length >= count;
const heardItem = (item: string) => (heard: Heard) => heard.items.includes(item);

export function subscriptionSuite(target: SuiteTarget): void {
  const { test, client, sendsCaughtUp } = target;
  test('S1 a subscription confirms, catches up, says so, and goes on', async () => {
    const stream = someStream();
    const { position } = await client().appendToStream(stream, someEvents(1), { expectedRevision: NO_STREAM });
    await client().appendToStream(stream, someEvents(40), { expectedRevision: 0n });
    assert.ok(position);
    const heard = new Heard(client().subscribeToAll({ fromPosition: position }), isOf(stream));
    await heard.until(sendsCaughtUp ? heardItem('caughtUp') : eventsHeard(40));
    await client().appendToStream(stream, someEvent(), { expectedRevision: 40n });
    await heard.until(eventsHeard(41));
    await heard.stop();
    const expected = ['confirmation', ...Array.from({ length: 41 }, (_, n) => `event ${n + 1}`)];
    if (sendsCaughtUp) expected.splice(41, 0, 'caughtUp');
    assert.deepEqual(heard.items.slice(0, expected.length), expected);
  });
  test('S1 from the end only what is written afterwards', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    const heard = new Heard(client().subscribeToAll({ fromPosition: END, filter: excludeSystemEvents() }), isOf(stream));
    await heard.until(heardItem(sendsCaughtUp ? 'caughtUp' : 'confirmation'));
    await client().appendToStream(stream, someEvent(), { expectedRevision: 1n });
    await heard.until(eventsHeard(1));
    await heard.stop();
    assert.equal(heard.events[0]?.event?.revision, 2n);
  });
  test('S1 a stream is followed from a revision, that one excluded', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(4), { expectedRevision: NO_STREAM });
    const heard = new Heard(client().subscribeToStream(stream, { fromRevision: 1n }) as never, isOf(stream));
    await heard.until(eventsHeard(2));
    await client().appendToStream(stream, someEvent(), { expectedRevision: 3n });
    await heard.until(eventsHeard(3));
    await heard.stop();
    assert.deepEqual(
      heard.events.map(({ event }) => event?.revision),
      [2n, 3n, 4n],
    );
  });
  test('S1 a stream is followed before it exists', async () => {
    const stream = someStream();
    const heard = new Heard(client().subscribeToStream(stream, { fromRevision: START }) as never, isOf(stream));
    await heard.until(heardItem('confirmation'));
    await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    await heard.until(eventsHeard(2));
    await heard.stop();
  });
  filterSuite(target);
}

function filterSuite({ test, client, categories }: SuiteTarget): void {
  test('S2 filters by the beginning or a pattern of the stream', async () => {
    const [wanted, other] = [someStream('wanted'), someStream('other')];
    const { position } = await client().appendToStream(other, someEvent(), { expectedRevision: NO_STREAM });
    assert.ok(position);
    const prefix = wanted.slice(0, wanted.indexOf('-') + 1);
    const filters = [streamNameFilter({ prefixes: ['nothing', prefix] }), streamNameFilter({ regex: `^${prefix}.*$` })];
    const heard = filters.map((filter) => new Heard(client().subscribeToAll({ fromPosition: position, filter }), () => true));
    await client().appendToStream(other, someEvents(3), { expectedRevision: 0n });
    await client().appendToStream(wanted, someEvents(2), { expectedRevision: NO_STREAM });
    for (const one of heard) {
      await one.until(eventsHeard(2));
      await one.stop();
      assert.deepEqual(
        one.events.map(({ event }) => [event?.streamId, event?.revision]),
        [
          [wanted, 0n],
          [wanted, 1n],
        ],
      );
    }
  });
  test('S2 filters by the type, and leaves system events out', async () => {
    const stream = someStream();
    const type = `Wanted${stream.slice(-6)}`;
    const { position } = await client().appendToStream(stream, someEvent(), { expectedRevision: NO_STREAM });
    assert.ok(position);
    await client().setStreamMetadata(stream, { maxAge: 1_000_000 });
    await client().appendToStream(stream, [someEvent(), jsonEvent({ type, data: {} })], { expectedRevision: 0n });
    const byType = new Heard(
      client().subscribeToAll({ fromPosition: position, filter: eventTypeFilter({ prefixes: [type] }) }),
      () => true,
    );
    await byType.until(eventsHeard(1));
    await byType.stop();
    assert.equal(byType.events[0]?.event?.revision, 2n);
    const noSystem = new Heard(client().subscribeToAll({ fromPosition: position, filter: excludeSystemEvents() }), () => true);
    await noSystem.until((heard) => heard.events.some(({ event }) => event?.type === type));
    await noSystem.stop();
    assert.ok(noSystem.events.every(({ event }) => !event?.type.startsWith('$')));
  });
  test('S2 checkpoints come while nothing passes, and a subscription goes on from one without a gap', async () => {
    const [wanted, other] = [someStream('wanted'), someStream('other')];
    const { position } = await client().appendToStream(other, someEvent(), { expectedRevision: NO_STREAM });
    assert.ok(position);
    const prefixes = [wanted];
    const checkpoints: { commit: bigint; prepare: bigint }[] = [];
    let heard: Heard | undefined;
    const filter = streamNameFilter({
      ...{ prefixes, maxSearchWindow: 5, checkpointInterval: 2 },
      checkpointReached: async (_, reached) => {
        checkpoints.push(reached);
        heard?.add('checkpoint');
      },
    });
    heard = new Heard(client().subscribeToAll({ fromPosition: position, filter }), () => true);
    await client().appendToStream(other, someEvents(200), { expectedRevision: 0n });
    await heard.until(() => checkpoints.length > 3);
    await heard.stop();
    assert.ok(checkpoints.every(({ commit }, n) => commit >= (checkpoints[n - 1]?.commit ?? position.commit)));
    await client().appendToStream(wanted, someEvent(), { expectedRevision: NO_STREAM });
    const from = checkpoints.at(-1);
    assert.ok(from);
    const again = new Heard(client().subscribeToAll({ fromPosition: from, filter: streamNameFilter({ prefixes }) }), () => true);
    await again.until(eventsHeard(1));
    await again.stop();
    assert.equal(again.events[0]?.event?.streamId, wanted);
  });
  if (!categories) return;
  test('S4 a category holds links to the events of its streams', async () => {
    const [a, b] = [someStream('linked'), 'x'];
    const category = a.slice(0, a.indexOf('-'));
    await client().appendToStream(a, someEvents(2), { expectedRevision: NO_STREAM });
    await client().appendToStream(`${category}-${b}`, someEvent(), { expectedRevision: NO_STREAM });
    const heard = new Heard(client().subscribeToStream(`$ce-${category}`, { resolveLinkTos: true }) as never, () => true);
    await heard.until(eventsHeard(3));
    await heard.stop();
    assert.deepEqual(
      heard.events.map(({ event, link }) => [event?.streamId, link?.streamId]),
      [a, a, `${category}-${b}`].map((stream) => [stream, `$ce-${category}`]),
    );
  });
}
