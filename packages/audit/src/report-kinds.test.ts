import { describe, expect, it } from '@jest/globals';
import { aesGcmCodec, encodeEvents, memoryKeyStore, sealEvents } from '@skald/engine';
import { type RecordedEvent, type SagaEvent, type StepEntry, sagaDefinition } from '@skald/kernel';
import { approve, ask, Life, order } from '../fixtures/order-lives.js';
import { causedEvents } from './conform.js';
import { readableHistory } from './readable-history.js';
import { type SagaReport, sagaReport } from './report.js';
import { reportPage } from './report-page.js';

/** What a page says, without marks of HTML. */
function words(report: SagaReport): string {
  return reportPage(report)
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
}

const life = (...steps: readonly StepEntry[]) =>
  new Life('order-1', sagaDefinition({ name: 'order', version: 1, steps }), { id: '7', gift: false });
const reported = (one: Life) => sagaReport('order-1', one.stored(), 1);
const stored = (events: readonly SagaEvent[]): RecordedEvent[] =>
  encodeEvents(events, 'reply', 'order-1').map((event, revision) => ({ ...event, stream: 'order-1', revision, position: revision + 1 }));

describe('A report of a saga', () => {
  it('with a step of many items counts them, names those that failed, and lists them apart', () => {
    const items = Array.from({ length: 5 }, (_, nth) => nth);
    const pack = life({
      ...{ kind: 'map', id: 'packBox', concurrency: 5, tolerate: { failures: 2 } },
      each: () => ({ items, run: (box: number) => ({ participant: 'shop', action: 'pack', args: [{ box }] }) }),
    });
    const report = reported(pack.answer('packBox/0', 'packBox/2', 'packBox/4').fail('packBox/1').fail('packBox/3'));
    expect(report.status).toBe('completed');
    expect(report.requests[0]).toMatchObject({ step: 'packBox', items: { count: 5, succeeded: 3, failed: 2, undone: 0 } });
    expect(report.requests[1]).toMatchObject({ step: 'packBox/0', itemOf: 'packBox' });
    const page = words(report);
    for (const said of [
      'shop : pack, for each of 5 items',
      '3 of 5 items done, 2 not done (number 2 and 4)',
      'Items of “Pack box” No. Asked with When Outcome Undone 1 box 0',
      'Pack box, item 2: failed: no (No).',
      'Pack box: has 5 items, up to 5 at a time, of which up to 2 may fail.',
      'Done 3 of 5 requests done',
    ])
      expect(page).toContain(said);
  });

  it('that started another saga names it, and says that it took back what it did', () => {
    const ship: StepEntry = {
      id: 'ship',
      run: () => ({ participant: 'shipment', action: 'start', args: [{ box: 1 }], child: { version: 1 } }),
    };
    const one = life(ship, { id: 'charge', run: ask('charge') })
      .reply('ship', { type: 'deferred' })
      .answer('ship')
      .fail('charge')
      .answer('ship');
    const child = 'shipment-order-1.i.ship';
    expect(reported(one).requests[0]).toMatchObject({ child, undone: { by: 'service', who: child } });
    const page = words(reported(one));
    expect(page).toContain(`another transaction: ${child} box 1`);
    expect(page).toContain(`Ship: asked for another transaction, ${child}.`);
    expect(page).toContain(`Undo Ship: asked ${child} to take it back.`);
    expect(page).toContain(`↩ undone by ${child}`);
  });

  it('that was started by another one says by which, and that it was withdrawn', () => {
    const data = { sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'i', input: {}, inputHash: 'h', request: 'r' };
    const parent = { sagaId: 'trip-9', incarnation: 'i', step: 'bookHotel', round: 1 };
    const report = sagaReport('order-1', stored([{ type: 'SagaStarted', at: 1, data: { ...data, parent } }]), 1);
    expect(report.parent).toEqual({ sagaId: 'trip-9', step: 'bookHotel' });
    expect(words(report)).toContain('Begun by trip-9 , for its step “Book hotel”');
  });

  it('whose steps are answered later, chosen by rules, put up with, or stood in for says so', () => {
    const one = life(
      { kind: 'choice', id: 'route', after: [], branches: { post: () => true, hand: () => false } },
      { id: 'byHand', after: 'route', branch: 'route.hand', run: ask('byHand') },
      { id: 'byPost', after: 'route', branch: 'route.post', run: ask('byPost'), callback: { timeout: '2d', heartbeat: '1h' } },
      { id: 'byCourier', instead: 'byPost', run: ask('byCourier') },
      { id: 'wrap', optional: true, run: ask('wrap') },
    );
    one.reply('byPost', { type: 'deferred' });
    one.tell({
      type: 'task',
      request: 't',
      incarnation: 'i',
      step: 'byPost',
      round: 1,
      action: 'fail',
      error: { name: 'Lost', message: 'it got lost' },
    });
    const report = reported(one.answer('byCourier').fail('wrap'));
    expect(report.requests).toMatchObject([
      { step: 'route', chooses: true },
      { step: 'byHand', outcome: 'skipped' },
      { step: 'byPost', outcome: 'failed', wentOn: { by: 'byCourier' } },
      { step: 'byCourier', outcome: 'succeeded' },
      { step: 'wrap', outcome: 'failed', wentOn: 'without' },
    ]);
    const page = words(report);
    for (const said of [
      'It was completed. “By courier” stood in for “By post”. It went on without “Wrap”.',
      'By post: taken on; the answer is awaited until 3 Jan 1970',
      'By hand: left out (“Route” was “Post”).',
      'nobody: a rule decides',
      'it went on without',
    ])
      expect(page).toContain(said);
  });

  it('whose point of no return had been passed after all, when it was undone, says so', () => {
    const one = life({ id: 'reserve', run: ask('reserve') }, { id: 'payInvoice', after: 'reserve', run: ask('pay'), pivot: true });
    one
      .answer('reserve')
      .reply('payInvoice', { type: 'unknowable' })
      .tell({ type: 'operator', request: 'f', action: 'fail', target: 'step:payInvoice', by: 'john', reason: 'the bank said no' });
    const paid = { type: 'succeeded', result: 'p-1', compensable: false } as const;
    const answer = { type: 'reply', sagaId: 'order-1', incarnation: 'i', step: 'payInvoice', round: 1, attempt: 1, undoRound: 0 } as const;
    one.answer('reserve').tell({ ...answer, operation: 'action', purpose: 'step', outcome: paid });
    const report = reported(one);
    expect(report).toMatchObject({ status: 'compensated', requests: [{ step: 'reserve' }, { step: 'payInvoice', stands: true }] });
    const page = words(report);
    expect(page).toContain(
      'Everything that had been done was undone. But “Pay invoice” has happened after all, as was learned too late: it stands, and nobody has undone it.',
    );
    expect(page).toContain('Pay invoice: has happened after all. Nothing undoes it.');
  });

  it('that waited, and was moved and cancelled, says until when, by whom and why', () => {
    const one = life({ id: 'reserve', run: ask('reserve') }, { kind: 'timer', id: 'coolOff', time: '14d' }).answer('reserve');
    const by = { by: 'john', reason: 'she waived it' };
    one.tell({ type: 'operator', request: 'm', action: 'move', target: 'step:coolOff', dueAt: 86_400_000, ...by });
    one.tell({ type: 'operator', request: 'x', action: 'resume', ...by });
    const report = reported(one.tell({ type: 'cancel', request: 'c', by: 'ada', reason: 'changed her mind' }).answer('reserve'));
    expect(report.people.map(({ what }) => what)).toEqual([
      'Had “Cool off” wait until 2 Jan 1970, 00:00:00',
      'Wanted something that could not be done: to resume it',
      'Asked to cancel it',
    ]);
    expect(report.requests[1]).toMatchObject({ step: 'coolOff', outcome: 'stopped' });
    const page = words(report);
    expect(page).toContain(
      'It did not come to its end, since ada cancelled it: changed her mind. Everything that had been done was undone.',
    );
    expect(page).toContain('– not waited for any more');
  });

  it('that ran as an express saga says what is on record of it, and what is not', () => {
    const steps = [
      { step: 'reserve', status: 'succeeded', attempts: 1, took: 4, undone: true },
      { step: 'price', status: 'failed', attempts: 2, took: 9 },
    ] as const;
    const error = { name: 'NoPrice', message: 'no price list' };
    const data = {
      ...{
        sagaId: 'order-1',
        saga: 'order',
        version: 1,
        incarnation: 'i',
        input: {},
        inputHash: 'h',
        request: 'r',
        startedAt: 1,
        took: 20,
      },
      ...{ end: 'SagaCompensated' as const, reason: { type: 'failed' as const, step: 'price', error }, steps },
    };
    const report = sagaReport('order-1', stored([{ type: 'ExpressSagaEnded', at: 21, data }]), 1);
    expect(report).toMatchObject({ isSummary: true, requests: [{ undone: { by: 'service' } }, { attempts: 2 }] });
    const page = words(report);
    for (const said of [
      'which steps it took is on record, not what was asked and answered, nor when.',
      'Reserve reserve not on record not on record ✔ done ↩ undone Price',
      'Done 1 of 2 requests done, 1 undone',
      'It ran in one go, within 0.02 seconds, and at its end this one entry was made, of 2 steps.',
      'The one entry of this record is as it was written.',
    ])
      expect(page).toContain(said);
  });
});

