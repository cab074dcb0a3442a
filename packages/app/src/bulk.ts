/**
 * The same done to many sagas.
 *
 * Invariants
 * B1  What is done to a saga has a request id made from that of the whole: a repeat, after a crash say, does nothing twice and counts what was
 *     done before as done.
 * B2  Sagas come in the order of the list, newest first, a page at a time; one that was started meanwhile is not met.
 * B3  Each saga decides for itself: what the list says of it may be old, and what is not possible is refused, counted, and stops nothing.
 */
import {
  type Cancel,
  type Clock,
  type Duration,
  type IndexPage,
  type IndexQuery,
  milliseconds,
  type Operator,
  refusedCancel,
  refusedOperator,
  type SagaState,
  type SagaStatus,
  type SagaSummary,
  SkaldError,
  type Target,
  whyNotAgain,
} from '@skald/kernel';

export interface BulkFilter {
  readonly saga?: string;
  /** Default: those to which the action can be done at all. */
  readonly status?: readonly SagaStatus[];
  /** In this status for at least so long. */
  readonly olderThan?: Duration;
  /** Started before this time (a date, or epoch milliseconds). */
  readonly startedBefore?: Date | number;
  /** Part of the error that the list shows. */
  readonly error?: string;
}

/** Without a target: everything that is parked in the saga. */
export type BulkAction =
  | { readonly do: 'cancel' | 'suspend' | 'resume' | 'terminate' | 'start-again' }
  | { readonly do: 'retry' | 'skip' | 'fail'; readonly target?: Target }
  | { readonly do: 'succeed'; readonly target?: Target; readonly result?: unknown }
  | { readonly do: 'patch'; readonly target: Target; readonly args: readonly unknown[] }
  /** `null`: none any more. */
  | { readonly do: 'deadline'; readonly until: Date | number | null };

export interface BulkOptions {
  /** To which sagas. */
  readonly filter: BulkFilter;
  /** What is done to each. */
  readonly action: BulkAction;
  /** Who does it; recorded with each. */
  readonly by: string;
  /** Why; recorded with each. */
  readonly reason: string;
  /** Id of the whole. The same again goes on with it. Default: a new unique id. */
  readonly id?: string;
  /** Only says what would happen. Default false. */
  readonly dryRun?: boolean;
  /** Sagas at the same time, 1 to 1,000. Default 16. */
  readonly concurrency?: number;
  /** Number of sagas in a second, at most. Default: as many as go. */
  readonly perSecond?: number;
  /** Ends it between two sagas: `app-stopped`. Default: it goes on to the end. */
  readonly signal?: AbortSignal;
}

/** What came, or would come, of it for one saga. */
export interface BulkStep {
  readonly sagaId: string;
  /** Code of the refusal; absent: done. */
  readonly refused?: string;
  readonly progress: BulkProgress;
}

export interface BulkProgress {
  readonly matched: number;
  /** In a dry run: that would be. */
  readonly done: number;
  readonly refused: Readonly<Record<string, number>>;
}

export interface BulkOutcome extends BulkProgress {
  readonly id: string;
}

export interface BulkPorts {
  list(query: IndexQuery): Promise<IndexPage>;
  get(sagaId: string): Promise<SagaState>;
  ask(sagaId: string, question: Omit<Cancel, 'at'> | Omit<Operator, 'at'>): Promise<unknown>;
  startAgain(sagaId: string, options: { readonly by: string; readonly reason: string }): Promise<unknown>;
  readonly clock: Clock;
}

const PAGE = 200;
const UNENDED: readonly SagaStatus[] = ['running', 'throttled', 'compensating', 'suspended'];
const STATUSES: Readonly<Record<BulkAction['do'], readonly SagaStatus[]>> = {
  cancel: ['running', 'throttled', 'suspended'],
  suspend: ['running', 'throttled', 'compensating'],
  terminate: UNENDED,
  deadline: ['running', 'throttled', 'suspended'],
  resume: ['suspended'],
  retry: ['suspended'],
  skip: ['suspended'],
  fail: ['suspended'],
  succeed: ['suspended'],
  patch: ['suspended'],
  'start-again': ['failed', 'compensated', 'cancelled', 'terminated'],
};

/** Rejects with `invalid-duration`, what the list rejects with, or `app-stopped`. `onStep` is told of every saga. */
export async function bulk(id: string, options: BulkOptions, ports: BulkPorts, onStep: (step: BulkStep) => void): Promise<BulkOutcome> {
  const run = new Bulk(id, options, ports, onStep);
  const workers = Math.min(1_000, Math.max(1, Math.floor(options.concurrency ?? 16)));
  const matching = run.matching();
  // The first that fails ends all: none takes another saga then.
  await Promise.all(Array.from({ length: workers }, () => run.work(matching)));
  return { id, ...run.progress };
}

class Bulk {
  private matched = 0;
  private done = 0;
  private readonly refused: Record<string, number> = {};
  private readonly until: { readonly since: number; readonly started: number };
  private nextTurn = 0;
  private failed = false;

  constructor(
    private readonly id: string,
    private readonly options: BulkOptions,
    private readonly ports: BulkPorts,
    private readonly onStep: (step: BulkStep) => void,
  ) {
    const { olderThan, startedBefore } = options.filter;
    this.until = {
      since: olderThan === undefined ? Number.POSITIVE_INFINITY : ports.clock.now() - milliseconds(olderThan, 'olderThan'),
      started: startedBefore === undefined ? Number.POSITIVE_INFINITY : Number(startedBefore),
    };
  }

