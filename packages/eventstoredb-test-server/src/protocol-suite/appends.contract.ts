import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ANY, jsonEvent, NO_STREAM, STREAM_EXISTS } from '@eventstore/db-client';
import { collect, errorOf, idsOf, type SuiteTarget, someBytes, someEvent, someEvents, someStream } from './suite-target.js';

export function appendSuite({ test, client, maxAppendSize }: SuiteTarget): void {
  test('P1 an append to a new stream answers with its last revision and position', async () => {
    const stream = someStream();
    const result = await client().appendToStream(stream, someEvents(3), { expectedRevision: NO_STREAM });
    assert.equal(result.success, true);
    assert.equal(result.nextExpectedRevision, 2n);
    const events = await collect(client().readStream(stream));
    assert.deepEqual(
      events.map(({ event }) => event?.revision),
      [0n, 1n, 2n],
    );
    assert.equal(result.position?.commit, events[2]?.event?.position?.commit);
  });
  test('P1 a conflict says what was expected and what is there', async () => {
    const stream = someStream();
    const missing = await errorOf(client().appendToStream(stream, someEvent(), { expectedRevision: 3n }));
    assert.deepEqual([missing['type'], missing['streamName']], ['wrong-expected-version', stream]);
    assert.deepEqual([missing['expectedVersion'], missing['actualVersion']], [3n, 'no_stream']);
    await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    const there = await errorOf(client().appendToStream(stream, someEvent(), { expectedRevision: NO_STREAM }));
    assert.deepEqual([there['expectedVersion'], there['actualVersion']], ['no_stream', 1n]);
    const exists = await errorOf(client().appendToStream(someStream(), someEvent(), { expectedRevision: STREAM_EXISTS }));
    assert.deepEqual([exists['expectedVersion'], exists['actualVersion']], ['stream_exists', 'no_stream']);
  });
  test('P1 a call for each write, which credentials ask for, answers alike', async () => {
    const stream = someStream();
    const credentials = { username: 'admin', password: 'changeit' };
    const result = await client().appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM, credentials });
    assert.equal(result.nextExpectedRevision, 1n);
    const error = await errorOf(client().appendToStream(stream, someEvent(), { expectedRevision: 5n, credentials }));
    assert.deepEqual([error['type'], error['expectedVersion'], error['actualVersion']], ['wrong-expected-version', 5n, 1n]);
    const tooLarge = client().appendToStream(stream, someBytes(maxAppendSize + 1), { credentials });
    assert.equal((await errorOf(tooLarge))['type'], 'maximum-append-size-exceeded');
  });
  test('P2 a write that comes in many parts is one write', async () => {
    const stream = someStream();
    const events = someEvents(50);
    const result = await client().appendToStream(stream, events, { expectedRevision: NO_STREAM, batchAppendSize: 500 });
    assert.equal(result.nextExpectedRevision, 49n);
    const read = await idsOf(client(), stream);
    assert.deepEqual(
      read,
      events.map(({ id }) => id),
    );
  });
  test('P2 a write over the limit is refused as a whole, one below is not', async () => {
    const stream = someStream();
    const half = Math.floor(maxAppendSize / 2);
    const error = await errorOf(client().appendToStream(stream, [someBytes(half), someBytes(half + 1)], { expectedRevision: NO_STREAM }));
    assert.equal(error['type'], 'maximum-append-size-exceeded');
    assert.equal(error['maxAppendSize'], maxAppendSize);
    await client().appendToStream(stream, someBytes(half), { expectedRevision: NO_STREAM });
    assert.equal((await idsOf(client(), stream)).length, 1);
  });
  test('P3 a deadline that has passed on the server refuses the write', async () => {
    const stream = someStream();
    const error = await errorOf(client().appendToStream(stream, someEvent(), { deadline: -60_000 }));
    assert.equal(error['type'], 'deadline-exceeded');
    assert.equal((await errorOf(collect(client().readStream(stream))))['type'], 'stream-not-found');
  });
  test('P4 many appends at once each get their own answer', async () => {
    const streams = Array.from({ length: 200 }, () => someStream());
    const results = await Promise.all(
      streams.map((stream, n) => client().appendToStream(stream, someEvents(1 + (n % 3)), { expectedRevision: NO_STREAM })),
    );
    assert.deepEqual(
      results.map(({ nextExpectedRevision }) => nextExpectedRevision),
      streams.map((_, n) => BigInt(n % 3)),
    );
  });
  test('P5 data, metadata, type and id come back as they were sent', async () => {
    const stream = someStream();
    const id = randomUUID();
    const event = jsonEvent({
      id,
      type: 'Ünïcode-😀',
      data: { text: 'é 漢字 😀', list: [1, null] },
      metadata: { $correlationId: 'c', n: 1 },
    });
    const bytes = someBytes(3);
    await client().appendToStream(stream, [event, bytes], { expectedRevision: NO_STREAM });
    const [first, second] = await collect(client().readStream(stream));
    assert.deepEqual([first?.event?.id, first?.event?.type, first?.event?.isJson], [id, 'Ünïcode-😀', true]);
    assert.deepEqual([first?.event?.data, first?.event?.metadata], [event.data, event.metadata]);
    assert.deepEqual([second?.event?.isJson, Buffer.from(second?.event?.data as Uint8Array).toString()], [false, 'xxx']);
    assert.ok(Math.abs(Number(first?.event?.created) - Date.now()) < 86_400_000);
  });
}

