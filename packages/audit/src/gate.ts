/**
 * May this version be deployed over these sagas?
 *
 * Invariants
 * H1  Only sagas that have not ended are asked about: the others go on no more.
 * H2  A saga may go on where its version is among the definitions, its input is one that they accept, they would have decided so far as it was
 *     recorded, and what was done can be undone by them. Times and retry policies are on record (Q1) and hold nobody up.
 * H3  A definition that was changed under its version is told besides, where the version that was deployed is on record: start-up would
 *     refuse it.
 * H4  Nothing can be told of a saga whose key was dropped, and it goes on under no definition, this one or any other: it is named, and holds
 *     nobody up. One whose payloads only cannot be read here is a reason against.
 */
import type { PayloadReader } from '@skald/engine';
import {
  definitionStream,
  deployedForm,
  describeDefinition,
  describeIssues,
  diffDefinitions,
  fold,
  isEnded,
  isSagaStream,
  type Json,
  type Program,
  type RecordedEvent,
  recordError,
  type SagaDefinition,
  type SagaState,
  type SagaStatus,
  SkaldError,
  statusOf,
} from '@skald/kernel';
import { type Replay, replayHistory, sagaOf } from './conform.js';
import { explainDifference } from './difference-words.js';
import { type ReadableHistory, readableHistory } from './readable-history.js';

/** What is to be deployed: a definition, or a program of another kind. */
export interface Candidate {
  readonly program: Program;
  readonly definition?: SagaDefinition;
}

/** A saga that could not go on. */
export interface Held {
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  readonly status: SagaStatus;
  readonly reason: string;
}

export interface GateVerdict {
  readonly mayDeploy: boolean;
  /** Sagas under way. */
  readonly running: number;
  readonly held: readonly Held[];
  /** H4: sagas under way whose history nobody can read any more. */
  readonly dropped: readonly string[];
  /** H3: by saga and version, each difference a sentence. */
  readonly changed: readonly { readonly saga: string; readonly version: number; readonly differences: readonly string[] }[];
  /** What differs and holds nobody up. */
  readonly notes: readonly string[];
}

export interface GateOptions {
  /** The definitions will be deployed with `definitions: 'replace'`: H3 is told, and is no reason against it. */
  readonly replace?: boolean;
  /** Recorded inputs are not held against the definitions' schemas: for schemas that do not accept what they themselves give. */
  readonly skipInputs?: boolean;
  /** Opens payloads that are encrypted. */
  readonly codec?: PayloadReader | undefined;
  /** Reasons show what was encrypted. Default: `(encrypted)` stands in its place. */
  readonly decrypt?: boolean;
}

/** `streams` as they are stored, by name. */
export async function gate(
  streams: ReadonlyMap<string, readonly RecordedEvent[]>,
  candidates: readonly Candidate[],
  options: GateOptions = {},
): Promise<GateVerdict> {
  const held: Held[] = [];
  const dropped: string[] = [];
  const notes = new Set<string>();
  let running = 0;
  for (const [stream, events] of streams) {
    if (!isSagaStream(stream)) continue;
    const found = await judge(stream, events, candidates, options);
    if (!found) continue;
    running += 1;
    if (found === 'dropped') dropped.push(stream);
    else if (found.held) held.push(found.held);
    if (found !== 'dropped') for (const note of found.notes) notes.add(note);
  }
  const changed = candidates.flatMap(({ definition }) => (definition ? changesOf(definition, streams) : []));
  const mayDeploy = held.length === 0 && (options.replace === true || changed.length === 0);
  return { mayDeploy, running, held, dropped, changed, notes: [...notes] };
}

/** Undefined for a saga that has ended. */
async function judge(
  stream: string,
  events: readonly RecordedEvent[],
  candidates: readonly Candidate[],
  options: GateOptions,
): Promise<{ readonly held?: Held; readonly notes: readonly string[] } | 'dropped' | undefined> {
  try {
    const readable = await readableHistory(stream, events, options.codec);
    const state = fold(readable.history.map(({ event }) => event));
    const { sagaId, saga, version } = state;
    const status = statusOf(state);
    if (isEnded(status)) return undefined;
    if (readable.payloads === 'dropped') return 'dropped';
    const { reason, notes } = await verdictOn(readable, candidates, options);
    return { ...(reason !== undefined && { held: { sagaId, saga, version, status, reason } }), notes };
  } catch (error) {
    if (!(error instanceof SkaldError)) throw error;
    return { held: { sagaId: stream, saga: '', version: 0, status: 'suspended', reason: error.message }, notes: [] };
  }
}

const NOT_THERE = 'its version is not among these definitions: it would wait, suspended, until it is';
const ENCRYPTED = 'its payloads are encrypted: whether it was decided so cannot be told without its key';

async function verdictOn(
  { history, payloads }: ReadableHistory,
  candidates: readonly Candidate[],
  options: GateOptions,
): Promise<{ readonly reason?: string | undefined; readonly notes: readonly string[] }> {
  const { saga, version } = sagaOf(history);
  const candidate = candidates.find(({ program }) => program.name === saga && program.version === version);
  if (!candidate) return { reason: NOT_THERE, notes: [] };
  if (payloads === 'encrypted') return { reason: ENCRYPTED, notes: [] };
  const replay = replayHistory(history, candidate.program);
  const isSecret = payloads === 'opened' && options.decrypt !== true;
  return { reason: await reasonAgainst(replay, candidate, options.skipInputs === true, isSecret), notes: replay.notes };
}

/** Texts of schemas and of code may say what they were given. */
async function reasonAgainst(
  { difference, state }: Replay,
  { program, definition }: Candidate,
  skipInputs: boolean,
  isSecret: boolean,
): Promise<string | undefined> {
  const input = skipInputs || !definition?.input ? undefined : await definition.input['~standard'].validate(state.input);
  if (input?.issues) {
    return `its input is none that this definition accepts: ${isSecret ? '(encrypted)' : describeIssues(input.issues)}`;
  }
  if (difference) return explainDifference(difference, definition, isSecret);
  return undoProblem(state, program, isSecret);
}

/** Whether what stands could be undone, should it have to be. */
function undoProblem(state: SagaState, program: Program, isSecret: boolean): string | undefined {
  state.compensation ??= { type: 'cancelled', reason: 'asked by the gate', by: 'gate' };
  for (const step of state.steps.values()) {
    const isThrough = step.undo?.status === 'done' || step.undo?.status === 'skipped';
    if (step.policy?.compensation !== 'saga' || isThrough || step.status === 'skipped') continue;
    try {
      program.compensation(state, step);
    } catch (error) {
      const { name, message } = recordError(error);
      return `what step ${step.id} did could not be undone: ${isSecret ? `${name}: (encrypted)` : message}`;
    }
  }
  return undefined;
}

/** H3 */
function changesOf(definition: SagaDefinition, streams: ReadonlyMap<string, readonly RecordedEvent[]>) {
  const { name: saga, version } = definition;
  const deployed = (streams.get(definitionStream(saga)) ?? [])
    .filter(({ type }) => type === 'DefinitionDeployed')
    .map(({ data }) => JSON.parse(data) as { readonly version: number; readonly description: Json })
    .findLast((one) => one.version === version);
  if (!deployed) return [];
  const differences = diffDefinitions(deployedForm(deployed.description), deployedForm(describeDefinition(definition)));
  return differences.length > 0 ? [{ saga, version, differences }] : [];
}
