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
 * H5  A saga that has completed as a child of one under way may go on: it is undone where that one turns back. So its version must be there, and
 *     what it did such that these definitions could undo it.
 */
import type { PayloadReader } from '@skald/engine';
import {
  definitionStream,
  deployedForm,
  describeDefinition,
  diffDefinitions,
  isSagaStream,
  type Json,
  type Program,
  type RecordedEvent,
  type SagaDefinition,
  type SagaStatus,
} from '@skald/kernel';
import { Judge } from './gate-judge.js';

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

/**
 * `streams` as they are stored, by name: those under way, and completed children that would be undone with them (`withChildren`).
 */
export async function gate(
  streams: ReadonlyMap<string, readonly RecordedEvent[]>,
  candidates: readonly Candidate[],
  options: GateOptions = {},
): Promise<GateVerdict> {
  const judge = new Judge(candidates, options);
  const held: Held[] = [];
  const dropped: string[] = [];
  const notes = new Set<string>();
  /** Children to undo, by whose. */
  const children: (readonly [child: string, parent: string])[] = [];
  let running = 0;
  for (const [stream, events] of streams) {
    if (!isSagaStream(stream)) continue;
    const found = await judge.underWay(stream, events);
    if (!found) continue;
    running += 1;
    if (found === 'dropped') dropped.push(stream);
    else {
      if (found.held) held.push(found.held);
      for (const note of found.notes) notes.add(note);
      for (const child of found.children) children.push([child, stream]);
    }
  }
  for (let next = children.shift(); next; next = children.shift()) {
    const [child, parent] = next;
    const events = streams.get(child);
    const found = events && (await judge.withdrawn(child, parent, events));
    if (!events) notes.add(`saga ${child}, which would be undone with ${parent}, is not among these histories`);
    if (found?.held) held.push(found.held);
    for (const one of found?.children ?? []) children.push([one, child]);
  }
  const changed = candidates.flatMap(({ definition }) => (definition ? changesOf(definition, streams) : []));
  const mayDeploy = held.length === 0 && (options.replace === true || changed.length === 0);
  return { mayDeploy, running, held, dropped, changed, notes: [...notes] };
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
