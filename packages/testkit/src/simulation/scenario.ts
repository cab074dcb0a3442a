import {
  type RetryOptions,
  SagaAborted,
  type SagaDefinition,
  type SignalData,
  type StepData,
  type StepEntry,
  sagaDefinition,
  type TimerData,
} from '@skald/kernel';
import type { Choices } from './choices.js';
import { drawInstead, drawOptional } from './drawn-catches.js';
import { drawBranch, drawChoice } from './drawn-choices.js';
import { drawMap, itemModels } from './drawn-maps.js';
import { drawChild } from './model-children.js';
import { drawCallback } from './outside-tasks.js';

/** What the model knows of a step beside its definition. */
export interface ModelStep {
  readonly id: string;
  readonly pivot: boolean;
  /** `external`: its effect and its fence record are not one transaction, so that a run can be interrupted between them. */
  readonly kind: 'transactional' | 'external' | 'timer' | 'signal' | 'choice' | 'map';
  /** Its participant has something to undo. */
  readonly compensable: boolean;
  /** Its participant can be asked whether an interrupted run had effect. */
  readonly probe?: boolean;
  /** The saga's own method undoes it, at another participant. */
  readonly own: boolean;
  /** It starts a saga, in a small scenario. */
  readonly child?: true;
}

export interface Scenario {
  /** Another one from when it is deployed. */
  definition: SagaDefinition;
  steps: ReadonlyMap<string, ModelStep>;
  /** Of the participants' clocks: right, ahead, or behind. */
  readonly skew: 0 | 1 | -1;
  /** It is started by a step of another saga, which waits for its end, or does not. */
  readonly parent?: 'waits' | 'detached' | undefined;
  /** Nothing stands beside its pivot: the linter has nothing against it. */
  readonly orderly: boolean;
  /** Saga methods that throw do so until this is set, as if a mended version had been deployed. */
  repaired: boolean;
}

const RETRIES: readonly (RetryOptions | undefined)[] = [
  { attempts: 2, delay: 10, jitter: 0 },
  { attempts: 1 },
  { attempts: 3, delay: 20, backoff: 'fixed' },
  { attempts: 3, delay: 10, on: ['Declined', 'Timeout'] },
  { attempts: 2, delay: 10, on: ['Declined', 'Timeout', 'Reset'] },
  { attempts: 3, delay: 10, never: ['Timeout'] },
];

const WAITS = ['timer', 'signal', 'choice'] as const;

/** A saga of one to six steps. Steps beside the pivot, which the linter refuses, come only where `beside` is drawn: the kernel must bear them. */
export function drawScenario(choices: Choices): Scenario {
  const count = 1 + choices.pick(choices.pick(3) === 0 ? 6 : 3);
  const pivot = choices.pick(2) === 0 ? -1 : choices.pick(count);
  const beside = choices.pick(8) === 7;
  const steps = new Map<string, ModelStep>();
  const scenario: { repaired: boolean } = { repaired: false };
  const data: StepEntry[] = [];
  for (let at = 0; at < count; at++) {
    const instead = drawInstead(choices, { at, pivot, beside, before: data });
    const drawn = instead.instead === undefined ? drawAfter(choices, at, beside ? -1 : pivot, data) : [instead.instead];
    const after = instead.instead === undefined && !beside && pivot >= 0 && at > pivot ? pastThePivot(drawn, pivot, steps) : drawn;
    const standsInForPivot = instead.instead !== undefined && (steps.get(instead.instead)?.pivot ?? false);
    const isPivot = at === pivot || standsInForPivot || (beside && pivot >= 0 && choices.pick(4) === 3);
    const waits = !isPivot && choices.pick(5) === 4;
    const own = !isPivot && !waits && !(pivot >= 0 && (at > pivot || beside)) && choices.pick(3) === 2;
    const asks = choices.pick(4) === 3 ? 'external' : 'transactional';
    const isMap = !isPivot && !waits && choices.pick(6) === 5;
    const kind = waits ? (WAITS[choices.pick(WAITS.length)] ?? 'timer') : isMap ? 'map' : asks;
    const probe = kind === 'external' && choices.pick(2) === 1;
    const model: ModelStep = { id: `s${at}`, pivot: isPivot, kind, compensable: !waits && (own || choices.pick(5) !== 4), own, probe };
    steps.set(model.id, model);
    if (kind === 'map') for (const item of itemModels(model, asks)) steps.set(item.id, item);
    const optional = isPivot || kind === 'timer' || kind === 'choice' ? {} : drawOptional(choices);
    const branch = instead.instead === undefined ? drawBranch(choices, data) : {};
    data.push({ ...drawEntry(choices, model, after, scenario), ...instead, ...optional, ...branch });
  }
  const deadline = choices.pick(5) === 4 ? 100 + choices.pick(64) * 7 : undefined;
  // Not drawn: the lives of a seed are to stay the same.
  const attributes = (count + (deadline ?? 0)) % 4 === 2 ? attributesOf(count, (deadline ?? 0) % 3) : undefined;
  const definition = sagaDefinition({
    ...{ name: 'model', version: 1, steps: data },
    ...(deadline !== undefined && { deadline }),
    ...(attributes && { attributes }),
    ...((count * 3 + (deadline ?? 5)) % 16 === 1 && { limits: { running: 1 } }),
  });
  const parents = [undefined, undefined, 'waits', undefined, 'waits', undefined, 'detached'] as const;
  const parent = parents[(count * 5 + pivot + (deadline ?? 0)) % parents.length];
  return Object.assign(scenario, { definition, steps, parent, orderly: !beside, skew: ([0, 0, 1, -1] as const)[choices.pick(4)] ?? 0 });
}

