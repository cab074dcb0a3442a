import { canonicalJson, type Json } from '../json.js';
import type { SagaDefinition, StepDefinition } from './definition.js';

/** A definition without its functions: what can be compared, stored and drawn. Equal descriptions mean the same saga to the kernel. */
export function describeDefinition(definition: SagaDefinition): Json {
  return JSON.parse(
    canonicalJson({
      name: definition.name,
      version: definition.version,
      deadline: definition.deadline,
      express: definition.express,
      limits: definition.limits,
      input: definition.input !== undefined,
      output: definition.output !== undefined,
      result: definition.result !== undefined,
      attributes: definition.attributes && Object.keys(definition.attributes).sort(),
      steps: definition.steps.map(describeStep),
    }),
  );
}

function describeStep(step: StepDefinition) {
  if (step.kind === 'timer') {
    const { when, time, ...data } = step;
    return { ...data, when: when !== undefined, time: typeof time === 'number' ? time : 'as its method says' };
  }
  if (step.kind === 'signal') {
    const { when, receive: _receive, schema, ...data } = step;
    return { ...data, when: when !== undefined, schema: schema !== undefined };
  }
  if (step.kind === 'choice') {
    const { when, branches, ...data } = step;
    return { ...data, when: when !== undefined, branches: Object.keys(branches) };
  }
  if (step.kind === 'map') {
    const { each: _each, when, compensation, ...data } = step;
    return { ...data, when: when !== undefined, compensation: compensation?.name };
  }
  const { run: _run, when, compensation, ...data } = step;
  return { ...data, when: when !== undefined, compensation: compensation?.name };
}
