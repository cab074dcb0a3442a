import { decide, type Input, isEnded, type SagaState, SkaldError, statusOf, type TaskInput } from '@skald/kernel';
import type { Observer } from '../observer.js';
import { brief, refusal, refusing, stamped, type Turn, type TurnInput, WriteDraft } from '../turn.js';

/**
 * The turn of a saga whose key was dropped. Nothing can be asked of anybody on its behalf any more: it is suspended, with `payload-dropped`, and
 * stays so. What participants answer is still recorded, without its payload, and an operator may terminate it; everybody else is refused.
 */
export function takeDropped(input: TurnInput, observer: Required<Observer>): Turn {
  const { sagaId, deliveries, activated, now } = input;
  const { state } = activated;
  const error = new SkaldError('payload-dropped', { sagaId });
  const program = refusing(error);
  const draft = new WriteDraft(sagaId, activated);
  const isOver = state.phase === 'new' || isEnded(statusOf(state));
  if (!isOver && !state.parked.has('program'))
    draft.add(decide(program, state, { type: 'fault', at: now, error: brief(error) }), undefined);
  for (const { message } of deliveries) {
    const said = recorded(message.input, state.phase, isOver);
    if (said) draft.add(decide(program, state, stamped(said, now)), message);
    else if ('request' in message.input) draft.answer(...refusal(message, error));
    else if (message.input.type === 'reply')
      observer.troubled('an answer to a saga that has ended, and whose key was dropped, is left out', error, sagaId);
  }
  return draft.finish(input, deliveries.length);
}

/** What is recorded all the same: while the saga is held by its program it requests nothing. A parent is told what is known of its child. */
function recorded(input: Input, phase: SagaState['phase'], isOver: boolean): Exclude<Input, TaskInput> | undefined {
  if (input.type === 'asked') return input.operation === 'action' && phase !== 'new' ? input : undefined;
  if (isOver) return undefined;
  return input.type === 'reply' || (input.type === 'operator' && input.action === 'terminate') ? input : undefined;
}
