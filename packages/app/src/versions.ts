import type { SagaDefinition, VersionCount } from '@skald/kernel';

/** A version of a saga that is registered here, or has sagas that have not ended. */
export interface VersionInUse extends VersionCount {
  readonly isRegistered: boolean;
}

/** By name and version. */
export function versionsInUse(unended: readonly VersionCount[], definitions: readonly SagaDefinition[]): VersionInUse[] {
  const isOf = (one: VersionCount) => (definition: SagaDefinition) => definition.name === one.saga && definition.version === one.version;
  const unused = definitions
    .map(({ name: saga, version }) => ({ saga, version, sagas: 0 }))
    .filter(({ saga, version }) => !unended.some((one) => one.saga === saga && one.version === version));
  return [...unended, ...unused]
    .map((one) => ({ ...one, isRegistered: definitions.some(isOf(one)) }))
    .sort((a, b) => (a.saga === b.saga ? a.version - b.version : a.saga < b.saga ? -1 : 1));
}
