import { beforeEach, describe, expect, it } from '@jest/globals';
import { type EventStore, type SagaDefinition, SkaldError, type StepData, sagaDefinition } from '@skald/kernel';
import { MemoryEventStore, MemorySagaIndex } from '@skald/testkit';
import { deploy, deploymentsOf, type OnChange } from './deployments.js';
import { readHistory } from './history.js';
import { observers } from './observer.js';
import { catchUpIndex } from './rebuild-index.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const order = (version: number, ...steps: Partial<StepData>[]): SagaDefinition =>
  sagaDefinition({ name: 'order', version, steps: steps.map((step, i) => ({ id: `s${i}`, run, ...step })) });

let store: EventStore;
let troubles: unknown[];
let now: number;

beforeEach(() => {
  store = new MemoryEventStore();
  troubles = [];
  now = 1_000;
});

function deployed(definitions: readonly SagaDefinition[], onChange: OnChange = 'refuse', to = store): Promise<void> {
  const observer = observers([{ troubled: (_what, error) => void troubles.push(error) }]);
  return deploy(definitions, onChange, { store: to, observer, now: () => now++, pause: async () => {} });
}

const events = () => store.read('definition-order');

describe('What is deployed', () => {
  it('L1: is recorded once, an event for each version', async () => {
    await deployed([order(1, {}), order(2, {}, {})]);
    await deployed([order(2, {}, {}), order(3, {})]);
    expect((await events()).map(({ type, data }) => [type, JSON.parse(data).version])).toEqual([
      ['DefinitionDeployed', 1],
      ['DefinitionDeployed', 2],
      ['DefinitionDeployed', 3],
    ]);
    const { description, fingerprint, at } = (await deploymentsOf(store, 'order')).get(2) ?? {};
    expect(description).toMatchObject({ name: 'order', version: 2, steps: [{ id: 's0' }, { id: 's1' }] });
    expect([fingerprint, at]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), 1_000]);
  });

  it('is not changed under its version: the start is refused, and says what differs and since when', async () => {
    await deployed([order(1, {}, { timeout: '5s' })]);
    await expect(deployed([order(2, {}), order(1, {}, { timeout: '6s' }, {})])).rejects.toMatchObject({
      code: 'definition-changed',
      details: {
        version: 1,
        since: '1970-01-01T00:00:01.000Z',
        differences: '- step s1: compensationTimeout was 5000, and is 6000\n- step s1: timeout was 5000, and is 6000\n- step s2 is new',
      },
    });
    expect(await events()).toHaveLength(1);
  });

  it('is the same whatever its functions, its schemas at the door and the names of its compensations', async () => {
    const any = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } };
    await deployed([order(1, { compensation: { name: 'refund', run } })]);
    const renamed = order(1, { compensation: { name: 'giveBack', run: () => ({ ...run(), action: 'b' }) } });
    await deployed([{ ...renamed, input: any, output: any }]);
    expect(await events()).toHaveLength(1);
    await expect(deployed([order(1, {})])).rejects.toMatchObject({
      details: { differences: '- step s0: compensation was true, and is not there' },
    });
  });

  it('L3: is replaced on purpose only, which is recorded and told', async () => {
    await deployed([order(1, {})], 'replace');
    await deployed([order(1, { timeout: '6s' })], 'replace');
    expect(troubles).toEqual([expect.objectContaining({ code: 'definition-changed' })]);
    expect(await events()).toHaveLength(2);
    await deployed([order(1, { timeout: '6s' })]);
    await expect(deployed([order(1, {})])).rejects.toBeInstanceOf(SkaldError);
  });

  it('L2: managers that start at the same time agree', async () => {
    let waiting = 0;
    let both = () => {};
    const met = new Promise<void>((resolve) => {
      both = resolve;
    });
    const racing = Object.assign(Object.create(store) as EventStore, {
      read: async (stream: string, options: object) => {
        const read = await store.read(stream, options);
        if (++waiting === 2) both();
        await met;
        return read;
      },
    });
    racing.append = (writes) => store.append(writes);
    await Promise.all([deployed([order(1, {}), order(2, {})], 'refuse', racing), deployed([order(1, {})], 'refuse', racing)]);
    expect((await events()).map(({ data }) => JSON.parse(data).version).sort()).toEqual([1, 2]);
    waiting = 0;
    const differing = await Promise.allSettled([
      deployed([order(3, {})], 'refuse', racing),
      deployed([order(3, { timeout: '1s' })], 'refuse', racing),
    ]);
    expect(differing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is written again with the same bytes where the store does not know whether it was, and is given up where it never can be', async () => {
    let failures = 2;
    const doubtful: EventStore = Object.assign(Object.create(store) as EventStore, { read: store.read.bind(store) });
    doubtful.append = async (writes) => {
      const outcomes = await store.append(writes);
      return failures-- > 0 ? writes.map(() => ({ type: 'unknown', error: new Error('lost') })) : outcomes;
    };
    await deployed([order(1, {})], 'refuse', doubtful);
    expect(await events()).toHaveLength(1);
    doubtful.append = async (writes) => writes.map(() => ({ type: 'conflict', actual: 0 }));
    await expect(deployed([order(2, {})], 'refuse', doubtful)).rejects.toMatchObject({ code: 'store-failed' });
  });

  it('is no saga to lists, to histories and to the index', async () => {
    await deployed([order(1, {})]);
    const index = new MemorySagaIndex();
    await catchUpIndex(store, index);
    expect([await index.list({}), await index.position()]).toEqual([{ sagas: [], next: undefined }, 1]);
    await expect(readHistory(store, 'definition-order')).rejects.toMatchObject({ code: 'saga-not-found' });
  });
});
