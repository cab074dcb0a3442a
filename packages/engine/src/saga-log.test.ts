import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type LogLevel, type LogSettings, type StepData, sagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import {
  EngineWorld,
  given,
  lateReply,
  operator,
  outcomes,
  reply,
  ScriptedParticipant,
  type Specification,
  sagaOf,
  start,
} from '@skald/testkit';
import { type Logger, type LogRecord, SagaLog } from './saga-log.js';

let lines: { readonly level: LogLevel; readonly record: LogRecord; readonly message: string }[];
let bank: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  lines = [];
  bank = new ScriptedParticipant('bank');
});
afterEach(() => world.stop());

async function worldWith(settings: LogSettings | undefined, mode: 'standard' | 'express' = 'standard'): Promise<void> {
  const line = (level: LogLevel) => (record: LogRecord, message: string) => void lines.push({ level, record, message });
  const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const retry = { attempts: 2, delay: '1s', jitter: 0 } as const;
  const order = sagaOf('order', { pay: { ask: bank, retry, compensationRetry: { attempts: 1 } }, ship: bank }, { mode });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], engine: { observers: [new SagaLog(logger, () => settings)] } });
  world.participant(bank);
  await world.start();
}

const told = () => lines.map(({ level, message }) => `${level} ${message}`);

describe('The log of a saga', () => {
  it.each(['standard', 'express'] as const)('tells at level info what happened to a %s one, with times', async (mode) => {
    await worldWith({ level: 'info', data: false }, mode);
    bank.on('act', (_input, nth) => {
      if (nth === 1) throw new Error('not now');
    });
    await world.answered(world.begin('order', '1', { card: 'secret' }), 2_000);
    expect(told()).toEqual([
      'info saga started',
      'info step failed: pay',
      'info step retry scheduled: pay',
      'info step succeeded: pay',
      'info step succeeded: ship',
      'info saga completed',
    ]);
    expect(lines[1]?.record).toMatchObject({ sagaId: 'order-1', saga: 'order', version: 1, step: 'pay', attempt: 1, took: 0 });
    expect(lines[1]?.record['error']).toEqual({ name: 'Error', message: 'not now' });
    expect(lines[3]?.record).toMatchObject({ took: 1_000 });
    expect(lines[5]?.record).toMatchObject({ event: 'SagaCompleted', took: 1_000 });
  });

  it('Y1: by default tells what a person should know, and nothing else', async () => {
    await worldWith(undefined);
    await world.answered(world.begin('order', '1', { card: 'secret' }));
    await world.quiet();
    expect(told()).toEqual([]);
    bank.on('undo', () => {
      throw new Error('stuck');
    });
    bank.on('act', (_input, nth) => {
      if (nth === 4) throw new BusinessError('no');
    });
    await world.answered(world.begin('order', '2', { card: 'secret' }));
    await world.quiet();
    expect(told()).toEqual(['warn compensation failed: pay', 'warn saga suspended']);
    expect(lines[1]?.record).toMatchObject({ target: 'compensation:pay', error: { name: 'Error', message: 'stuck' } });
  });

  it('is an error where a pivot has happened although its saga had turned back', () => {
    const line = (level: LogLevel) => (record: LogRecord, message: string) => void lines.push({ level, record, message });
    const log = new SagaLog({ debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') });
    const pay: StepData = { id: 'pay', pivot: true, run: () => ({ participant: 'bank', action: 'pay', args: [] }) };
    const order = sagaDefinition({ name: 'order', version: 1, steps: [pay] });
    const doubtful = given(order).when(start(order), reply('pay', outcomes.unknowable));
    const paid = { ...outcomes.succeeded, compensable: false } as const;
    const tell = (spec: Specification) => void log.recorded(spec.state, spec.history);
    tell(doubtful.when(operator('fail', 'step:pay'), lateReply('pay', paid)));
    expect(told()).toEqual([
      'warn saga suspended',
      'error a pivot has happened although its saga had turned back, and nothing undoes it: pay',
    ]);
    // It is known before the saga turns back, and there is no way back from then on.
    tell(given(order).when(start(order), reply('pay', outcomes.unknowable), lateReply('pay', paid)));
    expect(lines.filter(({ level }) => level === 'error').length).toBe(1);
  });

  it.each([false, true])('Y2: holds what the saga is about only when that is asked for: %s', async (data) => {
    await worldWith({ level: 'debug', data });
    bank.on('act', () => ({ secret: 7 }));
    await world.answered(world.begin('order', '1', { card: 'secret' }));
    await world.quiet();
    expect(told()).toContain('debug step requested: pay');
    expect(JSON.stringify(lines).includes('secret')).toBe(data);
  });
});
