/**
 * May this version be deployed over these sagas?
 *
 * Invariants
 * H1  Only sagas that have not ended are asked about: the others go on no more.
 * H2  A saga may go on where its version is among the definitions, its input is one that they accept, they would have decided so far as it was
 *     recorded, and what was done can be undone by them. Times and retry policies are on record (Q1) and hold nobody up.
 * H3  A definition that was changed under its version is told besides, where the version that was deployed is on record: start-up would
 *     refuse it.
 */
import {
  definitionStream,
  deployedForm,
  describeDefinition,
  describeIssues,
  diffDefinitions,
  isEnded,
  isSagaStream,
  type Json,
  type Program,
  type RecordedEvent,
  type SagaDefinition,
  type SagaState,
  type SagaStatus,
  SkaldError,
  statusOf,
} from '@skald/kernel';
import { causedEvents, isSealed, type Replay, replayHistory, sagaOf } from './conform.js';
import { explainDifference } from './difference-words.js';

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
}

/** `streams` as they are stored, by name. */
export async function gate(
  streams: ReadonlyMap<string, readonly RecordedEvent[]>,
  candidates: readonly Candidate[],
  { replace = false, skipInputs = false }: GateOptions = {},
): Promise<GateVerdict> {
  const held: Held[] = [];
  const notes = new Set<string>();
  let running = 0;
  for (const [stream, events] of streams) {
    if (!isSagaStream(stream)) continue;
    const found = await judge(stream, events, candidates, skipInputs);
    if (!found) continue;
    running += 1;
    if (found.held) held.push(found.held);
    for (const note of found.notes) notes.add(note);
  }
  const changed = candidates.flatMap(({ definition }) => (definition ? changesOf(definition, streams) : []));
  const mayDeploy = held.length === 0 && (replace || changed.length === 0);
  return { mayDeploy, running, held, changed, notes: [...notes] };
}

/** Undefined for a saga that has ended. */
async function judge(
  stream: string,
  events: readonly RecordedEvent[],
  candidates: readonly Candidate[],
  skipInputs: boolean,
): Promise<{ readonly held?: Held; readonly notes: readonly string[] } | undefined> {
  let replay: Replay;
  try {
    const history = causedEvents(events);
    const { saga: name, version: ofIt } = sagaOf(history);
    const candidate = candidates.find(({ program }) => program.name === name && program.version === ofIt);
    replay = replayHistory(history, candidate?.program ?? NOTHING);
    const { state, notes } = replay;
    if (isEnded(statusOf(state))) return undefined;
    const reason = candidate ? (isSealed(history) ? SEALED : await reasonAgainst(replay, candidate, skipInputs)) : NOT_THERE;
    if (reason === undefined) return { notes };
    const { sagaId, saga, version } = state;
    return { held: { sagaId, saga, version, status: statusOf(state), reason }, notes };
  } catch (error) {
    if (!(error instanceof SkaldError)) throw error;
    return { held: { sagaId: stream, saga: '', version: 0, status: 'suspended', reason: error.message }, notes: [] };
  }
}

const NOT_THERE = 'its version is not among these definitions: it would wait, suspended, until it is';
const SEALED = 'its payloads are encrypted: whether it was decided so cannot be told without its key';
const NOTHING: Program = {
  name: '',
  version: 0,
  next: () => [],
  compensation: () => {
    throw new Error('there is no definition');
  },
};

async function reasonAgainst(
  { difference, state }: Replay,
  { program, definition }: Candidate,
  skipInputs: boolean,
): Promise<string | undefined> {
  const input = skipInputs || !definition?.input ? undefined : await definition.input['~standard'].validate(state.input);
  if (input?.issues) return `its input is none that this definition accepts: ${describeIssues(input.issues)}`;
  if (difference) return explainDifference(difference, definition);
  return undoProblem(state, program);
}

/** Whether what stands could be undone, should it have to be. */
function undoProblem(state: SagaState, program: Program): string | undefined {
  state.compensation ??= { type: 'cancelled', reason: 'asked by the gate', by: 'gate' };
  for (const step of state.steps.values()) {
    const isThrough = step.undo?.status === 'done' || step.undo?.status === 'skipped';
    if (step.policy?.compensation !== 'saga' || isThrough || step.status === 'skipped') continue;
    try {
      program.compensation(state, step);
    } catch (error) {
      return `what step ${step.id} did could not be undone: ${error instanceof Error ? error.message : String(error)}`;
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
