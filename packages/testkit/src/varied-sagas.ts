import { type MessageBus, SkaldError } from '@skald/kernel';
import { EngineWorld, type EngineWorldOptions } from './engine-world.js';
import { ScriptedParticipant, sagaOf } from './scripted-participant.js';
import { SeededChoices } from './simulation/choices.js';

export interface VariedSagasOptions extends Pick<EngineWorldOptions, 'store' | 'engine'> {
  readonly seed: number;
  readonly sagas: number;
  readonly bus: () => MessageBus;
  /** Between two starts. */
  readonly between?: (world: EngineWorld, nth: number) => Promise<void>;
}

/**
 * A world, still running, with the histories of sagas to which everything happened: refusals, failures, lost commands, timeouts, deadlines,
 * and people who hold, resume, cancel and end them. The same seed makes the same ones.
 */
export async function variedSagas({ seed, sagas, bus, between, ...options }: VariedSagasOptions): Promise<EngineWorld> {
  const choices = new SeededChoices(seed);
  const shop = new ScriptedParticipant('shop');
  const bank = new ScriptedParticipant('bank').on('act', () => {
    const fate = choices.pick(10);
    if (fate < 2) throw Object.assign(new Error('declined'), { business: true });
    if (fate < 4) throw new Error('out of order');
  });
  const order = sagaOf('order', {
    reserve: shop,
    pay: { ask: bank, pivot: true, retry: { attempts: 2, delay: '2s' } },
    pack: { ask: shop, timeout: '1h' },
  });
  const back = sagaOf('return', { fetch: { ask: shop, timeout: '3s' }, refund: { ask: bank, timeout: '5s' } }, { deadline: '20s' });
  const world = new EngineWorld({ ...options, bus, sagas: [order, back] });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
  world.bus.loses = ({ message }) => message.kind === 'command' && choices.pick(12) === 0;
  for (let n = 0; n < sagas; n++) {
    const saga = choices.pick(3) === 0 ? 'return' : 'order';
    await world.answered(world.begin(saga, `${n}`, { n }));
    await world.pass(choices.pick(4) * 400);
    if (choices.pick(3) === 0) await intervene(world, choices, n);
    await between?.(world, n);
  }
  return world;
}

/** Most of what people try is not possible just then. */
async function intervene(world: EngineWorld, choices: SeededChoices, until: number): Promise<void> {
  const n = choices.pick(until + 1);
  const sagaId = (await world.index.get(`order-${n}`)) ? `order-${n}` : `return-${n}`;
  const action = (['suspend', 'resume', 'terminate'] as const)[choices.pick(4)];
  const question = action ? world.operate(sagaId, action) : world.cancel(sagaId);
  await world.answered(question).catch((error: unknown) => {
    if (!(error instanceof SkaldError)) throw error;
  });
}