  get progress(): BulkProgress {
    return { matched: this.matched, done: this.done, refused: { ...this.refused } };
  }

  /** B2 */
  async *matching(): AsyncGenerator<SagaSummary> {
    const { saga, status = STATUSES[this.options.action.do] } = this.options.filter;
    for (let after: string | undefined; ; ) {
      const page = await this.ports.list({
        status,
        limit: PAGE,
        ...(saga !== undefined && { saga }),
        ...(after !== undefined && { after }),
      });
      for (const summary of page.sagas) if (this.fits(summary)) yield summary;
      if (page.next === undefined) return;
      after = page.next;
    }
  }

  async work(matching: AsyncGenerator<SagaSummary>): Promise<void> {
    try {
      for (;;) {
        this.checkGoingOn();
        const { value } = await matching.next();
        if (!value) return;
        this.matched += 1;
        await this.turn();
        this.checkGoingOn();
        const refused = await this.take(value.sagaId);
        if (refused === undefined) this.done += 1;
        else this.refused[refused] = (this.refused[refused] ?? 0) + 1;
        this.onStep({ sagaId: value.sagaId, ...(refused !== undefined && { refused }), progress: this.progress });
      }
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  private checkGoingOn(): void {
    if (this.failed || this.options.signal?.aborted) throw new SkaldError('app-stopped');
  }

  private fits({ since, startedAt, error }: SagaSummary): boolean {
    const { filter } = this.options;
    const hasError = filter.error === undefined || (error?.includes(filter.error) ?? false);
    return hasError && since <= this.until.since && startedAt < this.until.started;
  }

  private async turn(): Promise<void> {
    const { perSecond } = this.options;
    if (perSecond === undefined || !(perSecond > 0)) return;
    const { clock } = this.ports;
    const at = Math.max(clock.now(), this.nextTurn);
    this.nextTurn = at + 1_000 / perSecond;
    if (at > clock.now()) await new Promise<void>((resolve) => void clock.at(at, resolve));
  }

  /** Code of the refusal, if it is one. */
  private async take(sagaId: string): Promise<string | undefined> {
    try {
      const { action } = this.options;
      return await (action.do === 'start-again' ? this.startAgain(sagaId) : this.steer(sagaId));
    } catch (error) {
      if (!(error instanceof SkaldError) || error.code === 'app-stopped') throw error;
      return error.code;
    }
  }

  private async startAgain(sagaId: string): Promise<string | undefined> {
    const { by, reason, dryRun } = this.options;
    if (dryRun) return whyNotAgain(await this.ports.get(sagaId)) === undefined ? undefined : 'action-not-possible';
    await this.ports.startAgain(sagaId, { by, reason });
    return undefined;
  }

  private async steer(sagaId: string): Promise<string | undefined> {
    const { action, dryRun } = this.options;
    const isOnTargets = 'target' in action || TARGETED.has(action.do);
    const state = isOnTargets || dryRun ? await this.ports.get(sagaId) : undefined;
    const questions = isOnTargets && state ? this.onTargets(state) : [this.question(undefined, undefined)];
    if (questions.length === 0) return state && this.wasDone(state) ? undefined : 'not-parked';
    for (const question of questions) {
      const refused = dryRun && state ? refusalOf(state, question) : undefined;
      if (refused !== undefined) return refused;
      if (!dryRun) await this.ports.ask(sagaId, question);
    }
    return undefined;
  }

  private onTargets(state: SagaState): (Omit<Cancel, 'at'> | Omit<Operator, 'at'>)[] {
    const { action } = this.options;
    const wanted = 'target' in action ? action.target : undefined;
    const parked = [...state.parked].filter(([target]) => wanted === undefined || target === wanted);
    return parked.map(([target, { revision }]) => this.question(target, revision));
  }

  /** B1: nothing is parked any more, since an earlier run of this saw to it. */
  private wasDone({ answers }: SagaState): boolean {
    for (const [request, answer] of answers) if (request.startsWith(`${this.id}/`) && answer.accepted) return true;
    return false;
  }

  private question(target: Target | undefined, seen: number | undefined): Omit<Cancel, 'at'> | Omit<Operator, 'at'> {
    const { action, by, reason } = this.options;
    const request = `${this.id}/${target ?? 'saga'}`;
    if (action.do === 'cancel') return { type: 'cancel', request, by, reason };
    return {
      ...{ type: 'operator', request, action: action.do as Operator['action'], by, reason },
      ...(target !== undefined && { target }),
      ...(seen !== undefined && { seen }),
      ...(action.do === 'succeed' && action.result !== undefined && { result: action.result }),
      ...(action.do === 'patch' && { args: action.args }),
      ...(action.do === 'deadline' && action.until !== null && { dueAt: Math.ceil(Number(action.until)) }),
    };
  }
}

const TARGETED: ReadonlySet<string> = new Set(['retry', 'skip', 'fail', 'succeed', 'patch']);

function refusalOf(state: SagaState, question: Omit<Cancel, 'at'> | Omit<Operator, 'at'>): string | undefined {
  const known = state.answers.get(question.request);
  const refused = known ?? (question.type === 'cancel' ? refusedCancel(state) : refusedOperator(state, question));
  return refused && !refused.accepted ? refused.code : undefined;
}
