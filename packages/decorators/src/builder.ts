import { type Command, type SagaData, type SagaView, SkaldError, type StepData, sagaDefinition } from '@skald/kernel';
import { commandOf, outputOf } from './commands.js';
import type { DefineSaga, SagaOptions } from './typing.js';

type Run = StepData['run'];
type Undo = (input: unknown, result: unknown, view: SagaView) => Command;

/** A step as the builder's types let it be written, to the compiler inside. */
interface WrittenStep extends Omit<StepData, 'id' | 'compensation'> {
  readonly compensation?: Undo | { readonly name: string; readonly run: Undo };
}

/** Begins a saga that is written as a chain of steps; everything is inferred. `defineSaga<Order>({…})` where there is no schema. */
export const defineSaga = ((options: SagaOptions) => builder(options, [])) as unknown as DefineSaga;

function builder(options: SagaOptions, steps: readonly StepData[]) {
  const define = (result?: SagaData['result']) => sagaDefinition({ ...options, steps, ...(result && { result }) });
  return {
    step(id: string, written: Run | WrittenStep) {
      if (steps.some((step) => step.id === id)) {
        throw new SkaldError('invalid-definition', { saga: options.name, findings: `- step '${id}' is defined twice` });
      }
      return builder(options, [...steps, stepData(options.name, id, typeof written === 'function' ? { run: written } : written)]);
    },
    result: (result: NonNullable<SagaData['result']>) => define((input, view) => outputOf(result(input, view), options.name)),
    done: () => define(),
  };
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
