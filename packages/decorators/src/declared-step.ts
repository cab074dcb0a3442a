import type { SagaChoiceOptions } from './choice-typing.js';
import type { SagaSignalOptions, SagaStepOptions, SagaTimerOptions } from './typing.js';

/** What a decorator left on a method. */
export type DeclaredStep =
  | (SagaStepOptions & { readonly kind?: 'command' })
  | (SagaTimerOptions & { readonly kind: 'timer' })
  | (SagaSignalOptions & { readonly kind: 'signal' })
  | (SagaChoiceOptions & { readonly kind: 'choice' });
