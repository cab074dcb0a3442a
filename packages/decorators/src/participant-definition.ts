import { SkaldError, type StandardSchema } from '@skald/kernel';
import { checkedName, isActionName, isReserved } from './action-names.js';
import { isClass, methodsOf, recordedParticipant, recordedProbes, recordedSteps } from './metadata.js';
import type { Class, SagaStepOptions } from './typing.js';

export interface ActionDefinition {
  /** Method that undoes the action: `(input, result?)`. */
  readonly compensation?: string;
  /** Method that says whether the action happened: `(…arguments, idempotencyKey)`. */
  readonly probe?: string;
  readonly input?: StandardSchema;
  readonly output?: StandardSchema;
}

/** A participant as data: what may be asked of it. Its instance does the work. */
export interface ParticipantDefinition {
  readonly name: string;
  readonly actions: ReadonlyMap<string, ActionDefinition>;
}

const sagaOnly = [
  ...([
    'id',
    'after',
    'when',
    'instead',
    'on',
    'optional',
    'branch',
    'pivot',
    'timeout',
    'expires',
    'callback',
    'retry',
    'onUnknown',
  ] as const),
  ...(['compensationTimeout', 'compensationRetry'] as const),
] as const;

/**
 * The actions of a class under `@Participant`: every method whose name begins with a letter, inherited ones too. What is `private` to the
 * compiler is not so at run time: begin the names of such methods with `_`, or write `#name`. Throws `invalid-participant`.
 */
export function participantDefinitionOf(target: Class<object>): ParticipantDefinition {
  const name = isClass(target) ? recordedParticipant(target) : undefined;
  if (name === undefined) {
    const participant = isClass(target) ? target.name : String(target);
    throw invalid(participant, 'it is not a class under @Participant', 'Decorate the class: @Participant(name).');
  }
  checkedName(name);
  const methods = [...methodsOf(target.prototype).keys()];
  const steps = recordedSteps(target.prototype);
  for (const action of methods) {
    if (isReserved(action)) throw invalid(name, `the name "${action}" is reserved`, 'Rename the method, or begin its name with _.');
  }
  const actions = methods.filter(isActionName);
  if (actions.length === 0) throw invalid(name, 'it has no actions', 'Add a public async method.');
  const declared = new Map<string, SagaStepOptions>();
  for (const [action, options] of steps) {
    if (options.kind !== undefined && options.kind !== 'command')
      throw invalid(name, `"${action}" is a ${options.kind}`, 'A saga waits and decides; a participant does not.');
    check(name, action, options, actions);
    declared.set(action, options);
  }
  const probes = probesOf(name, recordedProbes(target.prototype), actions);
  return { name, actions: new Map(actions.map((action) => [action, actionDefinition(declared.get(action), probes.get(action))])) };
}

function actionDefinition({ compensation, input, output }: SagaStepOptions = {}, probe?: string): ActionDefinition {
  return {
    ...(compensation !== undefined && { compensation }),
    ...(probe !== undefined && { probe }),
    ...(input && { input }),
    ...(output && { output }),
  };
}

/** Probes by action. */
function probesOf(name: string, probes: ReadonlyMap<string, string>, actions: readonly string[]): ReadonlyMap<string, string> {
  const byAction = new Map<string, string>();
  for (const [probe, action] of probes) {
    const problem = (what: string, remedy: string): SkaldError => invalid(name, what, remedy);
    if (!actions.includes(probe)) throw problem(`@Probe stands on "${probe}", which sagas could not name`, 'Begin its name with a letter.');
    if (!actions.includes(action))
      throw problem(`"${probe}" is a probe of "${action}", which is not an action`, 'Name a public async method.');
    if (probe === action) throw problem(`"${probe}" would probe itself`, 'Name the action that it tells of.');
    const other = byAction.get(action);
    if (other !== undefined) throw problem(`"${action}" has two probes, "${other}" and "${probe}"`, 'Keep one of them.');
    byAction.set(action, probe);
  }
  return byAction;
}

function check(name: string, action: string, options: SagaStepOptions, actions: readonly string[]): void {
  if (!actions.includes(action)) {
    throw invalid(name, `@SagaStep stands on "${action}", which is not an action`, 'Put it on a method whose name begins with a letter.');
  }
  const { compensation } = options;
  if (compensation === action) throw invalid(name, `"${action}" would undo itself`, 'Name another method.');
  if (compensation !== undefined && !actions.includes(compensation)) {
    throw invalid(name, `"${compensation}", which undoes "${action}", is not an action`, `Add a public async method "${compensation}".`);
  }
  const misplaced = sagaOnly.filter((option) => options[option] !== undefined);
  if (misplaced.length > 0) {
    throw invalid(name, `"${action}" has options of a saga's step: ${misplaced.join(', ')}`, 'Give them where a saga asks for it.');
  }
}

function invalid(participant: string, problem: string, remedy: string): SkaldError {
  return new SkaldError('invalid-participant', { participant, problem, remedy });
}
