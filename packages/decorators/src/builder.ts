import {
  type ChoiceData,
  type Command,
  type Duration,
  type MapData,
  type SagaData,
  type SagaView,
  type SignalData,
  SkaldError,
  type StepData,
  type StepEntry,
  sagaDefinition,
  type TimerData,
} from '@skald/kernel';
import type { DefineSaga } from './builder-typing.js';
import { commandOf, outputOf } from './commands.js';
import { eachOf } from './each.js';
import type { SagaOptions } from './typing.js';

type Run = StepData['run'];
type Undo = (input: unknown, result: unknown, view: SagaView) => Command;

/** A step as the builder's types let it be written, to the compiler inside. */
interface WrittenStep extends Omit<StepData, 'id' | 'compensation'> {
  readonly compensation?: Undo | { readonly name: string; readonly run: Undo };
}

type ItemView = SagaView & { readonly input: unknown; readonly index: number };
type ItemUndo = (item: unknown, result: unknown, view: ItemView) => Command;

interface WrittenMap extends Omit<MapData, 'id' | 'kind' | 'each' | 'compensation'> {
  readonly items: (input: unknown, view: SagaView) => readonly unknown[];
  readonly run: (item: unknown, view: ItemView) => Command;
  readonly compensation?: ItemUndo | { readonly name: string; readonly run: ItemUndo };
}

type WrittenSignal = Omit<SignalData, 'id' | 'kind' | 'signal'>;

type WrittenChoice = Omit<ChoiceData, 'id' | 'kind'>;

interface WrittenWait extends Omit<TimerData, 'id' | 'kind' | 'time'> {
  readonly for?: Duration;
  readonly until?: TimerData['time'];
}

/** Begins a saga that is written as a chain of steps; everything is inferred. `defineSaga<Order>({…})` where there is no schema. */
export const defineSaga = ((options: SagaOptions) => builder(options, [])) as unknown as DefineSaga;

function builder(options: SagaOptions, steps: readonly StepEntry[]) {
  const define = (result?: SagaData['result']) => sagaDefinition({ ...options, steps, ...(result && { result }) });
  const and = (step: StepEntry): ReturnType<typeof builder> => {
    if (steps.some(({ id }) => id === step.id)) {
      throw new SkaldError('invalid-definition', { saga: options.name, findings: `- step '${step.id}' is defined twice` });
    }
    return builder(options, [...steps, step]);
  };
  return {
    step: (id: string, written: Run | WrittenStep) =>
      and(stepData(options.name, id, typeof written === 'function' ? { run: written } : written)),
    map: (id: string, written: WrittenMap) => and(mapData(options.name, id, written)),
    signal: (id: string, written: WrittenSignal = {}) => and(signalData(options.name, id, written)),
    choice: (id: string, written: WrittenChoice) => and({ ...written, id, kind: 'choice' }),
    wait: (id: string, written: Duration | WrittenWait) => and(timerData(id, typeof written === 'object' ? written : { for: written })),
    attributes: (attributes: NonNullable<SagaOptions['attributes']>) =>
      builder({ ...options, attributes: { ...options.attributes, ...attributes } }, steps),
    result: (result: NonNullable<SagaData['result']>) => define((input, view) => outputOf(result(input, view), options.name)),
    done: () => define(),
  };
}

function mapData(saga: string, id: string, { items, run, compensation, ...place }: WrittenMap): MapData {
  const undo = typeof compensation === 'function' ? { name: `undo ${id}`, run: compensation } : compensation;
  return {
    ...place,
    id,
    kind: 'map',
    each: (input, view) =>
      eachOf({ items: items(input, view), run: (item: unknown, index: number) => run(item, { ...view, input, index }) }, saga, id),
    ...(undo && {
      compensation: {
        name: undo.name,
        run: (item, result, view, index, input) => commandOf(undo.run(item, result, { ...view, input, index }), saga, undo.name),
      },
    }),
  };
}

function signalData(saga: string, id: string, { receive, ...written }: WrittenSignal): SignalData {
  return { ...written, id, kind: 'signal', ...(receive && { receive: (payload, view) => outputOf(receive(payload, view), saga, id) }) };
}

function timerData(id: string, { for: length, until, ...place }: WrittenWait): TimerData {
  return { ...place, id, kind: 'timer', time: length ?? until ?? 0 };
}

function stepData(saga: string, id: string, { compensation, when, ...step }: WrittenStep): StepData {
  const undo = typeof compensation === 'function' ? { name: `undo ${id}`, run: compensation } : compensation;
  return {
    ...step,
    id,
    run: (input, view) => commandOf(step.run(input, view), saga, id),
    ...(when && { when }),
    ...(undo && {
      compensation: {
        name: undo.name,
        run: (input, view) => commandOf(undo.run(input, view.results[id], view), saga, undo.name),
      },
    }),
  };
}
