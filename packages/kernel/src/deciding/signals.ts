import type { Draft } from '../decide.js';
import { signalKey } from '../history/evolve-waits.js';
import type { Answer, Signal } from '../messages.js';
import { statusOf } from '../state/saga-status.js';
import type { SagaState } from '../state/state.js';

/** Signals that no step has taken; more are refused, so that nobody can fill a saga without end. */
const MOST_KEPT = 1_000;

/** A signal is kept, whether or not a step waits for it; nobody has looked at it yet. */
export function recordSignal(draft: Draft, { request: id, name, payload, by }: Signal): void {
  const { state } = draft;
  const key = signalKey(name, id);
  const known = state.answers.get(key);
  if (known) draft.note = 'duplicate';
  const answer = known ?? refusedSignal(state);
  if (!answer) draft.emit('SignalReceived', { id, name, ...(payload !== undefined && { payload }), ...(by !== undefined && { by }) });
  draft.answer = answer ?? state.answers.get(key);
}

function refusedSignal(state: SagaState): Answer | undefined {
  if (state.phase === 'new') return { accepted: false, code: 'saga-not-found' };
  if (state.phase === 'ended') return { accepted: false, code: 'saga-ended', details: { status: statusOf(state) } };
  if (state.phase === 'compensating') return { accepted: false, code: 'already-compensating' };
  let kept = 0;
  for (const signals of state.signals.values()) kept += signals.length;
  return kept < MOST_KEPT ? undefined : { accepted: false, code: 'too-many-signals', details: { limit: String(MOST_KEPT) } };
}
