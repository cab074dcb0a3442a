import assert from 'node:assert/strict';
import { ANY, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client';
import { collect, errorOf, type SuiteTarget, someEvent, someEvents, someStream } from './suite-target.js';

export function removalSuite({ test, client }: SuiteTarget): void {
  const readStream = (stream: string) => collect(client().readStream(stream));
  const revisionsOf = async (stream: string) => (await readStream(stream)).map(({ event }) => Number(event?.revision));

  test('C3 a soft-deleted stream is not found, and its numbers go on when it is written again', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(3), { expectedRevision: NO_STREAM });
    await client().deleteStream(stream, { expectedRevision: 2n });
    assert.equal((await errorOf(readStream(stream)))['type'], 'stream-not-found');
    const result = await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    assert.equal(result.nextExpectedRevision, 4n);
    assert.deepEqual(await revisionsOf(stream), [3, 4]);
  });
  test('C3 a soft-deleted stream takes its exact revision and any, and does not exist', async () => {
    const [exact, any, exists] = [someStream(), someStream(), someStream()];
    for (const stream of [exact, any, exists]) {
      await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
      await client().deleteStream(stream);
    }
    await client().appendToStream(exact, someEvent(), { expectedRevision: 1n });
    await client().appendToStream(any, someEvent(), { expectedRevision: ANY });
    assert.deepEqual([await revisionsOf(exact), await revisionsOf(any)], [[2], [2]]);
    const error = await errorOf(client().appendToStream(exists, someEvent(), { expectedRevision: STREAM_EXISTS }));
    assert.equal(error['type'], 'stream-deleted');
  });
  test('C3 what was deleted stays in $all', async () => {
    const stream = someStream();
    const { position } = await client().appendToStream(stream, someEvent(), { expectedRevision: NO_STREAM });
    await client().deleteStream(stream);
    assert.ok(position);
    const [first] = await collect(client().readAll({ fromPosition: position, maxCount: 1 }));
    assert.equal(first?.event?.streamId, stream);
  });
  test('C4 a tombstone is final, for appends and reads', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    await client().tombstoneStream(stream);
    assert.equal((await errorOf(readStream(stream)))['type'], 'stream-deleted');
    for (const expectedRevision of [NO_STREAM, ANY, 1n] as const) {
      const error = await errorOf(client().appendToStream(stream, someEvent(), { expectedRevision }));
      assert.deepEqual([error['type'], error['streamName']], ['stream-deleted', stream]);
    }
    assert.equal((await errorOf(client().deleteStream(stream)))['type'], 'stream-deleted');
  });
  test('C5 deleting at a wrong revision is refused', async () => {
    const stream = someStream();
    await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    const error = await errorOf(client().deleteStream(stream, { expectedRevision: 0n }));
    assert.deepEqual([error['type'], error['actualVersion']], ['wrong-expected-version', 1n]);
    assert.equal((await errorOf(client().tombstoneStream(stream, { expectedRevision: 7n })))['type'], 'wrong-expected-version');
    assert.deepEqual(await revisionsOf(stream), [0, 1]);
  });
  test('C6 metadata limits what a stream shows', async () => {
    const [counted, cut] = [someStream(), someStream()];
    await client().appendToStream(counted, someEvents(5), { expectedRevision: NO_STREAM });
    await client().setStreamMetadata(counted, { maxCount: 2 });
    assert.deepEqual(await revisionsOf(counted), [3, 4]);
    await client().appendToStream(cut, someEvents(5), { expectedRevision: NO_STREAM });
    await client().setStreamMetadata(cut, { truncateBefore: 4 });
    assert.deepEqual(await revisionsOf(cut), [4]);
    assert.deepEqual((await client().getStreamMetadata(counted)).metadata, { maxCount: 2 });
  });
}
