/** Words for what is in other hands: whoever has a task token, a saga that a step started, or the saga that started this one. */
import type { DataOf, SagaEvent } from '@skald/kernel';
import { duration, plain } from '../terminal/plain-text.js';
import type { Wording } from './wording.js';

export function underWay({ step }: DataOf<'StepDeferred'>): Wording {
  return { mark: '◷', tone: 'plain', text: `${plain(step)} is under way` };
}

/** What passes between a saga and the sagas that its steps start. */
export function related(event: Extract<SagaEvent, { readonly type: 'ChildAskedAgain' | 'WithdrawnByParent' }>): Wording {
  if (event.type === 'ChildAskedAgain') return { mark: '↻', tone: 'plain', text: `${plain(event.data.target)} is asked once more` };
  return { mark: '↩', tone: 'back', text: 'the saga that started it does not want it any more' };
}

export function deferring(event: Extract<SagaEvent, { readonly type: 'StepDeferred' | 'HeartbeatReceived' }>): Wording {
  const step = plain(event.data.step);
  const { heartbeatAt } = event.data;
  const next = heartbeatAt === undefined ? '' : `, the next heartbeat due in ${duration(heartbeatAt - event.at)}`;
  if (event.type === 'HeartbeatReceived') return { mark: '♥', tone: 'plain', text: `${step} is being worked on${next}` };
  return { mark: '◷', tone: 'plain', text: `${step} is answered later, within ${duration(event.data.dueAt - event.at)}${next}` };
}
