import { describe, expect, it } from '@jest/globals';
import { encodeEvents } from '@skald/engine';
import { type RecordedEvent, sagaDefinition } from '@skald/kernel';
import { SeededChoices, simulate } from '@skald/testkit';
import { ask, Life, order } from '../fixtures/order-lives.js';
import { sagaReport } from './report.js';
import { reportPage } from './report-page.js';

const EVIL = `</td><script>alert(1)</script>"'&\u202e\u0007`;

/** What the tables say, without marks of HTML. */
function words(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ');
}

describe('A report', () => {
  const approve = { type: 'signal', request: 's', name: 'approval', payload: { approved: true }, by: 'maria' } as const;
  const definition = order();
  const life = new Life('order-1', definition, { id: '7', gift: false })
    .answer('reserve', 'charge')
    .tell(approve)
    .later(3_600_000)
    .fail('ship');
  const events = life.answer('charge', 'reserve').stored();
  const report = sagaReport('order-1', events, 5_000_000);

  it('says who was asked for what, when, what came of it and what was undone', () => {
    expect(report).toMatchObject({ sagaId: 'order-1', saga: 'order', version: 1, status: 'compensated', input: { id: '7', gift: false } });
    expect(report.reason).toBe('“Ship” failed: no (No)');
    const asked = (action: string) => ({ participant: 'shop', action, arguments: ['7'] });
    expect(report.requests).toMatchObject([
      {
        step: 'reserve',
        asked: asked('reserve'),
        outcome: 'succeeded',
        result: 'reserve-1',
        undone: { by: 'service', who: 'shop', nothingToUndo: false },
      },
      { step: 'wrap', outcome: 'skipped', attempts: 0 },
      { step: 'charge', asked: asked('charge'), outcome: 'succeeded', undone: { by: 'service' } },
      { step: 'approval', waitsFor: '“approval”', answeredBy: 'maria', outcome: 'succeeded', result: { approved: true } },
      { step: 'cool', outcome: 'succeeded' },
      { step: 'ship', asked: asked('ship'), outcome: 'failed', error: { name: 'No' }, attempts: 1 },
    ]);
    expect(report.people).toEqual([{ at: expect.any(Number), by: 'maria', what: 'Sent “approval”', payload: { approved: true } }]);
    expect(report.record).toEqual({ events: events.length, head: events.at(-1)?.hash, holds: true, findings: [] });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('says so on a page, in words, with the head of the chain', () => {
    const page = words(reportPage(report));
    for (const said of [
      'It did not succeed, since “Ship” failed: no (No). Everything that had been done was undone.',
      'Done 2 of 3 requests done, 2 undone',
      'People maria',
      `Record ✔ its ${events.length} entries fit together`,
      '↩ undone by shop',
      'Charge: asked the service “shop” to “charge”.',
      'What was done so far is undone, since “Ship” failed: no (No).',
      'Undo Charge: asked the service “shop” to “refund”.',
      `The ${events.length} entries of this record fit together`,
      events.at(-1)?.hash ?? '',
      'Made on 1 Jan 1970, 01:23:20',
    ]) {
      expect(page).toContain(said);
    }
  });

  it('tells of a person’s action who took it and why, and what was left as it was', () => {
    const never = sagaDefinition({
      ...{ name: 'order', version: 1 },
      steps: [
        { id: 'reserve', run: ask('reserve'), compensationRetry: { attempts: 1 } },
        { id: 'ship', run: ask('ship') },
      ],
    });
    const parked = new Life('order-2', never, { id: '7', gift: false }).answer('reserve').fail('ship').fail('reserve');
    const told = {
      type: 'operator',
      request: 'o',
      action: 'skip',
      target: 'compensation:reserve',
      by: 'john',
      reason: 'done by hand',
    } as const;
    const open = reportPage(sagaReport('order-2', parked.stored(), 1));
    expect(words(open)).toContain('It waits for a person: “Reserve” could not be undone: no (No).');
    const closed = sagaReport('order-2', parked.tell(told).stored(), 1);
    expect(closed.people).toEqual([
      { at: expect.any(Number), by: 'john', what: 'Left the undoing of “Reserve” out', reason: 'done by hand' },
    ]);
    expect(closed.requests[0]?.undone).toMatchObject({ by: 'nobody', who: 'john', reason: 'done by hand' });
    const page = words(reportPage(closed));
    expect(page).toContain('Everything that had been done was undone, except for “Reserve”, which john left as it was.');
    expect(page).toMatch(/! left as it was by john 1 Jan 1970, 00:00:01 done by hand/);
    expect(page).toContain(
      'It ended without success: everything that had been done is undone, except for what an operator chose to leave.',
    );
  });

  it('of a record that was changed says so, and where', () => {
    const changed = events.map((event, nth) => (nth === 2 ? { ...event, data: event.data.replace('reserve-1', 'reserve-2') } : event));
    const forged = sagaReport('order-1', changed, 1);
    expect(forged.record).toMatchObject({ holds: false, findings: [{ revision: 2, kind: 'changed' }] });
    const page = words(reportPage(forged));
    expect(page).toContain('✘ This record does not fit together. It was changed after it was written: Entry 2: its type, data');
    expect(page).toContain('✘ This record was changed after it was written: do not rely on it.');
    expect(page).toContain('✘ not as it was written: Reserve: done.');
  });

  it('lets nothing of a history pass for a part of the page, wherever it stands', () => {
    const evil = sagaDefinition({
      name: 'order',
      version: 1,
      steps: [{ id: EVIL, run: () => ({ participant: EVIL, action: EVIL, args: [EVIL, { [EVIL]: [EVIL, { a: EVIL }] }] }) }],
    });
    const one = new Life(`order-${EVIL}`, evil, { id: EVIL, gift: false });
    one.tell({ type: 'operator', request: 'o', action: 'suspend', by: EVIL, reason: EVIL });
    one.tell({ type: 'signal', request: 's', name: EVIL, payload: { [EVIL]: EVIL }, by: EVIL });
    one.tell({ type: 'cancel', request: 'c', by: EVIL, reason: EVIL });
    const page = reportPage(sagaReport(`order-${EVIL}`, one.stored(), 1));
    for (const never of ['<script', '\u202e', '\u0007']) expect(page).not.toContain(never);
    for (const tag of ['td', 'tr', 'table', 'div', 'section', 'span'])
      expect([tag, page.split(new RegExp(`<${tag}[ >]`)).length]).toEqual([tag, page.split(`</${tag}>`).length]);
    expect(page).toContain(`default-src 'none'`);
    expect(page).not.toMatch(/(src|href)=/);
  });

  it('is made of every history that there can be', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { history, state } = simulate(new SeededChoices(seed), {});
      const stored = encodeEvents(history, 'reply', 'model-1').map(
        (event, revision): RecordedEvent => ({ ...event, stream: 'model-1', revision, position: revision + 1 }),
      );
      const made = sagaReport('model-1', stored, 1);
      expect(made.requests.map(({ step }) => step)).toEqual([...state.steps.keys()]);
      expect(made.events.every(({ sentence }) => sentence.endsWith('.') && !sentence.includes('undefined'))).toBe(true);
      expect(reportPage(made)).not.toMatch(/undefined|\[object/);
    }
  });
});
