/**
 * The whole idea.
 *
 *     message → decide(program, state, message) → events → evolve → state
 *                                               ↘ outstanding(state): what the world is owed
 *
 * A message is first recorded as a fact: what it says has happened, whoever else likes it or not. No user code runs for that, so it
 * cannot fail. Then the saga advances: its program says what comes next, the kernel turns that into events, and this repeats until
 * nothing new comes. Commands are not sent from here. They are what the state owes, so a crash loses none and a repeat doubles none.
 *
 * Invariants
 * D1  Pure: the same program, state and message give the same events. Time is `message.at`; there is no chance and no I/O.
 * D2  `state` is consumed: it belongs to the decision and has evolved by its events. Should they not be stored, drop it and fold again.
 * D3  A message that tells nothing new gives no events.
 * D4  A program that throws suspends its saga; the fact that was recorded stays.
 */
import { advance } from './deciding/advance.js';
import { answerTo, recordAsked } from './deciding/asked.js';
import { recordReply } from './deciding/replies.js';
import { recordSignal } from './deciding/signals.js';
import { recordSlot } from './deciding/slots.js';
import { recordCancel, recordFault, recordOperator, recordStart } from './deciding/steering.js';
import { recordTask } from './deciding/tasks.js';
import { recordDue } from './deciding/timers.js';
import type { DataOf, EventType, SagaEvent } from './history/events.js';
import { evolve } from './history/evolve.js';
import { initialState } from './history/initial-state.js';
import type { Answer, Message, Reply } from './messages.js';
import type { Program } from './program.js';
import type { SagaState } from './state/state.js';

export interface Decision {
  /** To be appended in one write, before anything depends on them. Empty: the message told nothing new. */
  readonly events: readonly SagaEvent[];
  readonly state: SagaState;
  /** For whoever sent a start, a signal, a task, a cancel or an operator's action. */
  readonly answer?: Answer;
  /** For the saga whose step asked. */
  readonly reply?: Reply;
  /** Why a message told nothing new; counted and traced, never stored. */
  readonly note?: Note;
}

/** duplicate: known already · stray: matches nothing that is owed · conflict: another outcome than the one on record. */
export type Note = 'duplicate' | 'stray' | 'conflict';

/** A decision in the making: every event that is emitted has already been evolved into `state`. */
export class Draft {
  readonly events: SagaEvent[] = [];
  answer: Answer | undefined;
  note: Note | undefined;
  /** Of what items of maps are asked for in this decision. */
  characters = 0;

  constructor(
    readonly state: SagaState,
    readonly at: number,
  ) {}

  emit<Type extends EventType>(type: Type, data: DataOf<Type>): void {
    const event = { type, at: this.at, data } as SagaEvent;
    evolve(this.state, event);
    this.events.push(event);
  }
}

export function decide(program: Program, state: SagaState, message: Message): Decision {
  const draft = new Draft(state, message.at);
  record(draft, message);
  // A refusal on record changes nothing that anything could follow from.
  if (draft.events.length > 0 && draft.answer?.accepted !== false) advance(draft, program);
  const { events, answer, note } = draft;
  const reply = message.type === 'asked' && answerTo(state, message);
  return { events, state, ...(answer && { answer }), ...(reply && { reply }), ...(note && { note }) };
}

function record(draft: Draft, message: Message): void {
  switch (message.type) {
    case 'start':
      return recordStart(draft, message);
    case 'asked':
      return recordAsked(draft, message);
    case 'reply':
      return recordReply(draft, message);
    case 'wake':
      return recordDue(draft);
    case 'signal':
      return recordSignal(draft, message);
    case 'task':
      return recordTask(draft, message);
    case 'cancel':
      return recordCancel(draft, message);
    case 'operator':
      return recordOperator(draft, message);
    case 'slot':
      return recordSlot(draft, message);
    case 'fault':
      return recordFault(draft, message);
  }
}

/** The state after a history: recovery is this, and what `outstanding` then says. */
export function fold(events: Iterable<SagaEvent>): SagaState {
  let state = initialState();
  for (const event of events) state = evolve(state, event);
  return state;
}
