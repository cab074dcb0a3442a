/**
 * What was deployed: one stream for each saga's name, with an event for each version.
 *
 * Invariants
 * L1  A version is on record before the first instance of it is started, and what runs under a version is what is on record for it.
 * L2  Managers that start at the same time agree by the stream's expected revision: who comes second reads what the first has written.
 * L3  A version that is replaced on purpose stays in the history, and the replacement is told to whoever watches.
 */
import {
  canonicalJson,
  definitionStream,
  deployedForm,
  describeDefinition,
  diffDefinitions,
  type EventStore,
  type Json,
  type SagaDefinition,
  SkaldError,
} from '@skald/kernel';
import { appendResolved } from './append-resolved.js';
import { decodeEvent, encodeEvents, type Recordable, sha256 } from './event-codec.js';
import type { Observer } from './observer.js';

/** A version as it was deployed. */
export interface Deployment {
  readonly saga: string;
  readonly version: number;
  /** As `describeDefinition` gives it. */
  readonly description: Json;
  /** SHA-256, hex, of the canonical JSON of what must not change under a version. */
  readonly fingerprint: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface DeploymentPorts {
  readonly store: EventStore;
  readonly observer: Required<Observer>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** `refuse`: throw `definition-changed`. `replace`: record it as the version from now on; instances under way go on with it. */
export type OnChange = 'refuse' | 'replace';

const TYPE = 'DefinitionDeployed';
/** Lost so often to others, it is something else. */
const MOST_TRIES = 100;
const PAGE = 1_000;

/** L1. Rejects with `definition-changed`, which lists the differences, or with what the store rejects with. */
export async function deploy(definitions: readonly SagaDefinition[], onChange: OnChange, ports: DeploymentPorts): Promise<void> {
  for (const saga of new Set(definitions.map(({ name }) => name))) {
    const versions = definitions.filter(({ name }) => name === saga);
    await deploySaga(saga, versions, onChange, ports);
  }
}

/** What is on record of a saga, the latest of each version, by version. */
export async function deploymentsOf(store: EventStore, saga: string): Promise<ReadonlyMap<number, Deployment>> {
  return (await readDeployments(store, saga)).byVersion;
}

async function deploySaga(saga: string, versions: readonly SagaDefinition[], onChange: OnChange, ports: DeploymentPorts): Promise<void> {
  const { store, observer, now, pause } = ports;
  const stream = definitionStream(saga);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { byVersion, revision, head } = await readDeployments(store, saga);
    const changes = versions.flatMap((definition) => changeOf(definition, byVersion.get(definition.version), onChange));
    if (changes.length === 0) return;
    const at = now();
    const events = changes.map(({ data }): Recordable => ({ type: TYPE, at, data }));
    const write = { stream, expectedRevision: revision, events: encodeEvents(events, 'deploy', head) };
    const [outcome] = await appendResolved(store, [write], (nth) => pause(nth * 250), observer);
    if (outcome?.type !== 'appended') continue;
    for (const { replaced } of changes) if (replaced) observer.troubled('a definition was replaced under its version', replaced);
    return;
  }
  throw new SkaldError('store-failed', { problem: `what is deployed of saga ${saga} could not be recorded` });
}

interface Change {
  readonly data: Omit<Deployment, 'at'>;
  /** What is told of it where another definition was on record. */
  readonly replaced?: SkaldError;
}

function changeOf(definition: SagaDefinition, before: Deployment | undefined, onChange: OnChange): Change[] {
  const { name: saga, version } = definition;
  const description = describeDefinition(definition);
  const form = deployedForm(description);
  const data = { saga, version, description, fingerprint: sha256(canonicalJson(form)) };
  if (!before) return [{ data }];
  const differences = diffDefinitions(deployedForm(before.description), form);
  if (differences.length === 0) return [];
  const since = new Date(before.at).toISOString();
  const changed = new SkaldError('definition-changed', {
    saga,
    version,
    since,
    differences: differences.map((one) => `- ${one}`).join('\n'),
  });
  if (onChange === 'refuse') throw changed;
  return [{ data, replaced: changed }];
}

async function readDeployments(store: EventStore, saga: string) {
  const stream = definitionStream(saga);
  const byVersion = new Map<number, Deployment>();
  let revision = -1;
  let head = stream;
  for (;;) {
    const page = await store.read(stream, { from: revision + 1, limit: PAGE });
    for (const recorded of page) {
      const { type, at, data } = decodeEvent(recorded) as Recordable;
      if (type === TYPE) byVersion.set((data as Deployment).version, { ...(data as Omit<Deployment, 'at'>), at });
      ({ revision, hash: head } = recorded);
    }
    if (page.length < PAGE) return { byVersion, revision, head };
  }
}
