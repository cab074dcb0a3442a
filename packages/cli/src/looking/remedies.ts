import { isEnded, type OperatorAction } from '@skald/kernel';
import { quoted } from '../terminal/shell-words.js';
import type { ParkedFacts, SagaFacts } from './saga-facts.js';

/** A command line that would help, and what it does. */
export interface Remedy {
  readonly command: string;
  readonly does: string;
}

const OF_STEP: Readonly<Record<string, string>> = {
  retry: 'ask again',
  skip: 'go on without it',
  succeed: 'it did happen, with this result',
  fail: 'it did not happen, and never will',
  resume: 'go on',
  patch: 'ask again, with other arguments',
} satisfies Partial<Record<OperatorAction | 'patch', string>>;

const OF_COMPENSATION: Readonly<Record<string, string>> = {
  retry: 'ask again that it be undone',
  patch: 'ask again, with other arguments',
  skip: 'leave what it did as it is',
  succeed: 'it was undone, by other means',
};

/** What a person can do about something that is parked. */
export function remediesOf({ sagaId, parked }: Pick<SagaFacts, 'sagaId' | 'parked'>, { target, actions }: ParkedFacts): Remedy[] {
  // What is the only one needs no name.
  const named = parked.length === 1 ? '' : ` ${quoted(target)}`;
  const words = target.startsWith('compensation:') ? OF_COMPENSATION : OF_STEP;
  return actions
    .filter((action) => target !== 'program' || action !== 'resume')
    .map((action) => {
      const isResult = action === 'succeed' && target.startsWith('step:');
      const rest = isResult ? ` ${quoted(target)} '<result as JSON>'` : `${named}${action === 'patch' ? " --args '<JSON list>'" : ''}`;
      return { command: `skald ${action} ${quoted(sagaId)}${rest}`, does: words[action] ?? action };
    });
}

/** What else a person can do with the saga as it stands. */
export function otherRemedies({ sagaId, status, heldSince, pivotPassed, turnedBack, steps }: SagaFacts): Remedy[] {
  if (isEnded(status)) return [];
  const id = quoted(sagaId);
  const waits = steps.filter((step) => step.status === 'waiting');
  const deferred = steps.filter((step) => step.status === 'deferred').slice(0, MOST_DEFERRED);
  return [
    ...(heldSince === undefined ? [] : [{ command: `skald resume ${id}`, does: 'go on' }]),
    ...waits.flatMap(({ id: step, kind, signal }) => [
      ...(signal === undefined
        ? []
        : [{ command: `skald signal ${id} ${quoted(signal)} '<payload as JSON>'`, does: 'tell it what it waits for' }]),
      ...(kind === 'timer' ? [{ command: `skald move ${id} ${quoted(step)} --until now`, does: 'wait no longer' }] : []),
    ]),
    ...deferred.flatMap(({ id: step, child }) => (child === undefined ? forWhoHasIt(id, quoted(step)) : [lookAt(child)])),
    ...(pivotPassed || turnedBack ? [] : [{ command: `skald cancel ${id}`, does: 'turn back, and undo what was done' }]),
  ];
}

/** A map may have a hundred items in other hands at once. */
const MOST_DEFERRED = 5;

/** A person may speak for whoever has the task token. */
function forWhoHasIt(saga: string, step: string): Remedy[] {
  return [
    { command: `skald succeed ${saga} ${step} '<result as JSON>'`, does: `${step} did happen, with this result` },
    { command: `skald fail ${saga} ${step}`, does: `${step} did not happen, and never will` },
  ];
}

function lookAt(child: string): Remedy {
  return { command: `skald show ${quoted(child)}`, does: 'the saga that it waits for' };
}
