import { describe, expect, it } from '@jest/globals';
import { checkLaws, isEnded, type Outgoing, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, SeededChoices, sagaOf, startOf, steeredStore, WatchedBus } from '@skald/testkit';
import { decodeEvent } from '../event-codec.js';

const LIVES = 120;

/** What was reached, so that nobody need wonder. */
const met: Record<string, number> = {};
const meet = (what: string): void => {
  met[what] = (met[what] ?? 0) + 1;
};

/** One life of a limit: sagas come and go, people interfere, messages get lost, appends fail, the process dies; then everything is fair. */
class LimitLife {
  readonly choices: SeededChoices;
  readonly steered = steeredStore();
  readonly shop = new ScriptedParticipant('shop', { act: { compensation: 'undo' } });
  readonly world: EngineWorld;
  running: number;
  /** The highest limit that was ever said. */
  highest: number;
  private fair = false;
  private sagas = 0;

  constructor(seed: number) {
    this.choices = new SeededChoices(seed);
    this.running = 1 + this.choices.pick(4);
    this.highest = this.running;
    this.shop.on('act', () => {
      if (!this.fair && this.choices.pick(4) === 0) throw Object.assign(new Error('declined'), { business: true });
    });
    const bus = () => {
      const watched = new WatchedBus(new InProcessBus());
      watched.loses = (message) => this.loses(message);
      return watched;
    };
    this.world = new EngineWorld({ bus, sagas: this.deployed(), store: this.steered, engine: { cachedSagas: 1 + this.choices.pick(8) } });
    this.world.participant(this.shop);
    this.steered.events.onAppend = async (writes, append) => {
      if (!this.fair && this.choices.pick(12) === 0) {
        meet('an append failed');
        throw new SkaldError('store-failed', { problem: 'for the moment' });
      }
      return append(writes);
    };
  }

  async live(): Promise<void> {
    await this.world.start();
    for (let moves = 10 + this.choices.pick(30); moves > 0; moves--) await this.move();
    this.fair = true;
    await this.world.restart();
    for (let round = 0; round < 400 && (await this.unended()) > 0; round++) {
      await this.world.pass(35_000);
      for (const { sagaId, status } of (await this.world.index.list({ limit: 1_000 })).sagas)
        if (status === 'suspended') await this.help(sagaId);
    }
  }

  /** What cannot be undone (a child that was terminated) is left as it is. */
  private async help(sagaId: string): Promise<void> {
    const [target] = (await this.world.state(sagaId)).parked.keys();
    if (target?.startsWith('compensation:')) meet('left as it is');
    await this.ask(
      target?.startsWith('compensation:') ? this.world.operate(sagaId, 'skip', { target }) : this.world.operate(sagaId, 'resume'),
    );
  }

  async unended(): Promise<number> {
    const counts = await this.world.index.count();
    return Object.entries(counts).reduce((sum, [status, sagas]) => sum + (isEnded(status as keyof typeof counts) ? 0 : (sagas ?? 0)), 0);
  }

  /** How many held a slot at the same time, at most. */
  async mostAtOnce(): Promise<number> {
    const holders = new Set<string>();
    let most = 0;
    for (const recorded of await this.steered.events.readAll(0, 100_000)) {
      if (!recorded.stream.startsWith('order-')) continue;
      const { type } = decodeEvent(recorded);
      if (type === 'SlotGranted') holders.add(recorded.stream);
      else if (/^Saga(Completed|Compensated|Failed|Cancelled|Terminated)$/.test(type)) holders.delete(recorded.stream);
      most = Math.max(most, holders.size);
    }
    return most;
  }

  /** Sagas of which only so many may run, and those that start some of them and wait for their end. */
  private deployed() {
    const run = () => startOf('order');
    return [this.saga(), sagaOf('family', { order: { ask: this.shop, timeout: '5s', run }, pay: { ask: this.shop, timeout: '5s' } })];
  }

  private saga() {
    const steps = { reserve: { ask: this.shop, timeout: '5s' }, pay: { ask: this.shop, timeout: '5s' } } as const;
    return sagaOf('order', steps, { limits: { running: this.running } });
  }

