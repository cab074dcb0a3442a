import type { StepState, StepStatus } from './state.js';

/** A step that has just come into being. What only waits leaves nothing that could be undone. */
export function newStep(id: string, kind: StepState['kind'], after: readonly string[], status: StepStatus): StepState {
  return {
    id,
    kind,
    after,
    signal: undefined,
    skipsOnTimeout: false,
    command: undefined,
    policy: undefined,
    status,
    round: 1,
    attempt: 0,
    tries: 0,
    sealTries: 0,
    sealAsked: false,
    doubt: false,
    sealed: false,
    outdated: false,
    firstRequestedAt: 0,
    dueAt: 0,
    waitsSince: -1,
    deferredRound: 0,
    asks: 0,
    heartbeatAt: undefined,
    result: undefined,
    error: undefined,
    caughtBy: undefined,
    compensable: kind === 'command',
    stranded: false,
    undo: undefined,
    blockers: 0,
    clear: false,
    outOfTurn: false,
  };
}
