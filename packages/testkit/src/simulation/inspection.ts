/**
 * What is looked at in every decision of a simulated saga.
 *
 * Invariants, reported as violations
 * W1  The same message on the same state tells nothing new, and an accepted request is answered as it was.
 * W2  A wake leaves nothing due: the next thing falls due later, or never.
 * W3  A state folded from the history equals the one that decided (at crashes and at the end; when thorough, after every decision).
 * W4  A decision is pure: the same again on a folded state (when thorough).
 * W5  What is owed is what was requested last: operation, attempt and idempotency key.
 * W6  A technical failure tells of the attempt it answers, and of no other; what a child says of itself is true whenever it was asked.
 * W7  Only actions of steps say until when they are valid, and while the deadline is to come none is valid for longer.
 * W8  An action is asked with the same arguments as long as its key is the same.
 */
import { isDeepStrictEqual } from 'node:util';
import { type CommandMessage, type Decision, type Message, nextDue, type SagaState } from '@skald/kernel';

type Report = (violation: string) => void;

export function inspectDecision(message: Message, { events, state }: Decision, commands: readonly CommandMessage[], report: Report): void {
  for (const command of commands) {
    const wrong = wrongCommand(command, events);
    const expires = command.operation === 'action' && command.purpose === 'step';
    if (command.validUntil !== undefined && !expires) report(`W7 ${command.operation} of ${command.key} expires`);
    const deadline = state.pivotPassed ? undefined : state.timers.get('deadline');
    if (expires && deadline !== undefined && !((command.validUntil ?? Infinity) <= deadline))
      report(`W7 ${command.key} outlasts the deadline`);
    if (wrong !== undefined) report(`W5 ${command.operation} of ${command.key} ${wrong}`);
  }
  if (message.type !== 'reply') return;
  for (const event of events) {
    const own = event.type === 'StepSealFailed' || (event.type === 'StepFailed' && event.data.kind === 'technical');
    if (own && !event.data.error.name.startsWith('Child') && event.data.attempt !== message.attempt)
      report(`W6 attempt ${message.attempt} was answered, and ${event.data.attempt} failed`);
  }
}

function wrongCommand(command: CommandMessage, events: Decision['events']): string | undefined {
  const { step, purpose, operation, round, attempt, undoRound, key } = command;
  const action = `${command.sagaId}/${command.incarnation}/${step}${round > 1 ? `#${round}` : ''}`;
  for (let at = events.length - 1; at >= 0; at--) {
    const event = events[at];
    // The same once more: that it was asked first is looked at then.
    if (event?.type === 'ChildAskedAgain' && event.data.target === `${purpose}:${step}`) return undefined;
    if (event?.type === 'CompensationRequested' && purpose === 'compensation' && event.data.step === step) {
      const own = operation === 'action';
      const expected = own ? `${action}:undo${undoRound > 1 ? `#${undoRound}` : ''}` : action;
      const fits = event.data.attempt === attempt && event.data.round === undoRound && key === expected;
      return fits ? undefined : `is not what was requested: ${JSON.stringify(event.data)}`;
    }
    if ((event?.type === 'StepRequested' || event?.type === 'StepSealRequested') && purpose === 'step' && event.data.step === step) {
      const expected = event.type === 'StepRequested' ? 'action' : 'seal';
      const fits = operation === expected && event.data.attempt === attempt && event.data.round === round && key === action;
      return fits ? undefined : `is not what was requested: ${JSON.stringify(event.data)}`;
    }
  }
  return 'was not requested';
}

/** W8. `asked`: the arguments of every key so far. */
export function inspectArguments(commands: readonly CommandMessage[], asked: Map<string, string>, report: Report): void {
  for (const { operation, purpose, key, args } of commands) {
    if (operation !== 'action' || purpose !== 'step') continue;
    const text = JSON.stringify(args);
    const before = asked.get(key) ?? text;
    asked.set(key, before);
    if (before !== text) report(`W8 ${key} was asked with ${before}, and is asked with ${text}`);
  }
}

export function inspectRepeat(message: Message, first: Decision, again: Decision, report: Report): void {
  if (again.events.length > 0) report(`W1 ${JSON.stringify(message)} again gave ${again.events.map(({ type }) => type).join(', ')}`);
  if (first.answer?.accepted && !isDeepStrictEqual(again.answer, first.answer)) {
    // A cancel that waited for the pivot may have been refused in the same decision.
    const resolved = message.type === 'cancel' && first.answer.pending;
    if (!resolved) report(`W1 ${message.type} was answered ${JSON.stringify(first.answer)}, then ${JSON.stringify(again.answer)}`);
  }
  const due = message.type === 'wake' ? nextDue(again.state) : undefined;
  if (due !== undefined && due <= message.at) report(`W2 a wake at ${message.at} leaves something due at ${due}`);
}

export function inspectPurity(message: Message, decision: Decision, again: Decision, report: Report): void {
  if (!isDeepStrictEqual(again.events, decision.events)) report(`W4 ${message.type} was decided in two ways`);
  if (!isDeepStrictEqual(again.answer, decision.answer)) report(`W4 ${message.type} was answered in two ways`);
}

/** Bookkeeping that must fit together in any state. */
export function inspectState(state: SagaState, report: Report): void {
  const over = state.phase === 'ended' && !state.reopened;
  if (over && (state.owed.size > 0 || state.timers.size > 0)) report('an ended saga owes something, or has timers');
  if (over && (state.parked.size > 0 || state.heldSince !== undefined)) report('an ended saga waits for a person');
  for (const target of state.owed.keys()) {
    if (state.parked.has(target)) report(`${target} is owed and waits for a person`);
    if (!state.timers.has(target)) report(`${target} is owed and nothing falls due if it is lost`);
  }
  for (const { id, kind, status } of state.steps.values())
    if (kind === 'timer' && status === 'waiting' && !state.timers.has(`step:${id}`)) report(`${id} waits for no time`);
  for (const { id, status, dueAt, heartbeatAt } of state.steps.values()) {
    if (status !== 'deferred' || state.phase === 'ended') continue;
    const due = Math.min(dueAt, heartbeatAt ?? dueAt);
    if (state.timers.get(`step:${id}`) !== due) report(`${id} is deferred until ${due}, and that is not when it falls due`);
  }
  for (const id of state.undoReady) if (state.steps.get(id)?.clear) report(`${id} is to be undone, and there is nothing to undo`);
}
