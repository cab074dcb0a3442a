import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommandLine, type Terminal } from '@skald/cli';
import { Kafka, logLevel } from 'kafkajs';
import { startKafka, whyNoKafka } from './kafka-broker.js';
import { documents, type Run, SkaldFleet } from './skald-fleet.js';

const whyNot = whyNoKafka();
let fleet: SkaldFleet;

type Configuration = ReturnType<SkaldFleet['configuration']>;

/** Another configuration than that of the fleet. */
function configured(change: (config: Configuration) => object): string {
  const file = join(fleet.folder, 'other.config.json');
  writeFileSync(file, JSON.stringify(change(fleet.configuration())));
  return file;
}

function check(run: Run, name: string): Record<string, unknown> | undefined {
  return documents(run).find((one) => one['name'] === name);
}

function error(run: Run): unknown {
  expect(run.out).toBe('');
  expect(run.err).not.toContain('    at ');
  const line = run.err.split('\n').find((one) => one.startsWith('{'));
  return (JSON.parse(line ?? '{}') as { readonly error?: unknown }).error;
}

/** Nothing there begins with what is not known, and nothing that a test asks of it stays. */
const elsewhere = (config: Configuration) => ({ ...config, bus: { ...config.bus, prefix: `${fleet.prefix}-no` } });

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))(
  'The skald command beside a fleet that is not well',
  () => {
    beforeAll(async () => {
      const { brokers } = await startKafka();
      fleet = await SkaldFleet.begin(brokers[0] ?? '');
      await Promise.all([fleet.add('manager', 'manager-1'), fleet.add('shop', 'shop-1')]);
      await fleet.begun('lamp', 'lamp');
      await fleet.until('order-lamp', ({ steps }) => steps.get('approval')?.status === 'waiting');
    });
    afterAll(() => fleet?.end());

    it('says that the broker does not answer, does nothing, and looks at everything else', async () => {
      const config = configured((all) => ({ ...all, bus: { ...all.bus, kafka: { brokers: ['127.0.0.1:1'], retry: { retries: 1 } } } }));
      const [cancelled, started, doctor, listed] = await Promise.all([
        fleet.run(['cancel', 'order-lamp', '-r', 'x', '--json', '--config', config]),
        fleet.run(['start', 'order', '{"item":"tea","total":1}', '--id', 'tea', '--json', '--config', config]),
        fleet.run(['doctor', '--json', '--config', config]),
        fleet.run(['list', '--json', '--config', config]),
      ]);
      for (const run of [cancelled, started]) {
        expect(run.code).toBe(1);
        expect(error(run)).toMatchObject({ code: 'bus-unavailable', message: expect.stringContaining('ECONNREFUSED 127.0.0.1:1') });
      }
      expect(doctor.code).toBe(3);
      expect(check(doctor, 'kafka')).toMatchObject({
        level: 'bad',
        what: expect.stringContaining('ECONNREFUSED'),
        fix: expect.any(String),
      });
      expect(check(doctor, 'sagas')).toMatchObject({ level: 'good', what: '1 running' });
      expect(listed.code).toBe(0);
      await expect(fleet.state('order-tea')).rejects.toMatchObject({ code: 'saga-not-found' });
      expect((await fleet.state('order-lamp')).compensation).toBeUndefined();
    });

    it('says that a server of events does not answer, or says nothing at all, and looks at everything else', async () => {
      const silent = createServer(() => {}).listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      const address = silent.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      try {
        for (const at of ['127.0.0.1:1', `127.0.0.1:${port}`]) {
          const store = { connectionString: `esdb://admin:secret@${at}?tls=false`, timeouts: { answer: 300, patience: 600 } };
          const config = configured((all) => ({ ...all, store }));
          const [listed, doctor] = await Promise.all([
            fleet.run(['list', '--json', '--config', config]),
            fleet.run(['doctor', '--json', '--config', config]),
          ]);
          expect(listed.code).toBe(1);
          expect(error(listed)).toMatchObject({
            code: 'store-unreachable',
            message: expect.stringContaining(`esdb://${at} does not answer`),
          });
          expect(`${listed.err}${doctor.out}${doctor.err}`).not.toContain('secret');
          expect(doctor.code).toBe(3);
          expect(check(doctor, 'store')).toMatchObject({ level: 'bad', what: expect.stringContaining(at), fix: expect.any(String) });
          expect(check(doctor, 'inbox')).toMatchObject({ level: 'good', what: expect.stringMatching(/^1 manager, /) });
          expect(check(doctor, 'managers')).toMatchObject({ level: 'good' });
        }
      } finally {
        silent.close();
      }
    });

    it('says which prefixes there are where nothing is under the one that is named, and leaves nothing there', async () => {
      const bus = configured(elsewhere);
      const [asked, doctor] = [
        await fleet.run(['cancel', 'order-lamp', '-r', 'x', '--json', '--config', bus]),
        await fleet.run(['doctor', '--json', '--config', bus]),
      ];
      expect(asked.code).toBe(1);
      expect(error(asked)).toMatchObject({ code: 'topics-missing', message: expect.stringContaining(`${fleet.prefix}-no.sagas`) });
      expect(check(doctor, 'topics')).toMatchObject({
        level: 'bad',
        what: expect.stringMatching(new RegExp(`none under the prefix "${fleet.prefix}-no"; there is .*"${fleet.prefix}"`)),
        fix: expect.stringContaining('SKALD_KAFKA_PREFIX'),
      });
      const store = configured((all) => ({ ...all, store: { ...all.store, prefix: 'nobody.', index: 'other.db' } }));
      const lost = await fleet.run(['doctor', '--json', '--config', store]);
      expect(lost.code).toBe(3);
      expect(check(lost, 'sagas')).toMatchObject({ level: 'warning', fix: expect.stringContaining('store.prefix') });
      const none = configured(({ store: { connectionString }, ...all }) => ({ ...all, store: { connectionString } }));
      const listed = await fleet.run(['list', '--json', '--config', none]);
      expect({ code: listed.code, out: listed.out }).toEqual({ code: 0, out: '' });
      expect(listed.err).toMatch(/missing in lists: .*-order, and 1 more\. .* No saga could be read: is the prefix of the store right/);
    });

    it('says what is wrong with credentials, and with a broker that asks for none', async () => {
      const sasl = { mechanism: 'plain', username: 'ada', password: 'secret' };
      const config = configured((all) => ({ ...all, bus: { ...all.bus, kafka: { ...all.bus.kafka, sasl } } }));
      const [asked, doctor] = await Promise.all([
        fleet.run(['cancel', 'order-lamp', '-r', 'x', '--json', '--config', config]),
        fleet.run(['doctor', '--json', '--config', config]),
      ]);
      expect(error(asked)).toMatchObject({ code: 'bus-unauthorised', fix: expect.stringContaining('credentials') });
      expect(check(doctor, 'kafka')).toMatchObject({ level: 'bad', fix: expect.stringContaining('credentials') });
      expect(`${asked.err}${doctor.out}`).not.toContain('secret');
      const half = configured((all) => ({ ...all, bus: { ...all.bus, kafka: { ...all.bus.kafka, sasl: { mechanism: 'plain' } } } }));
      expect(await fleet.run(['doctor', '--config', half])).toEqual({
        code: 2,
        out: '',
        err: expect.stringContaining('other.config.json: bus.kafka.sasl.username is missing'),
      });
    });

    it('asks for no definitions that it does not need, says where it does, and where they cannot be loaded', async () => {
      const config = configured(({ definitions: _, ...all }) => all);
      const held = await fleet.run(['suspend', 'order-lamp', '-r', 'x', '--config', config]);
      expect(held).toMatchObject({ code: 0, out: expect.stringContaining('suspended now') });
      const [unknown, broken] = await Promise.all([
        fleet.run(['start', 'order', '{}', '--config', config]),
        fleet.run(['resume', 'order-lamp', '-r', 'x', '--config', config, '--definitions', 'nowhere.js']),
      ]);
      expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('--definitions <module>') });
      expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('nowhere.js cannot be loaded') });
      const resumed = await fleet.run(['resume', 'order-lamp', '-r', 'x', '--config', config]);
      expect(resumed).toMatchObject({ code: 0, out: expect.stringContaining('running now') });
    });

    it('shows messages that nobody could read, and sends them back', async () => {
      const producer = new Kafka({ brokers: [fleet.broker], logLevel: logLevel.NOTHING }).producer();
      await producer.connect();
      const messages = [{ key: 'order-7', value: '{"secret":7}', headers: { ce_type: 'skald.command.v1' } }];
      await producer.send({ topic: `${fleet.prefix}.shop.commands`, messages });
      await producer.disconnect();
      let listed = await fleet.byFile('dead-letters', 'list', '--json');
      while (documents(listed).length === 0) listed = await fleet.byFile('dead-letters', 'list', '--json');
      expect(documents(listed)).toEqual([
        {
          ...{ of: 'shop', sagaId: 'order-7', reason: 'not-a-cloud-event', problem: expect.any(String) },
          ...{ topic: `${fleet.prefix}.shop.commands`, partition: expect.any(Number), offset: expect.any(String) },
        },
      ]);
      const [doctor, valued, unsaid, nobody] = await Promise.all([
        fleet.byEnvironment('doctor', '--json'),
        fleet.byEnvironment('dead-letters', 'list', '--value', '--of', 'shop'),
        fleet.byEnvironment('dead-letters', 'send-back'),
        fleet.byEnvironment('dead-letters', 'list', '--of', 'nobody'),
      ]);
      expect(check(doctor, 'dead letters')).toMatchObject({ level: 'warning', fix: expect.stringContaining('skald dead-letters list') });
      expect(valued).toMatchObject({ code: 0, out: expect.stringContaining('{"secret":7}') });
      expect(unsaid).toMatchObject({ code: 2, err: expect.stringContaining('1 for shop would be meant: --yes does it') });
      expect(nobody).toMatchObject({ code: 2, err: expect.stringContaining('--of nobody: there is inbox, shop') });
      const sent = await fleet.byFile('dead-letters', 'send-back', '--yes', '--json');
      expect(documents(sent)).toEqual([{ of: 'shop', sent: 1 }]);
    });

    it('compares the clock of this machine with the brokers’', async () => {
      const out: string[] = [];
      const quiet = { err: () => {}, colours: false, width: undefined, interrupted: () => new AbortController().signal };
      const terminal: Terminal = { ...quiet, out: (line) => void out.push(line), now: () => Date.now() + 30_000 };
      expect(await runCommandLine(['doctor', '--json', '--config', fleet.config], terminal)).toBe(3);
      const doctor = { code: 3, out: out.join('\n'), err: '' };
      expect(check(doctor, 'broker clock')).toMatchObject({
        level: 'bad',
        what: expect.stringMatching(/^this machine’s clock is (29\.\d+|30) s ahead/),
        fix: expect.stringContaining('NTP'),
      });
      // What is told by that clock is told by the brokers' all the same.
      expect(check(doctor, 'due')).toMatchObject({ level: 'good' });
    });

    it('what a manager that is away was asked, it does when it is back, and once', async () => {
      await fleet.begun('late', 'lamp');
      await fleet.until('order-late', ({ steps }) => steps.get('approval')?.status === 'waiting');
      await fleet.remove('manager-1');
      const signal = ['signal', 'order-late', 'approval', '1', '--request', 'r7', '--json'];
      const asked = await fleet.byFile(...signal, '--patience', '500ms');
      expect({ code: asked.code, out: asked.out }).toEqual({ code: 1, out: '' });
      expect(JSON.parse(asked.err)).toMatchObject({ error: { code: 'no-answer', fix: expect.stringContaining('--request r7') } });
      const doctor = await fleet.byEnvironment('doctor', '--json');
      expect(doctor.code).toBe(3);
      expect(check(doctor, 'inbox')).toMatchObject({
        level: 'bad',
        what: expect.stringMatching(/^no manager is in group .*\.sagas; \d+ messages? waits? or (is|are) at work$/),
        fix: expect.stringContaining('Start a manager'),
      });
      await fleet.add('manager', 'manager-2');
      await fleet.untilStatus('order-late', 'completed');
      expect(documents(await fleet.byFile(...signal))).toMatchObject([{ outcome: 'done' }]);
      expect((await fleet.history('order-late')).filter(({ type }) => type === 'SignalReceived')).toHaveLength(1);
    });

    it('says which version sagas wait for that no manager has', async () => {
      await fleet.begun('old', 'lamp');
      await fleet.until('order-old', ({ steps }) => steps.get('approval')?.status === 'waiting');
      await fleet.remove('manager-2');
      await fleet.add('manager', 'manager-3', '2');
      expect((await fleet.byEnvironment('signal', 'order-old', 'approval', '1')).code).toBe(0);
      await fleet.untilStatus('order-old', 'suspended');
      const doctor = await fleet.byFile('doctor', '--json');
      expect(doctor.code).toBe(3);
      expect(check(doctor, 'versions')).toMatchObject({
        level: 'bad',
        what: '1 saga is waiting for a version that is not deployed: order 1',
        fix: expect.stringContaining('Deploy that version again'),
      });
    });
  },
);
