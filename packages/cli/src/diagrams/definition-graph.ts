import type { Json } from '@skald/kernel';
import { duration } from '../terminal/plain-text.js';

/** A described definition (`describeDefinition`), as it is drawn. */
export interface DefinitionGraph {
  readonly name: string;
  readonly version: number;
  readonly steps: readonly GraphStep[];
}

export interface GraphStep {
  readonly id: string;
  readonly kind: string;
  readonly after: readonly string[];
  readonly isPivot: boolean;
  /** Runs only if its guard says so. */
  readonly isGuarded: boolean;
  /** The saga's own compensation, by name. */
  readonly compensation: string | undefined;
  /** The step that it stands in for. */
  readonly instead: string | undefined;
  /** The saga goes on where it fails. */
  readonly isOptional: boolean;
  /** The branch that it belongs to: the choice, and its name there. */
  readonly branch: { readonly of: string; readonly name: string } | undefined;
  /** What it waits for, where it waits. */
  readonly waits: string | undefined;
}

export function graphOf(description: Json): DefinitionGraph {
  const { name, version, steps } = membersOf(description);
  return { name: String(name), version: Number(version), steps: (Array.isArray(steps) ? steps : []).map(stepOf) };
}

function stepOf(step: Json): GraphStep {
  const { id, kind, after, pivot, when, compensation, signal, time, instead, optional, branch } = membersOf(step);
  return {
    id: String(id),
    kind: String(kind),
    after: Array.isArray(after) ? after.map(String) : [],
    isPivot: pivot === true,
    isGuarded: when === true,
    compensation: typeof compensation === 'string' ? compensation : undefined,
    instead: typeof instead === 'string' ? instead : undefined,
    isOptional: optional !== undefined && optional !== false,
    branch: branchOf(branch),
    waits: kind === 'signal' ? `signal ${String(signal)}` : kind === 'timer' ? timeText(time) : undefined,
  };
}

function branchOf(branch: Json | undefined): GraphStep['branch'] {
  const [, of, name] = typeof branch === 'string' ? (/^([^.]+)\.(.+)$/.exec(branch) ?? []) : [];
  return of === undefined || name === undefined ? undefined : { of, name };
}

function timeText(time: Json | undefined): string {
  return typeof time === 'number' ? duration(time) : 'a time';
}

/** Steps that nothing comes after. */
export function lastSteps({ steps }: DefinitionGraph): string[] {
  const followed = new Set(steps.flatMap(({ after }) => after));
  return steps.map(({ id }) => id).filter((id) => !followed.has(id));
}

function membersOf(value: Json): Readonly<Record<string, Json | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, Json | undefined>>) : {};
}
