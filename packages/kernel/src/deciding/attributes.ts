/**
 * Search attributes: what a saga may be found by besides its name and status.
 *
 * Invariants
 * B1  They are recorded when they change, so that no history needs user code to be read. Of an ended saga nothing changes any more.
 * B2  They never decide anything, and never stop anything: code that throws, or gives what cannot be an attribute, leaves the attribute as it
 *     was; what was wrong is recorded beside it.
 */
import type { Draft } from '../decide.js';
import type { SagaDefinition, SagaView } from '../definition/definition.js';
import { canonicalJson } from '../json.js';
import type { Program } from '../program.js';
import type { SagaState } from '../state/state.js';

/** Value of a search attribute. */
export type AttributeValue = string | number | boolean | Date;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** As it is recorded: a date is `{ date }`, ISO 8601 in UTC. */
export type RecordedAttribute = string | number | boolean | { readonly date: string };
export type RecordedAttributes = Readonly<Record<string, RecordedAttribute>>;

/** What a program says its attributes are, and what went wrong with others. */
export interface ComputedAttributes {
  readonly attributes: Readonly<Record<string, RecordedAttribute | undefined>>;
  /** By attribute. */
  readonly errors: Readonly<Record<string, string>>;
}

export const MAX_ATTRIBUTES = 20;
/** Characters of a text. */
export const MAX_ATTRIBUTE_TEXT = 256;
const MAX_ERROR_TEXT = 200;

export function isAttributeName(name: string): boolean {
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) && !(name in {});
}

/** Called whenever the saga advances. Once the saga has ended it is not asked any more. */
export function recordAttributes(draft: Draft, program: Program): void {
  const { state } = draft;
  if (!program.attributes || state.phase === 'new' || state.end) return;
  const { attributes: computed, errors } = program.attributes(state);
  const attributes: Record<string, RecordedAttribute> = {};
  for (const [name, value] of Object.entries(computed)) if (value !== undefined) attributes[name] = value;
  for (const name of Object.keys(errors)) {
    const before = state.recordedAttributes?.[name];
    if (before !== undefined) attributes[name] = before;
  }
  const before = { attributes: state.recordedAttributes ?? {}, errors: state.attributeErrors ?? {} };
  if (canonicalJson(before) === canonicalJson({ attributes, errors })) return;
  draft.emit('AttributesSet', { attributes, ...(Object.keys(errors).length > 0 && { errors }) });
}

/** Asks the code of a definition. */
export function computeAttributes(
  definitions: NonNullable<SagaDefinition['attributes']>,
  state: SagaState,
  view: SagaView,
): ComputedAttributes {
  const attributes: Record<string, RecordedAttribute | undefined> = {};
  const errors: Record<string, string> = {};
  for (const [name, compute] of Object.entries(definitions)) {
    try {
      attributes[name] = recordedAttribute(compute(state.input, view));
    } catch (thrown) {
      const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
      errors[name] = text.slice(0, MAX_ERROR_TEXT);
    }
  }
  return { attributes, errors };
}

function recordedAttribute(value: unknown): RecordedAttribute | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (value instanceof Date && Number.isFinite(value.getTime())) return { date: value.toISOString() };
  if (typeof value !== 'string') throw new TypeError(`${nameOf(value)} cannot be an attribute: text, a number, a boolean or a date can`);
  if (value.length > MAX_ATTRIBUTE_TEXT) {
    throw new RangeError(`a text of ${value.length} characters cannot be an attribute, the limit is ${MAX_ATTRIBUTE_TEXT}`);
  }
  if (/\p{Surrogate}/u.test(value)) throw new RangeError('a text that is not well-formed Unicode cannot be an attribute');
  return value;
}

function nameOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return 'an invalid date';
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

/** Undefined where there are none. */
export function attributesOf(recorded: RecordedAttributes | undefined): Attributes | undefined {
  if (!recorded) return undefined;
  const entries = Object.entries(recorded);
  if (entries.length === 0) return undefined;
  return Object.freeze(
    Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'object' ? new Date(value.date) : value])),
  );
}

export function recordedAttributes(attributes: Attributes): RecordedAttributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, value instanceof Date ? { date: value.toISOString() } : value]),
  );
}