/** They change with the results; one throws, or gives what cannot be an attribute, for a while. */
function attributesOf(steps: number, wrong: number): SagaDefinition['attributes'] {
  const first = steps % 3;
  return {
    known: (_input, { results }) => Object.keys(results).length,
    when: (_input, { now, results }) => (Object.keys(results).length > first ? new Date(now) : undefined),
    doubtful: (_input, { results }) => {
      const count = Object.keys(results).length;
      if (count === first) throw new Error('the code of an attribute is broken');
      return wrong === 2 && count > 1 ? 'x'.repeat(300) : `${count}`;
    },
  };
}

/** What comes after one of a pivot's alternatives only would run beside the others. */
function pastThePivot(after: readonly string[], pivot: number, steps: ReadonlyMap<string, ModelStep>): readonly string[] {
  return [...new Set(after.map((id) => (steps.get(id)?.pivot ? `s${pivot}` : id)))];
}

function drawAfter(choices: Choices, at: number, pivot: number, before: readonly StepEntry[]): readonly string[] {
  if (at === 0) return [];
  if (at === pivot) {
    const used = new Set(before.flatMap((step) => step.after ?? []));
    return before.map((step) => step.id).filter((id) => !used.has(id));
  }
  const first = pivot >= 0 && at > pivot ? pivot : 0;
  switch (choices.pick(4)) {
    case 1:
      return first > 0 || pivot === 0 ? [`s${first}`] : [];
    case 2:
      return [`s${first + choices.pick(at - first)}`];
    case 3:
      return [...new Set([`s${at - 1}`, `s${first + choices.pick(at - first)}`])];
    default:
      return [`s${at - 1}`];
  }
}

function drawEntry(choices: Choices, model: ModelStep, after: readonly string[], scenario: { repaired: boolean }): StepEntry {
  if (model.kind === 'choice') return drawChoice(choices, model.id, after, scenario);
  if (model.kind === 'timer') return drawTimer(choices, model.id, after, scenario);
  if (model.kind === 'map') return drawMap(choices, { model, after, scenario, retries: RETRIES });
  return model.kind === 'signal' ? drawSignal(choices, model.id, after, scenario) : drawStep(choices, model, after, scenario);
}

/** Payloads of signals in the model: what the saga's code makes of each. */
export const PAYLOADS = ['yes', 'no', 'breaks', 'malformed'] as const;

/** Takes signals of its own name, or of one that several steps take. */
function drawSignal(choices: Choices, id: string, after: readonly string[], scenario: { repaired: boolean }): SignalData {
  const isGuarded = choices.pick(12) === 11;
  const [timeout, skips] = [choices.pick(2) === 1, choices.pick(3) === 2];
  const validate = (value: unknown) => (value === 'malformed' ? { issues: [{ message: 'is malformed' }] } : { value });
  return {
    ...{ kind: 'signal', id, after },
    schema: { '~standard': { version: 1, vendor: 'model', validate } },
    ...(choices.pick(3) === 2 && { signal: 'shared' }),
    ...(timeout && { timeout: 120 }),
    ...(timeout && skips && { onTimeout: 'skip' }),
    ...(isGuarded && { when: () => false }),
    receive: (payload) => {
      if (payload === 'breaks' && !scenario.repaired) throw new Error(`the code of ${id} is broken`);
      if (payload === 'no') throw new SagaAborted('no');
      return { said: payload };
    },
  };
}

/** Waits for a while, for years, until a moment that has come, or as its code says, which may be broken. */
function drawTimer(choices: Choices, id: string, after: readonly string[], scenario: { repaired: boolean }): TimerData {
  const how = choices.pick(8);
  const isGuarded = choices.pick(12) === 11;
  const time = (_input: unknown, { now }: { readonly now: number }): Date | number => {
    if (how === 7 && !scenario.repaired) throw new Error(`the code of ${id} is broken`);
    if (how === 6) throw new SagaAborted('there is no time for that');
    return how === 5 ? new Date(now - 1_000) : 20.5;
  };
  const length = how === 4 ? '900d' : how * 40 + 10;
  return { kind: 'timer', id, after, time: how > 4 ? time : length, ...(isGuarded && { when: () => false }) };
}

function drawStep(choices: Choices, model: ModelStep, after: readonly string[], scenario: { repaired: boolean }): StepData {
  const { id, own, kind } = model;
  const guard = choices.pick(24);
  const throws = choices.pick(32) === 31;
  const undoThrows = own ? choices.pick(8) : 0;
  const broken = (): void => {
    if (!scenario.repaired) throw new Error(`the code of ${id} is broken`);
  };
  const when = (): boolean => {
    if (guard === 23) throw new SagaAborted('the guard says no');
    return guard < 21;
  };
  const retry = RETRIES[choices.pick(RETRIES.length)];
  const undoRetry = RETRIES[choices.pick(3)];
  const callback = drawCallback(choices);
  const child = drawChild(choices);
  return {
    id,
    after,
    pivot: model.pivot,
    timeout: 100,
    ...(choices.pick(6) === 5 && { expires: 'attempt' }),
    ...(choices.pick(4) === 3 && { onUnknown: 'probe' }),
    ...callback,
    ...(retry && { retry }),
    ...(undoRetry && { compensationRetry: undoRetry }),
    ...(guard > 20 && { when }),
    run: () => {
      if (throws) broken();
      return { participant: kind, action: id, args: [], ...child };
    },
    ...(own && {
      compensation: {
        name: `undo ${id}`,
        run: (_input, { results }) => {
          // 6: whatever it is given; 7: only when the step's result is known, as in a later round it may be.
          if (undoThrows === 6 || (undoThrows === 7 && results[id] !== undefined)) broken();
          return { participant: 'undoer', action: id, args: [] };
        },
      },
    }),
  };
}
