import type { Json } from '../json.js';

/**
 * Of a description (`describeDefinition`), what must stay the same while instances of the version may be under way: all that a decision can come
 * out differently by. Left out is what only guards the door (schemas of input and output, limits), what sagas are found by (search attributes), or what is only for people
 * (names of compensations).
 */
export function deployedForm(description: Json): Json {
  const { input: _input, output: _output, attributes: _attributes, limits: _limits, steps, ...saga } = membersOf(description);
  return { ...saga, ...(Array.isArray(steps) && { steps: steps.map(stepForm) }) };
}

function stepForm(step: Json): Json {
  const { compensation, ...others } = membersOf(step);
  return { ...others, ...(compensation !== undefined && { compensation: true }) };
}

function membersOf(value: Json): Readonly<Record<string, Json | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, Json | undefined>>) : {};
}
