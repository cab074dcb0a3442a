import 'reflect-metadata';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { CATALOGUE } from '@skald/kernel';
import { Container, inject } from 'inversify';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

@Participant('shop')
class Shop {
  async act(input: unknown): Promise<unknown> {
    return input;
  }
}

@Participant('shop')
class OtherShop extends Shop {}

const shop = participant<Shop>('shop');
const order = defineSaga({ name: 'order', version: 1 })
  .step('act', (input) => shop.act(input))
  .done();

let folder: string;
let file: string;
const running: RunningSkald[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  rmSync(folder, { recursive: true });
});

const skald = () => Skald.embedded({ file, log: () => {} });

async function start(wiring: Skald): Promise<RunningSkald> {
  const app = await wiring.start();
  running.push(app);
  return app;
}

describe('What is wrong with the wiring is found before anything runs', () => {
  const bank = participant<Shop>('bank');
  interface Endless {
    readonly country: string;
    readonly lines: readonly unknown[];
    readonly next?: Endless;
  }
  const unclear = (input: Endless) => ({
    participant: `bank-${input.country}`,
    action: 'act',
    args: input.lines.map((line) => line),
  });

  it.each<[string, () => Skald, keyof typeof CATALOGUE, RegExp]>([
    ['no sagas', () => skald().participants(Shop), 'not-a-saga', /Nothing is not a saga/],
    ['a class that is not decorated', () => skald().sagas(class Plain {} as never), 'not-a-saga', /Class Plain/],
    [
      'the same saga twice',
      () =>
        skald()
          .sagas(order, { ...order })
          .participants(Shop),
      'duplicate-saga',
      /order version 1/,
    ],
    ['the same participant twice', () => skald().sagas(order).participants(Shop, OtherShop), 'duplicate-participant', /shop/],
    [
      'a class that is no participant',
      () =>
        skald()
          .sagas(order)
          .participants(class Plain {}),
      'invalid-participant',
      /Plain/,
    ],
    [
      'a participant that nobody registered',
      () =>
        skald()
          .sagas(
            defineSaga({ name: 'order', version: 1 })
              .step('pay', (input) => bank.act(input))
              .done(),
          )
          .participants(Shop),
      'unknown-participant',
      /Saga order, step pay asks participant "bank", which is not registered \(registered: shop\)/,
    ],
    [
      'a participant that only a compensation asks',
      () =>
        skald()
          .sagas(
            defineSaga<{ readonly id: string }>({ name: 'order', version: 1 })
              .step('act', { run: (input) => shop.act(input), compensation: (input, result) => bank.act({ id: input.id, result }) })
              .done(),
          )
          .participants(Shop),
      'unknown-participant',
      /"bank"/,
    ],
    [
      'an action that the participant does not have',
      () =>
        skald()
          .sagas(
            defineSaga({ name: 'order', version: 1 })
              .step('act', () => ({ participant: 'shop', action: 'sell', args: [] }))
              .done(),
          )
          .participants(Shop),
      'unknown-action',
      /no action "sell" \(actions: act\)/,
    ],
    [
      'a definition that cannot run, with all that is wrong with it, one to a line',
      () =>
        skald()
          .sagas({ ...order, name: 'the-order', steps: order.steps.map((step) => ({ ...step, after: ['nowhere'] })) })
          .participants(Shop),
      'invalid-definition',
      /\n- the saga: "the-order" cannot be the name of a saga\..*\n- step act: it comes after "nowhere"/,
    ],
  ])('%s', async (_name, wiring, code, message) => {
    await expect(wiring().start()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(existsSync(file)).toBe(false);
  });

  it('but nothing is said of what depends on the input', async () => {
    const loop = (input: Endless) => {
      let end = input;
      while (end.next) end = end.next;
      return bank.act(end);
    };
    const saga = defineSaga<Endless>({ name: 'order', version: 1 }).step('unclear', unclear).step('loop', loop).done();
    await start(skald().sagas(saga).participants(Shop));
  });

  it('a dependency that nobody bound', async () => {
    class Clock {
      constructor(readonly zone: string) {}
    }
    @Saga({ name: 'timed', version: 1 })
    class Timed {
      constructor(@inject('zone') readonly zone: string) {}

      @SagaStep()
      act(input: unknown) {
        return shop.act([input, new Clock(this.zone)]);
      }
    }
    await expect(skald().sagas(Timed).participants(Shop).start()).rejects.toThrow(/zone/);
    expect(existsSync(file)).toBe(false);
  });
});

describe('Dependencies', () => {
  @Saga({ name: 'greeting', version: 1 })
  class Greeting {
    constructor(@inject('words') private readonly words: readonly string[]) {}

    @SagaStep()
    greet(name: string) {
      return greeter.greet(`${this.words[0]} ${name}`);
    }
  }

  @Participant('greeter')
  class Greeter {
    constructor(@inject('log') private readonly log: string[]) {}

    async greet(text: string): Promise<string> {
      this.log.push(text);
      return text;
    }
  }

  const greeter = participant<Greeter>('greeter');

  it('are injected into sagas and participants, from a container of one’s own too', async () => {
    const log: string[] = [];
    const container = new Container();
    container.bind('words').toConstantValue(['hello']);
    container.bind('log').toConstantValue(log);
    const { sagas } = await start(skald().with(container).sagas(Greeting).participants(Greeter));
    expect(await (await sagas.start(Greeting, 'Bragi')).result()).toEqual({ greet: 'hello Bragi' });
    expect(log).toEqual(['hello Bragi']);
  });

  it('may give a participant its fence, by the container', async () => {
    const db = openParticipantDatabase(join(folder, 'greeter.db'));
    const { sagas } = await start(
      skald()
        .inject((container) => {
          container.bind('words').toConstantValue(['hello']);
          container.bind('log').toConstantValue([]);
          container.bind('db').toConstantValue(db);
        })
        .sagas(Greeting)
        .participant(Greeter, { fence: (container) => sqliteFence(container.get('db')) }),
    );
    await (await sagas.start(Greeting, 'Bragi')).result();
    expect(existsSync(`${file}-fence`)).toBe(false);
  });
});

describe('A store that cannot be opened', () => {
  const wiring = () => skald().sagas(order).participants(Shop);

  it('because another application has it is store-in-use, and that one goes on', async () => {
    const { sagas } = await start(wiring());
    await expect(wiring().start()).rejects.toMatchObject({ code: 'store-in-use', retryable: true, details: { pid: process.pid } });
    await (await sagas.start(order, {})).result();
  });

  it('because its folder does not exist is store-unavailable', async () => {
    file = join(folder, 'nowhere', 'skald.db');
    await expect(wiring().start()).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('because the file is something else is store-corrupt, and the file is as it was', async () => {
    writeFileSync(file, 'Dear diary,'.repeat(100));
    await expect(wiring().start()).rejects.toMatchObject({ code: 'store-corrupt', details: { file } });
    writeFileSync(file, '');
    await start(wiring());
  });

  const root = process.getuid?.() === 0;
  (root ? it.skip : it)(
    `because its folder cannot be written to is store-unavailable${root ? ' (skipped: root may write anywhere)' : ''}`,
    async () => {
      chmodSync(folder, 0o500);
      try {
        await expect(wiring().start()).rejects.toMatchObject({ code: 'store-unavailable' });
      } finally {
        chmodSync(folder, 0o700);
      }
    },
  );

  it('leaves nothing open when the fence of a participant cannot be opened', async () => {
    writeFileSync(`${file}-fence`, 'not a database, but long enough to be taken for one by whoever does not look'.repeat(20));
    await expect(wiring().start()).rejects.toMatchObject({ code: 'store-corrupt' });
    rmSync(`${file}-fence`);
    await start(wiring());
  });
});
