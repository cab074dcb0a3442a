export type { SagaEnding } from './end-watch.js';
export { type Intervention, type SagaHandle, Sagas, type StartOptions, sagaIdOf, type TargetIntervention } from './sagas.js';
export { type EmbeddedOptions, type FenceSource, RunningSkald, Skald } from './skald.js';
