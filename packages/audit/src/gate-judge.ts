/** Whether one saga could go on with these definitions, and be undone by them. */
import {
  describeIssues,
  evolve,
  initialState,
  isEnded,
  type Program,
  plan,
  type RecordedEvent,
  recordError,
  type SagaState,
  SkaldError,
  statusOf,
} from '@skald/kernel';
import { unreadable } from './causes.js';
import { childrenToUndo, withdrawn } from './children.js';
import { type Replay, replayHistory, sagaOf } from './conform.js';
import { explainDifference } from './difference-words.js';
import type { Candidate, GateOptions, Held } from './gate.js';
import { type ReadableHistory, readableHistory } from './readable-history.js';

export interface Judgement {
  readonly held?: Held;
  readonly notes: readonly string[];
  /** Completed children that would be undone with it. */
  readonly children: readonly string[];
}

const NOT_THERE = 'its version is not among these definitions: it would wait, suspended, until it is';
const NOT_THERE_TO_UNDO = 'its version is not among these definitions';
const ENCRYPTED = 'its payloads are encrypted: whether it was decided so cannot be told without its key';

export class Judge {
  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly options: GateOptions,
  ) {}

  /** Undefined for a saga that has ended. */
  async underWay(stream: string, events: readonly RecordedEvent[]): Promise<Judgement | 'dropped' | undefined> {
    return this.judged(stream, async () => {
      const readable = await readableHistory(stream, events, this.options.codec);
      const state = stateOf(stream, readable);
      if (isEnded(statusOf(state))) return undefined;
      if (readable.payloads === 'dropped') return 'dropped';
      const { reason, notes } = await this.verdictOn(readable);
      return { ...held(state, reason), notes, children: childrenToUndo(state) };
    });
  }

  /** A completed child, should its parent turn back. Undefined for one that nothing would become of. */
  async withdrawn(stream: string, parent: string, events: readonly RecordedEvent[]): Promise<Judgement | undefined> {
    return this.judged(stream, async () => {
      const readable = await readableHistory(stream, events, this.options.codec);
      const state = withdrawn(stateOf(stream, readable));
      if (!state || readable.payloads === 'dropped') return undefined;
      const problem = this.undoProblem(state, readable);
      const reason = problem && `it has completed, and could not be undone should ${parent} turn back: ${problem}`;
      return { ...held(stateOf(stream, readable), reason), notes: [], children: childrenToUndo(state) };
    });
  }

  private async judged<T>(sagaId: string, judge: () => Promise<T>): Promise<T | Judgement> {
    try {
      return await judge();
    } catch (error) {
      if (!(error instanceof SkaldError)) throw error;
      return { held: { sagaId, saga: '', version: 0, status: 'suspended', reason: error.message }, notes: [], children: [] };
    }
  }

  private async verdictOn(readable: ReadableHistory): Promise<{ readonly reason?: string | undefined; readonly notes: readonly string[] }> {
    const candidate = this.candidateOf(readable);
    if (!candidate) return { reason: NOT_THERE, notes: [] };
    if (readable.payloads === 'encrypted') return { reason: ENCRYPTED, notes: [] };
    const replay = replayHistory(readable.history, candidate.program);
    return { reason: await this.reasonAgainst(replay, candidate, this.isSecret(readable)), notes: replay.notes };
  }

  /** Texts of schemas and of code may say what they were given. */
  private async reasonAgainst(
    { difference, state }: Replay,
    { program, definition }: Candidate,
    isSecret: boolean,
  ): Promise<string | undefined> {
    const skipsInput = this.options.skipInputs === true || !definition?.input;
    const input = skipsInput ? undefined : await definition.input['~standard'].validate(state.input);
    if (input?.issues) return `its input is none that this definition accepts: ${isSecret ? '(encrypted)' : describeIssues(input.issues)}`;
    if (difference) return explainDifference(difference, definition, isSecret);
    return undoProblem(state, program, isSecret);
  }

  private undoProblem(state: SagaState, readable: ReadableHistory): string | undefined {
    const candidate = this.candidateOf(readable);
    if (!candidate) return NOT_THERE_TO_UNDO;
    return readable.payloads === 'encrypted' ? ENCRYPTED : undoProblem(state, candidate.program, this.isSecret(readable));
  }

  private candidateOf({ history }: ReadableHistory): Candidate | undefined {
    const { saga, version } = sagaOf(history);
    return this.candidates.find(({ program }) => program.name === saga && program.version === version);
  }

  private isSecret({ payloads }: ReadableHistory): boolean {
    return payloads === 'opened' && this.options.decrypt !== true;
  }
}

function stateOf(stream: string, { history }: ReadableHistory): SagaState {
  let state = initialState();
  for (const [revision, { event }] of history.entries()) {
    try {
      state = evolve(state, event);
    } catch (cause) {
      throw unreadable(stream, revision, cause);
    }
  }
  return state;
}

function held(state: SagaState, reason: string | undefined): { readonly held?: Held } {
  if (reason === undefined) return {};
  const { sagaId, saga, version } = state;
  return { held: { sagaId, saga, version, status: statusOf(state), reason } };
}

/** Whether what stands, or may stand, could be undone, should it have to be. Past its pivot it never has to be. */
function undoProblem(state: SagaState, program: Program, isSecret: boolean): string | undefined {
  const planned = plan(state).levels.flat();
  state.compensation ??= { type: 'cancelled', reason: 'asked by the gate', by: 'gate' };
  for (const { step: id, how } of planned) {
    const step = state.steps.get(id);
    // What waits for a person because of it waits already, whatever is deployed.
    if (!step || how.by !== 'saga' || step.undo?.command || state.parked.has(`compensation:${id}`)) continue;
    try {
      program.compensation(state, step);
    } catch (error) {
      const { name, message } = recordError(error);
      return `what step ${id} did could not be undone: ${isSecret ? `${name}: (encrypted)` : message}`;
    }
  }
  return undefined;
}
