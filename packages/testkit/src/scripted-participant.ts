import { type ActionDefinition, currentCommand, type ParticipantDefinition } from '@skald/engine';
import { type Command, type Fence, type SagaData, type SagaDefinition, type StepData, sagaDefinition } from '@skald/kernel';
import type { WorldParticipant } from './engine-world.js';

export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly key: string | undefined;
}

/** Answers a call; `nth` counts the calls of this method from 1. */
type Script = (input: unknown, nth: number, result: unknown) => unknown;

/** A participant that remembers what it was called with, and answers as a test says. */
export class ScriptedParticipant implements WorldParticipant {
  readonly calls: Call[] = [];
  readonly definition: ParticipantDefinition;
  readonly instance: object;
  readonly #scripts = new Map<string, Script>();

  /** Default: action `act`, undone by `undo`. Every method answers `undefined` until it has a script. */
  constructor(
    readonly name: string,
    actions: Readonly<Record<string, ActionDefinition>> = { act: { compensation: 'undo' } },
    readonly fence?: Fence,
  ) {
    this.definition = { name, actions: new Map(Object.entries(actions)) };
    const methods = Object.entries(actions).flatMap(([action, { compensation, probe }]) => [
      action,
      ...(compensation ? [compensation] : []),
      ...(probe ? [probe] : []),
    ]);
    this.instance = Object.fromEntries(methods.map((method) => [method, (...args: unknown[]) => this.#call(method, args)]));
  }

  on(method: string, script: Script): this {
    this.#scripts.set(method, script);
    return this;
  }

  /** Names of the methods that were called, in order. */
  get log(): string[] {
    return this.calls.map(({ method }) => method);
  }

  command(action = 'act', ...args: readonly unknown[]): Command {
    return { participant: this.name, action, args };
  }

  #call(method: string, args: readonly unknown[]): unknown {
    this.calls.push({ method, args, key: currentCommand()?.idempotencyKey });
    const nth = this.log.filter((name) => name === method).length;
    return this.#scripts.get(method)?.(args[0], nth, args[1]);
  }
}

/** What a step says that starts a saga of this name. */
export function startOf(saga: string, input: unknown = {}, more: Partial<NonNullable<Command['child']>> = {}): Command {
  return { participant: saga, action: 'start', args: [input], child: { version: 1, ...more } };
}

/** A saga of steps that ask `act` of these participants with the saga's input, one after the other unless a step says otherwise. */
export function sagaOf(
  name: string,
  steps: Readonly<Record<string, ScriptedParticipant | ({ readonly ask: ScriptedParticipant } & Partial<StepData>)>>,
  data: Partial<SagaData> = {},
): SagaDefinition {
  const stepData = Object.entries(steps).map(([id, step]): StepData => {
    const { ask, ...rest } = step instanceof ScriptedParticipant ? { ask: step } : step;
    return { id, run: (input) => ask.command('act', input), ...rest };
  });
  return sagaDefinition({ name, version: 1, steps: stepData, ...data });
}
