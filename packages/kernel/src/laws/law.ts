import type { EventType, SagaEvent } from '../history/events.js';
import { Chronicle } from './chronicle.js';
import { noteItems } from './map-record.js';

/** A law that a history broke, at the event with this revision. */
export interface Violation {
  readonly law: string;
  readonly revision: number;
  readonly message: string;
}

/** What must hold of every history, whatever happened in the world: one sentence for people, one check for machines. */
export interface Law {
  readonly name: string;
  readonly sentence: string;
  check(history: readonly SagaEvent[]): Violation[];
}

type Rule<Type extends EventType> = (event: Extract<SagaEvent, { readonly type: Type }>, before: Chronicle) => string | undefined;

/** What a law has to say of each type of event, given everything before it: what is wrong, or nothing. */
export type Rules = { readonly [Type in EventType]?: Rule<Type> };

export interface RuledLaw extends Law {
  readonly rules: Rules;
}

export function law(name: string, sentence: string, rules: Rules): RuledLaw {
  const own: RuledLaw = { name, sentence, rules, check: (history) => inspect(index([own]), history) };
  return own;
}

/** The same rule for several types of event. */
export function forEach<Type extends EventType>(types: readonly Type[], rule: Rule<Type>): Rules {
  return Object.fromEntries(types.map((type) => [type, rule]));
}

type AnyRule = (event: SagaEvent, before: Chronicle) => string | undefined;
export type RuleIndex = ReadonlyMap<EventType, readonly (readonly [law: string, rule: AnyRule])[]>;

export function index(laws: readonly RuledLaw[]): RuleIndex {
  const byType = new Map<EventType, [string, AnyRule][]>();
  for (const { name, rules } of laws) {
    for (const [type, rule] of Object.entries(rules) as [EventType, AnyRule][]) {
      const same = byType.get(type);
      if (same) same.push([name, rule]);
      else byType.set(type, [[name, rule]]);
    }
  }
  return byType;
}

/** All laws in one pass over the history. */
export function inspect(rules: RuleIndex, history: readonly SagaEvent[]): Violation[] {
  const chronicle = new Chronicle();
  const violations: Violation[] = [];
  for (const event of history) {
    for (const [name, rule] of rules.get(event.type) ?? []) {
      const message = rule(event, chronicle);
      if (message !== undefined) violations.push({ law: name, revision: chronicle.events, message });
    }
    chronicle.summaryOnly = event.type === 'ExpressSagaEnded';
    if (event.type === 'ExpressSagaEnded') chronicle.events += 1;
    else chronicle.write(event);
    if (chronicle.maps.size > 0) noteItems(chronicle, event);
  }
  return violations;
}