  private loses({ message }: Outgoing): boolean {
    if (this.fair || message.kind === 'answer' || this.choices.pick(5) > 0) return false;
    if (message.kind === 'input' && 'request' in message.input) return false;
    meet(message.kind === 'input' ? `${message.input.type} lost` : 'command lost');
    return true;
  }

  private async move(): Promise<void> {
    const { choices, world } = this;
    switch (choices.weigh([8, 3, 1, 1, 1, 1, 2])) {
      case 0:
        return this.ask(world.begin(choices.pick(3) === 0 ? 'family' : 'order', `${this.sagas++}`));
      case 1:
        return world.pass([1, 100, 5_000, 31_000][choices.pick(4)] ?? 1);
      case 2:
        return this.ask(world.cancel(await this.some()));
      case 3:
        return this.ask(world.operate(await this.some(), 'terminate'));
      case 4:
        return this.ask(world.operate(await this.some(), choices.pick(2) === 0 ? 'suspend' : 'resume'));
      case 5:
        return this.restart();
      default:
        return world.quiet();
    }
  }

  /** As it is deployed then. */
  private async restart(): Promise<void> {
    meet('restarted');
    if (this.choices.pick(3) === 0) this.running = 1 + this.choices.pick(4);
    this.highest = Math.max(this.highest, this.running);
    this.world.sagas = this.deployed();
    await this.world.restart();
  }

  /** One that was begun, or is begun later; or a child. */
  private async some(): Promise<string> {
    const { choices, world } = this;
    const children =
      choices.pick(3) === 0 ? (await world.index.list({ limit: 1_000 })).sagas.filter(({ sagaId }) => sagaId.includes('.')) : [];
    const child = children[choices.pick(children.length || 1)];
    return child?.sagaId ?? `${choices.pick(3) === 0 ? 'family' : 'order'}-${choices.pick(this.sagas + 1)}`;
  }

  private async ask(question: Promise<unknown>): Promise<void> {
    const answered = question.then(
      () => meet('done'),
      (error: unknown) => {
        if (!(error instanceof SkaldError)) throw error;
        meet('refused');
      },
    );
    await this.world.quiet();
    await Promise.race([answered, this.world.pass(40_000)]);
  }
}

describe('B23: a limit in random lives', () => {
  it(`is never exceeded, and everybody has their turn (${LIVES} lives with losses, failures and restarts)`, async () => {
    for (let seed = 1; seed <= LIVES; seed++) {
      const life = new LimitLife(seed);
      await life.live();
      const { world } = life;
      const most = await life.mostAtOnce();
      if (most > life.highest) throw new Error(`seed ${seed}: ${most} at the same time, of ${life.highest}`);
      if (most === life.highest) meet('as many as may');
      const left = await life.unended();
      if (left > 0) throw new Error(`seed ${seed}: ${left} never ended: ${JSON.stringify((await world.index.list({})).sagas)}`);
      for (const { sagaId, status } of (await world.index.list({ limit: 1_000 })).sagas) {
        meet(status);
        const { parent, slot, withdrawn } = await world.state(sagaId);
        if (parent && slot !== 'none' && (await world.history(sagaId))[1]?.type === 'SlotGranted') meet('a child had its turn');
        if (parent && withdrawn > 0 && status === 'compensated') meet('a child was undone');
        expect([seed, sagaId, checkLaws(await world.history(sagaId))]).toEqual([seed, sagaId, []]);
      }
      await world.stop();
    }
    const wanted = [
      'slot lost',
      'limit lost',
      'command lost',
      'restarted',
      'an append failed',
      'as many as may',
      'completed',
      'cancelled',
      'terminated',
      'asked lost',
      'a child had its turn',
      'a child was undone',
    ];
    expect(wanted.filter((what) => (met[what] ?? 0) < 20)).toEqual([]);
    expect(met['left as it is']).toBeGreaterThan(0);
  }, 240_000);
});
