import { type SagaState, stepOf } from '../state/state.js';
import type { SagaEvent } from './events.js';
import { childAskedAgain, heartbeatReceived, stepDeferred } from './evolve-deferral.js';
import { signalAwaited, signalReceived, takeSignal, timerFired, timerSet } from './evolve-waits.js';

type Wait =
  | 'StepDeferred'
  | 'HeartbeatReceived'
  | 'ChildAskedAgain'
  | 'TimerSet'
  | 'TimerFired'
  | 'SignalReceived'
  | 'SignalAwaited'
  | 'SignalDiscarded';

/** Of steps that wait: for a time, a signal, a task token, or the end of a child. */
export function waits(state: SagaState, event: Extract<SagaEvent, { readonly type: Wait }>): void {
  switch (event.type) {
    case 'StepDeferred':
      return stepDeferred(state, event.data);
    case 'HeartbeatReceived':
      return heartbeatReceived(state, event.data);
    case 'ChildAskedAgain':
      return childAskedAgain(state, event.data);
    case 'TimerSet':
      return timerSet(state, event.data);
    case 'TimerFired':
      return timerFired(state, event.data);
    case 'SignalReceived':
      return signalReceived(state, event.data);
    case 'SignalAwaited':
      return signalAwaited(state, event.data);
    case 'SignalDiscarded':
      return takeSignal(state, stepOf(state, event.data.step), event.data.signal);
  }
}
