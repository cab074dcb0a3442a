import {
  type Decision,
  type Delivery,
  decide,
  evolve,
  type InboxMessage,
  initialState,
  isEnded,
  LONGEST_EXPRESS,
  type Message,
  nextDue,
  type Program,
  type SagaEvent,
  type SagaState,
  statusOf,
} from '@skald/kernel';
import type { Observer } from '../observer.js';
import { brief } from '../turn.js';

/** Whoever asked for the saga, and the message that is kept until it has ended. */
export type StartDelivery = Delivery<InboxMessage>;

/** An express saga in memory: what a stream would hold, and who waits for it. */
export class ExpressRun {
  /** Its whole history, as a standard saga's. */
  readonly events: SagaEvent[] = [];
  /** Of each event: the kind of message that was decided on. */
  readonly causes: string[] = [];
  readonly starts: StartDelivery[] = [];
  /** Revision up to which its commands are with the bus. */
  published = -1;
  /** It has ended or is to go on as a standard saga, and that is being stored. */
  isSettling = false;
  /** What came of it is stored, or needs not be: only a success that comes late is still of interest. */
  isOver = false;
  /** Its summary is stored, so that its history would follow that. */
  summary: { readonly head: string } | undefined;
  private current = initialState();

  constructor(
    readonly sagaId: string,
    readonly program: Program,
    private readonly observer: Pick<Required<Observer>, 'recorded'>,
  ) {}

  get state(): SagaState {
    return this.current;
  }

  /** Decides, and remembers the events. A decision that throws suspends the saga: somebody has to look. */
  take(message: Message): Decision {
    try {
      return this.keep(decide(this.program, this.current, message), message.type);
    } catch (thrown) {
      this.current = this.events.reduce(evolve, initialState());
      return this.fault(message.at, thrown);
    }
  }

  /** It cannot go on, for this reason. */
  fault(at: number, reason: unknown): Decision {
    return this.keep(decide(this.program, this.current, { type: 'fault', at, error: brief(reason) }), 'fault');
  }

  private keep(decision: Decision, cause: string): Decision {
    for (const event of decision.events) {
      this.events.push(event);
      this.causes.push(cause);
    }
    if (decision.events.length > 0) this.observer.recorded(this.current, decision.events);
    return decision;
  }

  get hasEnded(): boolean {
    return isEnded(statusOf(this.current));
  }

  /** Why it must go on as a standard saga, if it must. */
  promotion(now: number): string | undefined {
    const { state } = this;
    if (this.isOver) return state.reopened ? 'a success came after it had ended, and is undone' : undefined;
    const [parked] = state.parked;
    if (parked) return `${parked[0]} waits for a person: ${parked[1].error.name}: ${parked[1].error.message}`;
    if ([...state.steps.values()].some(({ status }) => status === 'deferred')) return 'a step of it is answered later';
    return now >= state.startedAt + LONGEST_EXPRESS ? `it is under way for ${LONGEST_EXPRESS} ms` : undefined;
  }

  /** When something in it falls due, the end of its time at the latest. */
  get dueAt(): number {
    const last = this.current.startedAt + LONGEST_EXPRESS;
    return Math.min(nextDue(this.current) ?? last, last);
  }
}