export function idempotencySuite({ test, client }: SuiteTarget): void {
  test('C1 a repeat at its exact revision is answered as the first time, and stores nothing', async () => {
    const stream = someStream();
    const [first, second] = [someEvents(3), someEvents(2)];
    const a = await client().appendToStream(stream, first, { expectedRevision: NO_STREAM });
    const b = await client().appendToStream(stream, second, { expectedRevision: 2n });
    const again = async (events: typeof first, expectedRevision: typeof NO_STREAM | bigint): Promise<(bigint | undefined)[]> => {
      const { nextExpectedRevision, position } = await client().appendToStream(stream, events, { expectedRevision });
      return [nextExpectedRevision, position?.commit];
    };
    assert.deepEqual(await again(first, NO_STREAM), [a.nextExpectedRevision, a.position?.commit]);
    assert.deepEqual(await again(second, 2n), [b.nextExpectedRevision, b.position?.commit]);
    assert.deepEqual((await again(first.slice(1, 2), 0n))[0], 1n);
    assert.equal((await idsOf(client(), stream)).length, 5);
  });
  test('C1 a repeat of which only a part stands there is a conflict', async () => {
    const stream = someStream();
    const events = someEvents(3);
    await client().appendToStream(stream, events, { expectedRevision: NO_STREAM });
    const attempts = [
      [...events.slice(0, 2), someEvent()],
      [...events, someEvent()],
      [someEvent(), ...events.slice(1)],
    ];
    for (const attempt of attempts) {
      const error = await errorOf(client().appendToStream(stream, attempt, { expectedRevision: NO_STREAM }));
      assert.deepEqual([error['type'], error['actualVersion']], ['wrong-expected-version', 2n]);
    }
    const shifted = await errorOf(client().appendToStream(stream, events.slice(0, 1), { expectedRevision: 0n }));
    assert.equal(shifted['type'], 'wrong-expected-version');
    assert.deepEqual(
      await idsOf(client(), stream),
      events.map(({ id }) => id),
    );
  });
  test('C2 any revision: a repeat is recognised by its ids, a part of one is a conflict', async () => {
    const stream = someStream();
    const events = someEvents(2);
    await client().appendToStream(stream, events, { expectedRevision: ANY });
    const again = await client().appendToStream(stream, events, { expectedRevision: ANY });
    assert.equal(again.nextExpectedRevision, 1n);
    const exists = await client().appendToStream(stream, events, { expectedRevision: STREAM_EXISTS });
    assert.equal(exists.nextExpectedRevision, 1n);
    const error = await errorOf(client().appendToStream(stream, [...events, someEvent()], { expectedRevision: ANY }));
    assert.equal(error['type'], 'wrong-expected-version');
    assert.equal((await idsOf(client(), stream)).length, 2);
  });
  test('C2 the same id in another stream is another event', async () => {
    const [a, b] = [someStream(), someStream()];
    const event = someEvent();
    await client().appendToStream(a, event, { expectedRevision: ANY });
    await client().appendToStream(b, event, { expectedRevision: ANY });
    assert.deepEqual([await idsOf(client(), a), await idsOf(client(), b)], [[event.id], [event.id]]);
  });
}
