import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { statusOf } from '@skald/kernel';
import { startKafka, whyNoKafka } from './kafka-broker.js';
import { documents, type Run, SkaldFleet } from './skald-fleet.js';

const whyNot = whyNoKafka();
let fleet: SkaldFleet;

/** Its one document, of a run that went well. */
function document(run: Run): Record<string, unknown> {
  expect({ code: run.code, err: run.err }).toEqual({ code: 0, err: '' });
  const [first, ...more] = documents(run);
  expect(more).toEqual([]);
  return first ?? {};
}

function ids(run: Run): unknown[] {
  expect(run.code).toBe(0);
  return documents(run).map(({ sagaId }) => sagaId);
}

/** What operators did, as it is on record. */
async function interventions(sagaId: string): Promise<unknown[]> {
  return (await fleet.history(sagaId)).flatMap((event) => {
    if (event.type !== 'OperatorIntervened') return [];
    const { action, by, reason, target } = event.data;
    return [{ action, by, reason, ...(target !== undefined && { target }) }];
  });
}

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))(
  'The skald command beside a fleet on Kafka and EventStoreDB',
  () => {
    beforeAll(async () => {
      const { brokers } = await startKafka();
      fleet = await SkaldFleet.begin(brokers[0] ?? '');
      await fleet.add('manager', 'manager-1');
      await Promise.all([fleet.add('manager', 'manager-2'), fleet.add('shop', 'shop-1')]);
    });
    afterAll(() => fleet?.end());

    it('starts a saga once, waits for its end, and finds nothing wrong', async () => {
      const input = JSON.stringify({ item: 'tea', total: 5 });
      const start = ['start', 'order', input, '--id', 'tea', '--json'];
      const output = { reserve: 'shelf of tea', charge: 5, ship: 'tea is on its way' };
      expect(document(await fleet.byFile(...start, '--wait'))).toEqual({
        ...{ sagaId: 'order-tea', existing: false, request: expect.any(String), status: 'completed' },
        output: expect.objectContaining(output),
      });
      expect(document(await fleet.byEnvironment(...start))).toMatchObject({ sagaId: 'order-tea', existing: true });
      const other = await fleet.byFile('start', 'order', '{"item":"salt","total":5}', '--id', 'tea', '--json');
      expect({ code: other.code, out: other.out }).toEqual({ code: 1, out: '' });
      expect(JSON.parse(other.err)).toMatchObject({ error: { code: 'saga-exists', fix: expect.any(String) } });
      expect((await fleet.history('order-tea')).filter(({ type }) => type === 'SagaStarted')).toHaveLength(1);

      const doctor = await fleet.byFile('doctor', '--json');
      expect(documents(doctor).filter(({ level }) => level !== 'good')).toEqual([]);
      expect(doctor.code).toBe(0);
      expect(documents(doctor).map(({ name, what }) => `${name}: ${what}`)).toEqual(
        expect.arrayContaining([
          `kafka: 1 broker at ${fleet.broker}, prefix ${fleet.prefix}`,
          // What was taken is committed a moment later.
          expect.stringMatching(/^inbox: 2 managers, /),
          expect.stringMatching(/^participant shop: 1 process, /),
          'broker clock: this machine’s clock agrees',
          'sagas: 1 completed',
        ]),
      );
    });

    it('lists sagas, by what they are about, and follows what becomes of them', async () => {
      await Promise.all([fleet.begun('lamp-1', 'lamp', 40), fleet.begun('lamp-2', 'lamp', 900)]);
      await Promise.all([fleet.untilStatus('order-lamp-1', 'running'), fleet.untilStatus('order-lamp-2', 'running')]);
      const [running, costly, first] = await Promise.all([
        fleet.byFile('list', '--status', 'running', '--json'),
        fleet.byEnvironment('list', '-a', 'item=la*', '-a', 'total=500..1000', '--json'),
        fleet.byEnvironment('list', '--started-after', '1h', '--limit', '1', '--saga', 'order'),
      ]);
      expect(new Set(ids(running))).toEqual(new Set(['order-lamp-1', 'order-lamp-2']));
      expect(ids(costly)).toEqual(['order-lamp-2']);
      expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^STATUS .*\n. running .* order-lamp-\d /) });
      expect(first.err).toContain('1 shown, and there are more (--limit); in all 3: 2 running, 1 completed.');

      const following = fleet.spawned(['--config', fleet.config, 'list', '-a', 'item=vase', '--follow', '--json']);
      const seen: string[] = [];
      const lines = createInterface({ input: following.stdout as NodeJS.ReadableStream });
      const ended = new Promise<void>((resolve) => {
        lines.on('line', (line) => {
          const { sagaId, status } = JSON.parse(line) as { sagaId: string; status: string };
          seen.push(`${sagaId} ${status}`);
          if (status === 'compensated') resolve();
        });
      });
      await fleet.begun('vase', 'vase');
      await ended;
      following.kill('SIGINT');
      expect(await once(following, 'close')).toEqual([0, null]);
      expect(seen.at(-1)).toBe('order-vase compensated');
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('shows where a saga stands, what happened to it, and what a cancel would undo', async () => {
      const [shown, text, events, told, at, plan, nobody] = await Promise.all([
        fleet.byFile('show', 'order-lamp-1', '--json'),
        fleet.byEnvironment('show', 'order-lamp-1'),
        fleet.byFile('history', 'order-lamp-1', '--json'),
        fleet.byEnvironment('replay', 'order-lamp-1'),
        fleet.byFile('replay', 'order-lamp-1', '--at', '0', '--json'),
        fleet.byEnvironment('plan', 'order-lamp-1', '--json'),
        fleet.byFile('show', 'order-nobody', '--json'),
      ]);
      expect(document(shown)).toMatchObject({ sagaId: 'order-lamp-1', status: 'running', input: { item: 'lamp', total: 40 } });
      expect(text.out).toContain("skald signal order-lamp-1 approval '<payload as JSON>'");
      const stored = await fleet.history('order-lamp-1');
      expect(documents(events)).toEqual(JSON.parse(JSON.stringify(stored)));
      expect(told.out).toContain('started with {"item":"lamp","total":40}');
      expect(told.out).toContain('approval waits for signal approval');
      expect(documents(at).map(({ type }) => type)).toEqual(['SagaStarted']);
      expect(document(plan)).toMatchObject({ cancel: { accepted: true }, levels: [[{ step: 'reserve' }]] });
      expect({ code: nobody.code, out: nobody.out }).toEqual({ code: 1, out: '' });
      expect(JSON.parse(nobody.err)).toMatchObject({ error: { code: 'saga-not-found' } });
    });

    it('steers what is under way: suspend, resume, deadline, signal, move, cancel, terminate', async () => {
      await Promise.all([fleet.begun('rug', 'rug'), fleet.begun('rug-2', 'rug')]);
      const acts = [
        await fleet.byFile('suspend', 'order-lamp-1', '-r', 'fraud?', '--json'),
        await fleet.byEnvironment('resume', 'order-lamp-1', '-r', 'no', '--json'),
        await fleet.byFile('deadline', 'order-lamp-1', '--until', 'never', '-r', 'a regular', '--json'),
        await fleet.byEnvironment('signal', 'order-lamp-1', 'approval', '{"by":"ines"}', '--json'),
      ];
      expect(acts.map((run) => document(run)).map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual(
        ['suspend', 'resume', 'deadline', 'signal approval'].map((operation) => `${operation} done`),
      );
      await fleet.untilStatus('order-lamp-1', 'completed');
      expect((await fleet.state('order-lamp-1')).steps.get('approval')?.result).toEqual({ by: 'ines' });
      expect(await interventions('order-lamp-1')).toEqual([
        { action: 'suspend', by: 'ada', reason: 'fraud?' },
        { action: 'resume', by: 'ines', reason: 'no' },
        { action: 'deadline', by: 'ada', reason: 'a regular' },
      ]);

      await fleet.until('order-rug', ({ steps }) => steps.get('coolOff')?.status === 'waiting');
      const [moved, cancelled, terminated] = await Promise.all([
        fleet.byFile('move', 'order-rug', 'coolOff', '--until', 'now', '-r', 'they called', '--json'),
        fleet.byEnvironment('cancel', 'order-lamp-2', '-r', 'no more', '--json'),
        fleet.byFile('terminate', 'order-rug-2', '-r', 'a test', '--json'),
      ]);
      for (const run of [moved, cancelled, terminated]) document(run);
      await fleet.untilStatus('order-rug', 'completed');
      await fleet.untilStatus('order-lamp-2', 'cancelled');
      expect(statusOf(await fleet.state('order-rug-2'))).toBe('terminated');
      const late = await fleet.byFile('cancel', 'order-rug-2', '-r', 'x');
      expect(late).toMatchObject({ code: 1, out: '', err: expect.stringContaining('[saga-ended]') });
    });

    it('answers for a person what is parked: retry, skip, succeed, fail, patch', async () => {
      const pianos = ['piano-1', 'piano-2', 'piano-3'];
      await Promise.all([fleet.begun('sofa-1', 'sofa'), fleet.begun('sofa-2', 'sofa'), ...pianos.map((id) => fleet.begun(id, 'piano'))]);
      for (const id of ['sofa-1', 'sofa-2', ...pianos]) await fleet.untilStatus(`order-${id}`, 'suspended');
      fleet.warehouse(true);
      const [retried, skipped, succeeded, failed, patched] = await Promise.all([
        fleet.byFile('retry', 'order-sofa-1', '-r', 'it is back', '--json'),
        fleet.byEnvironment('skip', 'order-sofa-2', 'reserve', '-r', 'by hand', '--json'),
        fleet.byFile('succeed', 'order-piano-1', 'ship', '"by ship"', '-r', 'seen', '--json'),
        fleet.byEnvironment('fail', 'order-piano-2', '-r', 'still in the hall', '--json'),
        fleet.byFile('patch', 'order-piano-3', '--args', '["flute"]', '-r', 'they take a flute', '--json'),
      ]);
      expect(document(retried)).toMatchObject({ operation: 'retry', target: 'compensation:reserve', outcome: 'done' });
      expect(document(skipped)).toMatchObject({ operation: 'skip', target: 'compensation:reserve', seen: expect.any(Number) });
      for (const run of [succeeded, failed, patched]) expect(document(run)).toMatchObject({ target: 'step:ship', outcome: 'done' });
      await Promise.all(['order-sofa-1', 'order-sofa-2', 'order-piano-2'].map((sagaId) => fleet.untilStatus(sagaId, 'compensated')));
      await Promise.all(['order-piano-1', 'order-piano-3'].map((sagaId) => fleet.untilStatus(sagaId, 'completed')));
      expect((await fleet.state('order-piano-1')).steps.get('ship')?.result).toBe('by ship');
      expect((await fleet.state('order-piano-3')).steps.get('ship')?.result).toBe('flute is on its way');
      expect(await interventions('order-sofa-2')).toEqual([
        { action: 'skip', by: 'ines', reason: 'by hand', target: 'compensation:reserve' },
      ]);
      const nothing = await fleet.byFile('retry', 'order-sofa-1', '-r', 'x', '--json');
      expect({ code: nothing.code, out: nothing.out }).toEqual({ code: 1, out: '' });
      expect(JSON.parse(nothing.err)).toMatchObject({ error: { code: 'not-parked' } });
    });

    it('says how tasks ended that somebody outside was given', async () => {
      await Promise.all([fleet.begun('ring-1', 'ring'), fleet.begun('ring-2', 'ring')]);
      const [one, other] = [await fleet.token('order-ring-1'), await fleet.token('order-ring-2')];
      const forged = `${other.slice(0, -4)}AAAA`;
      const [alive, failed, dead] = await Promise.all([
        fleet.byFile('task', 'heartbeat', one, '--json'),
        fleet.byFile('task', 'fail', other, 'it broke', '--name', 'Broken', '--json'),
        fleet.byEnvironment('task', 'heartbeat', forged),
      ]);
      expect(document(alive)).toMatchObject({ sagaId: 'order-ring-1', operation: 'task heartbeat', outcome: 'done', status: 'running' });
      document(failed);
      expect(dead).toMatchObject({ code: 1, err: expect.stringContaining('[task-token-invalid]') });
      document(await fleet.byEnvironment('task', 'complete', one, '"forever"', '--json'));
      await fleet.untilStatus('order-ring-1', 'completed');
      await fleet.untilStatus('order-ring-2', 'compensated');
      expect((await fleet.state('order-ring-1')).steps.get('engrave')?.result).toBe('forever');
      const [again, otherwise] = await Promise.all([
        fleet.byEnvironment('task', 'complete', one, '"forever"', '--json'),
        fleet.byFile('task', 'complete', one, '"for a while"'),
        fleet.byFile('task', 'complete', `${other.slice(0, -4)}AAAA`),
      ]);
      document(again);
      expect(otherwise).toMatchObject({ code: 1, err: expect.stringContaining('[task-over]') });
    });

    it('starts again what ended otherwise, with another input', async () => {
      const again = ['start-again', 'order-vase', '--input', '{"item":"cup","total":3}', '-r', 'a cup will do', '--json'];
      expect(document(await fleet.byEnvironment(...again))).toMatchObject({ of: 'order-vase', sagaId: 'order-vase~2', existing: false });
      await fleet.untilStatus('order-vase~2', 'completed');
      expect((await fleet.state('order-vase~2')).again).toMatchObject({ of: 'order-vase', by: 'ines', reason: 'a cup will do' });
      expect(document(await fleet.byFile(...again))).toMatchObject({ sagaId: 'order-vase~2', existing: true });
      const completed = await fleet.byFile('start-again', 'order-tea', '-r', 'x');
      expect(completed).toMatchObject({ code: 1, err: expect.stringContaining('[action-not-possible]') });
    });

    it('acts on many: names them in a dry run, wants to be told that they are meant, and tells each refusal', async () => {
      fleet.warehouse(false);
      await Promise.all(['s-1', 's-2', 's-3'].map((id) => fleet.begun(id, 'sofa', 7)));
      for (const id of ['s-1', 's-2', 's-3']) await fleet.untilStatus(`order-${id}`, 'suspended');
      const all = new Set(['order-s-1', 'order-s-2', 'order-s-3']);
      const dry = await fleet.byFile('retry', '--error', 'warehouse', '-a', 'total=7', '--dry-run', '--json');
      expect(new Set(ids(dry))).toEqual(all);
      expect(documents(dry)[0]).toMatchObject({ operation: 'retry', target: 'compensation:reserve', outcome: 'would be done' });
      expect(await fleet.byFile('retry', '-a', 'total=7', '-r', 'x')).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('3 would be meant: --yes does it'),
      });
      for (const sagaId of all) expect(await interventions(sagaId)).toEqual([]);
      fleet.warehouse(true);
      const done = await fleet.byEnvironment('retry', '-a', 'total=7', '--yes', '-r', 'it is back', '--json');
      expect(new Set(ids(done))).toEqual(all);
      for (const sagaId of all) await fleet.untilStatus(sagaId, 'compensated');
      const late = await fleet.byFile('cancel', '-a', 'total=7', '--status', 'compensated', '--yes', '-r', 'x', '--json');
      expect(late.code).toBe(1);
      expect(documents(late).map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'refused']);
      expect(JSON.parse(late.err)).toMatchObject({ error: { code: 'refused', message: '3 of 3 were refused.' } });
    });

    it('knows which versions there are, and draws them', async () => {
      const [listed, linted, differing, drawn] = await Promise.all([
        fleet.byFile('definitions', 'list', '--json'),
        fleet.byEnvironment('definitions', 'lint', '--json'),
        fleet.byFile('definitions', 'diff', '--json'),
        fleet.byEnvironment('definitions', 'diagram', 'order', '--format', 'svg'),
      ]);
      expect(document(listed)).toMatchObject({ saga: 'order', version: 1 });
      for (const { code, err } of [linted, differing, drawn]) expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(drawn.out).toContain('<svg');
    });

    it('carries histories away, and proves them here and there', async () => {
      const at = (name: string) => join(fleet.folder, name);
      const exported = await fleet.byFile('export', '--all');
      expect(exported.code).toBe(0);
      writeFileSync(at('all.ndjson'), exported.out);
      expect(await fleet.byFile('import', at('all.ndjson'))).toMatchObject({ code: 2, err: expect.stringContaining('--data') });
      const imported = await fleet.run(['import', at('all.ndjson'), '--data', at('copy.db'), '--json']);
      const count = exported.out.trimEnd().split('\n').length;
      expect(document(imported)).toMatchObject({ events: count, there: 0 });
      document(await fleet.run(['audit', 'keygen', '--key', at('key'), '--json']));
      const [here, there, checkpoint, conform, report] = await Promise.all([
        fleet.byEnvironment('audit', 'verify', '--all', '--json'),
        fleet.run(['audit', 'verify', '--all', '--json', '--data', at('copy.db')]),
        fleet.byFile('audit', 'checkpoint', '--key', at('key'), '--list'),
        fleet.byEnvironment('audit', 'conform', '--all'),
        fleet.byFile('audit', 'report', 'order-piano-3', '-o', at('report.html')),
      ]);
      expect([here.code, there.code]).toEqual([0, 0]);
      writeFileSync(at('checkpoint.json'), checkpoint.out);
      const against = ['audit', 'verify', '--all', '--against', at('checkpoint.json'), '--public-key', at('key.pub')];
      expect((await fleet.byFile(...against)).code).toBe(0);
      expect(conform).toMatchObject({ code: 0, out: '', err: expect.stringContaining('all come out as recorded.') });
      expect(report.code).toBe(0);
      expect(readFileSync(at('report.html'), 'utf8')).toContain('they take a flute');
    });
  },
);
