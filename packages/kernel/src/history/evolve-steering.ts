import type { Answer } from '../messages.js';
import type { SagaState } from '../state/state.js';
import type { CancelRefused, CancelRequested, DataOf, DeadlinePassed, OperatorIntervened, RequestRefused } from './events.js';
import { evolveOperator } from './evolve-operator.js';

type Steering = OperatorIntervened | RequestRefused | CancelRequested | CancelRefused | DeadlinePassed;

/** What people and the deadline say to a saga. Whoever asked gets the same answer again. */
export function evolveSteering(state: SagaState, event: Steering): void {
  switch (event.type) {
    case 'OperatorIntervened':
      return evolveOperator(state, event);
    case 'RequestRefused':
      state.refusals += 1;
      state.answers.set(event.data.request, refusalOf(event.data));
      return;
    case 'CancelRequested':
      state.cancel = event.data;
      state.answers.set(event.data.request, {
        accepted: true,
        revision: state.revision,
        ...(state.pivotsOpen.size > 0 && { pending: true }),
      });
      return;
    case 'CancelRefused':
      state.cancel = undefined;
      if (state.withdrawn > 0) state.toldAt = state.revision;
      state.answers.set(event.data.request, { accepted: false, code: 'past-pivot' });
      return;
    case 'DeadlinePassed':
      state.deadlinePassed = true;
      state.timers.delete('deadline');
  }
}

function refusalOf({ code, details }: DataOf<'RequestRefused'>): Answer {
  return { accepted: false, code, ...(details && { details }) };
}

export function suspended(state: SagaState, data: DataOf<'SagaSuspended'>, at: number): void {
  state.parked.set(data.target, { error: data.error, since: at, revision: state.revision });
  if (data.target.startsWith('compensation:')) state.undoReady.delete(data.target.slice('compensation:'.length));
}
