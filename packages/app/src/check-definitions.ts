import type { ParticipantDefinition } from '@skald/decorators';
import { type Finding, lint, lintChildren, type SagaDefinition, SkaldError, type StartedChild } from '@skald/kernel';
import { type ProbedCommand, probe } from './probe.js';

/**
 * Everything that can be known to be wrong before anything runs. `allAreHere`: a participant that is not registered does not
 * exist; `external`: those whose fence is beside their effects. Throws `not-a-saga`, `duplicate-saga`, `duplicate-participant`,
 * `invalid-definition`, which lists all findings of a saga, `unknown-participant`, `unknown-action` or
 * `express-needs-fence`.
 */
export function checkDefinitions(
  definitions: readonly SagaDefinition[],
  participants: readonly ParticipantDefinition[],
  allAreHere: boolean,
  external: ReadonlySet<string> = new Set(),
): void {
  const twice = repeated(definitions, ({ name, version }) => `${name} ${version}`);
  if (twice) throw new SkaldError('duplicate-saga', { saga: twice.name, version: twice.version });
  const registered = repeated(participants, ({ name }) => name);
  if (registered) throw new SkaldError('duplicate-participant', { participant: registered.name });
  const probed = new Map(definitions.map((definition) => [definition, probe(definition)]));
  for (const [definition, commands] of probed) {
    checkFindings(definition, findings(definition, probed, allAreHere));
    for (const command of commands) {
      if (command.child) continue;
      checkCommand(definition, command, participants, allAreHere);
      if (definition.express) checkFence(definition.name, command, external);
    }
  }
}

/**
 * What is wrong with these sagas, each by itself and with the sagas that it starts, as far as that shows without an input; errors and warnings.
 * `allAreHere`: a saga that is not among them does not exist. Default false.
 */
export function lintSagas(
  definitions: readonly SagaDefinition[],
  { allAreHere = false }: { readonly allAreHere?: boolean } = {},
): Finding[] {
  const probed = new Map(definitions.map((definition) => [definition, probe(definition)]));
  return definitions.flatMap((definition) => findings(definition, probed, allAreHere));
}

type Probed = ReadonlyMap<SagaDefinition, readonly ProbedCommand[]>;

function findings(definition: SagaDefinition, probed: Probed, allAreHere: boolean): Finding[] {
  const families = new Map([...probed].map(([one, commands]) => [one, commands.flatMap(startedBy)]));
  return [...lint(definition), ...lintChildren(definition, families, allAreHere)];
}

function startedBy({ step, participant: saga, child }: ProbedCommand): StartedChild[] {
  return child ? [{ step, saga, ...child }] : [];
}

function repeated<T>(all: readonly T[], keyOf: (one: T) => string): T | undefined {
  const seen = new Set<string>();
  return all.find((one) => seen.size === seen.add(keyOf(one)).size);
}

function checkFindings(definition: SagaDefinition, found: readonly Finding[]): void {
  const errors = found.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const lines = errors.map(({ step, message, fix }) => `- ${step === undefined ? 'the saga' : `step ${step}`}: ${message}. ${fix}`);
  throw new SkaldError('invalid-definition', { saga: definition.name, findings: lines.join('\n') });
}

function checkFence(saga: string, { step, participant }: ProbedCommand, external: ReadonlySet<string>): void {
  if (external.has(participant)) throw new SkaldError('express-needs-fence', { saga, step, participant });
}

function checkCommand(
  { name: saga }: SagaDefinition,
  { step, participant, action }: ProbedCommand,
  participants: readonly ParticipantDefinition[],
  allAreHere: boolean,
): void {
  const asked = participants.find(({ name }) => name === participant);
  if (!asked && !allAreHere) return;
  if (!asked) {
    const known = participants.map(({ name }) => name).join(', ') || 'none';
    throw new SkaldError('unknown-participant', { saga, step, participant, known });
  }
  if (!asked.actions.has(action)) {
    throw new SkaldError('unknown-action', { participant, action, known: [...asked.actions.keys()].join(', ') });
  }
}
