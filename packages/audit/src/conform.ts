/**
 * Would these definitions have decided as it was recorded?
 *
 * Invariants
 * N1  Each message is read back from its fact and decided on anew, on the state that the record gives; what comes out is compared event by
 *     event, compensation included. Nothing is sent and nothing is stored.
 * N2  The first difference is told, and no later one: after it the two histories are two.
 * N3  A difference by which a registered change of the kernel shows, on an event recorded before it, is excused and noted.
 */
import { decodeEvent, type Metadata } from '@skald/engine';
import {
  canonicalJson,
  decide,
  evolve,
  fold,
  initialState,
  type Program,
  REPLAY_CHANGES,
  type RecordedEvent,
  type ReplayChange,
  type SagaEvent,
  type SagaState,
} from '@skald/kernel';
import { type CausedEvent, messageBehind, unreadable } from './causes.js';
import { ReplayedProgram } from './replayed-program.js';

/** Where the record and the definition part. */
export interface Difference {
  readonly revision: number;
  /** What the history has there; undefined where the definition would have recorded more in that decision. */
  readonly recorded: SagaEvent | undefined;
  /** What the definition would have recorded; undefined where it would have recorded nothing more. */
  readonly decided: SagaEvent | undefined;
}

export interface Replay {
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  readonly decisions: number;
  readonly difference: Difference | undefined;
  /** What differs and does no harm: times, retry policies, excused changes of the kernel. */
  readonly notes: readonly string[];
  /** As recorded. */
  readonly state: SagaState;
}

/** The events of one stream, as they are stored, with what is known of the decisions that they come from. Throws `history-unreadable`. */
export function causedEvents(events: readonly RecordedEvent[]): CausedEvent[] {
  return events.map((recorded) => {
    const event = decodeEvent(recorded);
    const { cause, replay = 0 } = JSON.parse(recorded.metadata) as Metadata;
    return { event, cause: String(cause), replay };
  });
}

/** The saga that a history begins with, and its version. */
export function sagaOf([first]: readonly CausedEvent[]): { readonly saga: string; readonly version: number } {
  const known = first?.event.type === 'SagaStarted' || first?.event.type === 'ExpressSagaEnded' ? first.event.data : undefined;
  return { saga: known?.saga ?? '', version: known?.version ?? 0 };
}

/** Replays the history of one saga. Throws `history-unreadable` where it cannot be folded. */
export function replayHistory(
  history: readonly CausedEvent[],
  program: Program,
  changes: readonly ReplayChange[] = REPLAY_CHANGES,
): Replay {
  return new HistoryReplay(history, program, changes).run();
}

class HistoryReplay {
  private readonly program: ReplayedProgram;
  private state = initialState();
  /** Revision of the first event that is not compared yet. */
  private next = 0;
  private decisions = 0;
  private readonly excused = new Set<string>();

  constructor(
    private readonly history: readonly CausedEvent[],
    program: Program,
    private readonly changes: readonly ReplayChange[],
  ) {
    this.program = new ReplayedProgram(program, history);
  }

  run(): Replay {
    this.passSummary();
    let difference: Difference | undefined;
    for (let first = this.history[this.next]; first && !difference; first = this.history[this.next]) difference = this.decideAnew(first);
    const state = this.fold(this.history.length);
    const notes = [...this.program.notes.values(), ...this.excused];
    const { sagaId, saga, version } = state;
    return { sagaId, saga, version, decisions: this.decisions, difference, notes, state };
  }

  /** Of an express saga only its end is on record: how it came to that cannot be decided anew. What follows it can. */
  private passSummary(): void {
    if (this.history[0]?.event.type !== 'ExpressSagaEnded') return;
    this.next = 1;
    this.state = this.fold(1);
  }

  /** One decision, the one that recorded `first`. */
  private decideAnew(first: CausedEvent): Difference | undefined {
    this.decisions += 1;
    const difference = this.compare(first, this.decided(first));
    if (!difference) return undefined;
    const excuse = this.excuse(difference);
    if (!excuse) return difference;
    this.excused.add(`replay change ${excuse.number} (${excuse.since}): ${excuse.what}`);
    this.next = this.endOfDecision(first);
    this.state = this.fold(this.next);
    return undefined;
  }

  /** A definition whose code throws is suspended by the decision; what else throws (too many directives) decides nothing. */
  private decided(first: CausedEvent): readonly SagaEvent[] {
    const message = messageBehind(first, this.state, this.history[this.next + 1]);
    if (!message) return [];
    this.program.cause = first.cause;
    try {
      return decide(this.program, this.state, message).events;
    } catch {
      return [];
    }
  }

  private compare(first: CausedEvent, decided: readonly SagaEvent[]): Difference | undefined {
    for (const [nth, event] of decided.entries()) {
      const revision = this.next + nth;
      const there = this.history[revision];
      const recorded = there && belongsTo(first, there) ? there.event : undefined;
      if (recorded && isSame(recorded, event)) continue;
      return { revision, recorded: recorded && this.program.spelledOut(recorded), decided: this.program.spelledOut(event) };
    }
    if (decided.length === 0) return { revision: this.next, recorded: first.event, decided: undefined };
    this.next += decided.length;
    return undefined;
  }

  /** N3 */
  private excuse({ revision, recorded, decided }: Difference): ReplayChange | undefined {
    const { replay } = this.history[Math.min(revision, this.history.length - 1)] ?? { replay: 0 };
    const types = [recorded?.type, decided?.type];
    return this.changes.find(({ number, affects }) => number > replay && affects.some((type) => types.includes(type)));
  }

  private endOfDecision(first: CausedEvent): number {
    let end = this.next;
    while (end < this.history.length && belongsTo(first, this.history[end])) end += 1;
    return Math.max(end, this.next + 1);
  }

  private fold(length: number): SagaState {
    const events = this.history.slice(0, length).map(({ event }) => event);
    let state = initialState();
    for (const [revision, event] of events.entries()) {
      try {
        state = evolve(state, event);
      } catch (cause) {
        throw unreadable(fold(events.slice(0, 1)).sagaId, revision, cause);
      }
    }
    return state;
  }
}

/** Of one decision; or of two on messages of one kind that were taken at the same moment, which comes to the same. */
function belongsTo(first: CausedEvent, other: CausedEvent | undefined): boolean {
  return other?.cause === first.cause && other.event.at === first.event.at;
}

function isSame(recorded: SagaEvent, decided: SagaEvent): boolean {
  return recorded.type === decided.type && (textOf(recorded) === textOf(decided) || canonical(recorded) === canonical(decided));
}

function textOf({ data }: SagaEvent): string {
  return JSON.stringify(data);
}

/** As it would have been read again. */
function canonical({ data }: SagaEvent): string {
  return canonicalJson(JSON.parse(JSON.stringify(data)));
}
