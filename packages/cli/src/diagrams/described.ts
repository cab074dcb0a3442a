import { deploymentsOf } from '@skald/engine';
import { deployedForm, describeDefinition, diffDefinitions, type Json, type SagaDefinition } from '@skald/kernel';
import type { OpenStore } from '../connecting/open-store.js';

/** A version of a saga, as it is described. */
export interface Described {
  readonly saga: string;
  readonly version: number;
  readonly description: Json;
  /** When it was deployed, in epoch milliseconds; absent on what comes from a module. */
  readonly deployedAt?: number;
}

export function describedIn(definitions: readonly SagaDefinition[]): Described[] {
  return definitions
    .map((definition) => ({ saga: definition.name, version: definition.version, description: describeDefinition(definition) }))
    .sort(byName);
}

/** What is on record of these sagas. */
export async function describedOnRecord({ events }: OpenStore, sagas: Iterable<string>): Promise<Described[]> {
  const found: Described[] = [];
  for (const saga of sagas) {
    for (const { version, description, at } of (await deploymentsOf(events, saga)).values()) {
      found.push({ saga, version, description, deployedAt: at });
    }
  }
  return found.sort(byName);
}

/** Sagas looked at for names that nobody gave: those of the sagas under way, and of the newest. */
const LOOKED_AT = 500;

export async function namesInUse(store: OpenStore): Promise<Set<string>> {
  const index = await store.index();
  const names = new Set((await index.unended()).map(({ saga }) => saga));
  for (const { saga } of (await index.list({ limit: LOOKED_AT })).sagas) names.add(saga);
  return names;
}

/** What was changed; what only guards the door, or is only for people, may change. */
export function changesOf(before: Json, now: Json): string[] {
  return diffDefinitions(deployedForm(before), deployedForm(now)).filter((one) => !one.startsWith('version was'));
}

function byName(a: Described, b: Described): number {
  return a.saga === b.saga ? a.version - b.version : a.saga < b.saga ? -1 : 1;
}
