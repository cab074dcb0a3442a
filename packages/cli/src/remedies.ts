import { isEnded, type OperatorAction } from '@skald/kernel';
import type { ParkedFacts, SagaFacts } from './saga-facts.js';
import { quoted } from './shell-words.js';

/** A command line that would help, and what it does. */
export interface Remedy {
  readonly command: string;
  readonly does: string;
}

const OF_STEP: Readonly<Record<string, string>> = {
  retry: 'ask again',
  skip: 'go on without it; what it did, if anything, stays',
  succeed: 'it did happen, and this is its result',
  fail: 'it did not happen, and never will',
  resume: 'go on',
  patch: 'correct what it asks, and ask again',
} satisfies Partial<Record<OperatorAction | 'patch', string>>;

const OF_COMPENSATION: Readonly<Record<string, string>> = {
  retry: 'ask again that it be undone',
  skip: 'leave what the step did as it is',
  succeed: 'it has been undone, by other means',
};

/** What a person can do about something that is parked. */
export function remediesOf({ sagaId }: Pick<SagaFacts, 'sagaId'>, { target, actions }: ParkedFacts): Remedy[] {
  const words = target.startsWith('compensation:') ? OF_COMPENSATION : OF_STEP;
  return actions
    .filter((action) => target !== 'program' || action !== 'resume')
    .map((action) => {
      const result = action === 'succeed' && target.startsWith('step:') ? " '<result as JSON>'" : '';
      return { command: `skald ${action} ${quoted(sagaId)} ${quoted(target)}${result}`, does: words[action] ?? action };
    });
}

/** What else a person can do with the saga as it stands. */
export function otherRemedies({ sagaId, status, heldSince, pivotPassed, turnedBack, steps }: SagaFacts): Remedy[] {
  if (isEnded(status)) return [];
  const id = quoted(sagaId);
  const waits = steps.filter((step) => step.status === 'waiting');
  return [
    ...(heldSince === undefined ? [] : [{ command: `skald resume ${id}`, does: 'go on' }]),
    ...waits.flatMap(({ id: step, kind, signal }) => [
      ...(signal === undefined
        ? []
        : [{ command: `skald signal ${id} ${quoted(signal)} '<payload as JSON>'`, does: 'tell it what it waits for' }]),
      ...(kind === 'timer' ? [{ command: `skald move ${id} ${quoted(step)} --until now`, does: 'wait no longer' }] : []),
    ]),
    ...(pivotPassed || turnedBack ? [] : [{ command: `skald cancel ${id}`, does: 'turn back, and undo what was done' }]),
  ];
}
