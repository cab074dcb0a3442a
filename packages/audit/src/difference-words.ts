/** A difference between a history and a definition, for people. */
import { ENCRYPTED, payloadsOf } from '@skald/engine';
import type { ErrorRecord, SagaDefinition, SagaEvent } from '@skald/kernel';
import type { Difference } from './conform.js';

/**
 * One sentence or two: what the history has, what the definition would do, and what of the definition that comes from where it can be said. Of
 * a history whose payloads are `isSecret` it says which of them would be others, and not what is in them.
 */
export function explainDifference(difference: Difference, definition?: SagaDefinition, isSecret = false): string {
  const { revision, recorded, decided } = difference;
  const gone = recorded && definition ? goneStep(recorded, definition) : undefined;
  if (gone) return `at revision ${revision} the history has ${named(recorded)}; ${gone}`;
  if (recorded && decided && recorded.type === decided.type && stepOf(recorded) === stepOf(decided)) {
    const hidden = new Set(isSecret ? payloadsOf(recorded.type) : []);
    const parts = dataDifferences(asJson(recorded.data), asJson(decided.data), hidden);
    return `at revision ${revision}, ${named(recorded)}: ${parts.join('; ')}`;
  }
  const would = decided
    ? `this definition would record ${named(decided)}${errorOf(decided, isSecret)}`
    : 'this definition would record nothing more';
  const has = recorded ? `the history has ${named(recorded)}` : 'the history has nothing more of that decision';
  return `at revision ${revision} ${has}; ${would}`;
}

const KINDS: { readonly [Type in SagaEvent['type']]?: string } = {
  TimerSet: 'timer',
  SignalAwaited: 'signal',
  ChoiceMade: 'choice',
  MapStarted: 'map',
};

function goneStep(recorded: SagaEvent | undefined, definition: SagaDefinition): string | undefined {
  const id = recorded && stepOf(recorded);
  if (recorded === undefined || id === undefined) return undefined;
  const step = definition.steps.find((one) => one.id === id || id.startsWith(`${one.id}/`));
  if (!step) return `this definition has no step ${id}`;
  const opens = recorded.type === 'StepRequested' && recorded.data.opens ? 'command' : KINDS[recorded.type];
  const asksNobody = step.kind === 'timer' || step.kind === 'signal' || step.kind === 'choice';
  if (opens !== undefined && opens !== step.kind && (opens !== 'command' || asksNobody)) {
    return `step ${id} is a ${opens} there, and a ${step.kind} in this definition`;
  }
  return undefined;
}

function stepOf({ data }: SagaEvent): string | undefined {
  return 'step' in data ? data.step : undefined;
}

function named(event: SagaEvent | undefined): string {
  if (!event) return 'nothing';
  const step = stepOf(event);
  return step === undefined ? event.type : `${event.type} of ${step}`;
}

function errorOf(event: SagaEvent, isSecret: boolean): string {
  const message = (error: ErrorRecord) => (isSecret ? ENCRYPTED : error.message);
  if (event.type === 'SagaSuspended') return ` of ${event.data.target}: ${event.data.error.name}: ${message(event.data.error)}`;
  if (event.type === 'CompensationStarted' && event.data.reason.type === 'failed') return `: ${message(event.data.reason.error)}`;
  return '';
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Where two values of JSON differ, each place with both. */
function dataDifferences(was: unknown, is: unknown, hidden: ReadonlySet<string>, place = ''): string[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  if (place === 'fingerprint') return ['its items are others, or come in another order'];
  if (hidden.has(place)) return [`${place} would be another ${ENCRYPTED}`];
  if (isMembers(was) && isMembers(is)) {
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return names.flatMap((name) => dataDifferences(was[name], is[name], hidden, place === '' ? name : `${place}.${name}`));
  }
  return [`${place} was ${shown(was)}, and would be ${shown(is)}`];
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'not there';
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
