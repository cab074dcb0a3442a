/** Words for steps that wait: for a time, or for a signal. */
import type { SagaEvent } from '@skald/kernel';
import { duration, errorText, json, moment, plain } from '../terminal/plain-text.js';
import type { Wording } from './wording.js';

export function waiting(event: Extract<SagaEvent, { readonly type: 'TimerSet' | 'TimerFired' }>): Wording {
  const step = plain(event.data.step);
  if (event.type === 'TimerFired') return { mark: '✔', tone: 'good', text: `${step} has waited long enough` };
  const { dueAt } = event.data;
  const text =
    dueAt <= event.at ? `${step} waits for a time that has come` : `${step} waits ${duration(dueAt - event.at)}, until ${moment(dueAt)}`;
  return { mark: '◷', tone: 'plain', text };
}

export function signalling(event: Extract<SagaEvent, { readonly type: 'SignalReceived' | 'SignalAwaited' | 'SignalDiscarded' }>): Wording {
  switch (event.type) {
    case 'SignalReceived': {
      const { name, payload, by } = event.data;
      const what = payload === undefined ? '' : ` ${json(payload)}`;
      return { mark: '✉', tone: 'person', text: `${by === undefined ? '' : `${plain(by)} sends `}signal ${plain(name)}${what}` };
    }
    case 'SignalAwaited': {
      const { step, signal, dueAt, onTimeout } = event.data;
      const otherwise = onTimeout === 'skip' ? ', and is skipped then' : '';
      const until = dueAt === undefined ? '' : ` for ${duration(dueAt - event.at)}${otherwise}`;
      return { mark: '◷', tone: 'plain', text: `${plain(step)} waits for signal ${plain(signal)}${until}` };
    }
    case 'SignalDiscarded':
      return { mark: '✘', tone: 'bad', text: `${plain(event.data.step)} cannot take the signal: ${errorText(event.data.error)}` };
  }
}
