import type { Candidate } from '@skald/audit';
import { type Class, definitionOf } from '@skald/decorators';
import { type Program, type SagaDefinition, SkaldError, stepGraph } from '@skald/kernel';
import { UsageError } from '../usage.js';
import { loadModule } from './load-module.js';

/** The sagas that a module exports: classes under `@Saga`, definitions, programs, or arrays of these. Throws `UsageError` where there is none. */
export async function loadCandidates(path: string): Promise<Candidate[]> {
  const candidates = candidatesIn(await loadModule(path));
  if (candidates.length === 0)
    throw new UsageError(`${path} exports no saga: a class under @Saga, what defineSaga() gives, or an array of them`);
  return candidates;
}

/** Each once, by name and version. */
export function candidatesIn(exported: Readonly<Record<string, unknown>>): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const value of Object.values(exported).flat(1)) {
    const candidate = candidateOf(value);
    if (candidate) found.set(`${candidate.program.name}@${candidate.program.version}`, candidate);
  }
  return [...found.values()];
}

function candidateOf(value: unknown): Candidate | undefined {
  if (typeof value === 'function') return sagaClass(value as Class<object>);
  if (typeof value !== 'object' || value === null) return undefined;
  if (isNamed(value) && 'steps' in value && Array.isArray(value.steps)) {
    const definition = value as unknown as SagaDefinition;
    return { definition, program: stepGraph(definition) };
  }
  if (isNamed(value) && 'next' in value && 'compensation' in value) return { program: value as unknown as Program };
  return undefined;
}

function isNamed(value: object): value is { readonly name: string; readonly version: number } {
  return 'name' in value && typeof value.name === 'string' && 'version' in value && typeof value.version === 'number';
}

/** Undefined for a class, or a function, that is no saga. */
function sagaClass(type: Class<object>): Candidate | undefined {
  try {
    const definition = definitionOf(type);
    return { definition, program: stepGraph(definition) };
  } catch (error) {
    if (error instanceof SkaldError && error.code === 'not-a-saga') return undefined;
    throw error;
  }
}
