import type { SagaChoiceOptions } from './choice-typing.js';
import type { SagaMapOptions } from './map-typing.js';
import type { SagaSignalOptions, SagaStepOptions, SagaTimerOptions } from './typing.js';

/** What a decorator left on a method. */
export type DeclaredStep =
  | (SagaStepOptions & { readonly kind?: 'command' })
  | (SagaMapOptions & { readonly kind: 'map' })
  | (SagaTimerOptions & { readonly kind: 'timer' })
  | (SagaSignalOptions & { readonly kind: 'signal' })
  | (SagaChoiceOptions & { readonly kind: 'choice' });
