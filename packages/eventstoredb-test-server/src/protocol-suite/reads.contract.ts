import assert from 'node:assert/strict';
import { BACKWARDS, END, FORWARDS, NO_STREAM, START } from '@eventstore/db-client';
import { collect, errorOf, type SuiteTarget, someEvent, someEvents, someStream } from './suite-target.js';

export function readSuite({ test, client }: SuiteTarget): void {
  test('R2 a stream is read forwards and backwards, from anywhere, in parts', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(100), { expectedRevision: NO_STREAM });
    const read = async (options: Parameters<ReturnType<typeof client>['readStream']>[1]) =>
      (await collect(client().readStream(stream, options))).map(({ event }) => Number(event?.revision));
    const all = Array.from({ length: 100 }, (_, n) => n);
    assert.deepEqual(await read({ direction: FORWARDS, fromRevision: START }), all);
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: END }), all.toReversed());
    assert.deepEqual(await read({ fromRevision: 40n, maxCount: 33 }), all.slice(40, 73));
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: 40n, maxCount: 2 }), [40, 39]);
    assert.deepEqual(await read({ fromRevision: 98n, maxCount: 10 }), [98, 99]);
    assert.deepEqual(await read({ fromRevision: 100n, maxCount: 10 }), []);
    assert.deepEqual(await read({ direction: BACKWARDS, fromRevision: END, maxCount: 1 }), [99]);
  });
  test('R2 a stream that does not exist is not found', async () => {
    const stream = someStream();
    const error = await errorOf(collect(client().readStream(stream)));
    assert.deepEqual([error['type'], error['streamName']], ['stream-not-found', stream]);
  });
  test('R1 all is read from a position: forwards with it, backwards without', async () => {
    const [a, b] = [someStream(), someStream()];
    const first = await client().appendToStream(a, someEvents(2), { expectedRevision: NO_STREAM });
    const second = await client().appendToStream(b, someEvents(2), { expectedRevision: NO_STREAM });
    assert.ok(first.position && second.position);
    const forwards = (await collect(client().readAll({ fromPosition: first.position, maxCount: 50 }))).filter(
      ({ event }) => event?.streamId === a || event?.streamId === b,
    );
    assert.deepEqual(
      forwards.map(({ event }) => [event?.streamId, Number(event?.revision)]),
      [
        [a, 1],
        [b, 0],
        [b, 1],
      ],
    );
    const backwards = await collect(client().readAll({ direction: BACKWARDS, fromPosition: second.position, maxCount: 1 }));
    assert.deepEqual(
      backwards.map(({ event }) => [event?.streamId, Number(event?.revision)]),
      [[b, 0]],
    );
  });
  test('R1 positions grow, and are the same by stream and in all', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(40), { expectedRevision: NO_STREAM });
    const positions = (await collect(client().readStream(stream))).map(({ event }) => event?.position?.commit ?? 0n);
    assert.ok(positions.every((position, n) => n === 0 || position > (positions[n - 1] ?? 0n)));
    const commit = positions[0] ?? 0n;
    const all = await collect(client().readAll({ fromPosition: { commit, prepare: commit }, maxCount: 200 }));
    const mine = all.filter(({ event }) => event?.streamId === stream);
    assert.deepEqual(
      mine.map(({ event }) => event?.position?.commit),
      positions,
    );
  });
  test('R4 the events of one append stand together in all', async () => {
    const streams = Array.from({ length: 10 }, () => someStream());
    const results = await Promise.all(
      streams.map((stream) => client().appendToStream(stream, someEvents(5), { expectedRevision: NO_STREAM })),
    );
    const all = await collect(client().readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 500 }));
    const positions = new Set(all.map(({ event }) => event?.position?.commit));
    assert.ok(results.every(({ position }) => positions.has(position?.commit)));
    const mine = all.filter(({ event }) => streams.includes(event?.streamId ?? '')).map(({ event }) => event?.streamId);
    const changes = mine.filter((stream, n) => stream !== mine[n - 1]);
    assert.equal(changes.length, streams.length);
  });
  test('R5 a server has events of its own in all, before any other', async () => {
    const [first] = await collect(client().readAll({ maxCount: 1 }));
    assert.ok(first?.event?.streamId.startsWith('$'));
    assert.ok((first?.event?.position?.commit ?? -1n) >= 0n);
    const { position } = await client().appendToStream(someStream(), someEvent());
    assert.ok((position?.commit ?? 0n) > 0n);
  });
}