describe('A report of an encrypted record', () => {
  it('shows what was said where that is asked for, and says what it does not show, and why', async () => {
    const one = new Life('order-1', order(), { id: 'Ada Lovelace', gift: false })
      .answer('reserve', 'charge')
      .tell({ ...approve, by: 'maria' });
    const caused = causedEvents(one.stored());
    const codec = aesGcmCodec({ keys: memoryKeyStore() });
    const [sealed = []] = await sealEvents(codec, [{ sagaId: 'order-1', revision: 0, events: caused.map(({ event }) => event) }]);
    const events = stored(sealed);
    const closed = sagaReport('order-1', events, 1);
    const opened = sagaReport('order-1', events, 1, await readableHistory('order-1', events, codec));
    await codec.drop('order-1');
    const dropped = sagaReport('order-1', events, 1, await readableHistory('order-1', events, codec));
    expect([closed, opened, dropped].map(({ payloads }) => payloads)).toEqual(['encrypted', 'opened', 'dropped']);
    const pages = [closed, opened, dropped].map(words);
    expect(pages.map((page) => page.includes('Ada'))).toEqual([false, true, false]);
    expect(pages[0]).toContain('What was said is encrypted in the record, and is not shown here.');
    expect(pages[0]).toContain('shop : reserve (encrypted)');
    expect(pages[1]).toContain('was decrypted for this report');
    expect(pages[2]).toContain('What was said has been forgotten');
    expect(pages[2]).toContain('Requested (forgotten)');
    for (const page of pages) {
      expect(page).toContain('from maria');
      expect(page).toContain(`The ${events.length} entries of this record fit together`);
    }
    // What stands in the place of two payloads is the same, and they were not.
    expect(pages[2]).not.toContain('with what was requested, as above');
  });
});
