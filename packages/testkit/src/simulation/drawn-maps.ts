import { type Each, type MapData, type RetryOptions, SagaAborted, type Tolerance } from '@skald/kernel';
import type { Choices } from './choices.js';
import type { ModelStep } from './scenario.js';

const MOST_ITEMS = 5;

const TOLERANCES: readonly (Tolerance | undefined)[] = [undefined, { failures: 1 }, { failures: 2 }, { share: 0.5 }, { share: 1 }];

export interface MapDraft {
  readonly model: ModelStep;
  readonly after: readonly string[];
  readonly scenario: { readonly repaired: boolean };
  readonly retries: readonly (RetryOptions | undefined)[];
}

/** The items that a drawn map may have, to the model's participants each a step of its own. */
export function itemModels(model: ModelStep, kind: 'transactional' | 'external'): ModelStep[] {
  return Array.from({ length: MOST_ITEMS }, (_, index) => ({ ...model, id: `${model.id}/${index}`, kind }));
}

/** No item, one, or a few, one to three of them at once, of which none or some may fail. */
export function drawMap(choices: Choices, { model, after, scenario, retries }: MapDraft): MapData {
  const { id, own } = model;
  const count = choices.weigh([1, 2, 3, 3, 2, 1]);
  const isGuarded = choices.pick(16) === 15;
  const breaks = choices.pick(24);
  const undoThrows = own && choices.pick(8) === 7;
  const broken = (): void => {
    if (!scenario.repaired) throw new Error(`the code of ${id} is broken`);
  };
  const run = (_item: number, index: number) => {
    if (breaks === 23 && index === 1) broken();
    if (breaks === 22 && index === 2) throw new SagaAborted('not this one');
    return { participant: 'items', action: `${id}/${index}`, args: [index] };
  };
  const each = (): Each<number> => {
    if (breaks === 21) broken();
    return { items: Array.from({ length: count }, (_, index) => index), run };
  };
  const retry = retries[choices.pick(retries.length)];
  const undoRetry = retries[choices.pick(3)];
  const tolerate = TOLERANCES[choices.pick(TOLERANCES.length)];
  return {
    ...{ kind: 'map', id, after, each, timeout: 100, concurrency: 1 + choices.pick(3) },
    ...(tolerate && { tolerate }),
    ...(retry && { retry }),
    ...(undoRetry && { compensationRetry: undoRetry }),
    ...(isGuarded && { when: () => false }),
    ...(own && {
      compensation: {
        name: `undo ${id}`,
        run: (_item, result, _view, index) => {
          if (undoThrows && result !== undefined) broken();
          return { participant: 'undoer', action: `${id}/${index}`, args: [] };
        },
      },
    }),
  };
}
