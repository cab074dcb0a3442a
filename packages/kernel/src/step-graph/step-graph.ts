import { computeAttributes } from '../deciding/attributes.js';
import { isOutOfTheWay } from '../deciding/catching.js';
import type {
  Command,
  CommandStep,
  MapStep,
  SagaDefinition,
  SagaView,
  SignalStep,
  StepDefinition,
  TimerStep,
} from '../definition/definition.js';
import { milliseconds } from '../definition/duration.js';
import { describeIssues } from '../definition/standard-schema.js';
import { recordError, SagaAborted, SkaldError } from '../errors/errors.js';
import type { StepPolicy } from '../history/events.js';
import type { Directive, Program, TakenSignal } from '../program.js';
import { mapOf } from '../state/map-state.js';
import { oldestSignal } from '../state/oldest-signal.js';
import { viewOf } from '../state/saga-view.js';
import type { SagaState, StepState } from '../state/state.js';
import { choose, whyNotTaken } from './choosing.js';
import { type Alternatives, alternativesOf, onFailure, whyNotInstead } from './step-failure.js';
import { afterItems, beginMap, goOnMapping, itemCompensation, MapItems } from './step-map.js';

/** The program of a saga definition: every step whose dependencies are settled is requested, or skipped by its guard. */
export function stepGraph(definition: SagaDefinition): Program {
  const alternatives = alternativesOf(definition.steps);
  const asking = definition.steps.filter((step) => step.kind === 'command' || step.kind === 'map');
  const policies = new Map(asking.map((step) => [step.id, policyOf(step)]));
  const graph = { definition, policies, alternatives, items: new MapItems(definition) };
  const { attributes } = definition;
  return {
    name: definition.name,
    version: definition.version,
    ...(definition.express && { express: definition.express }),
    ...(definition.log && { log: definition.log }),
    ...(definition.limits?.running !== undefined && { limit: definition.limits.running }),
    next: (state) => next(graph, state),
    ...(attributes && { attributes: (state: SagaState) => computeAttributes(attributes, state, viewOf(state)) }),
    compensation: (state, step) => compensation(graph, state, step),
  };
}

export function policyOf(step: CommandStep | MapStep): StepPolicy {
  return {
    timeout: step.timeout,
    ...(step.expires && { expires: step.expires }),
    ...(step.callback && { callback: step.callback }),
    retry: step.retry,
    pivot: step.kind === 'command' && step.pivot,
    compensation: step.compensation ? 'saga' : 'participant',
    compensationTimeout: step.compensationTimeout,
    compensationRetry: step.compensationRetry,
  };
}

interface Graph {
  readonly definition: SagaDefinition;
  readonly policies: ReadonlyMap<string, StepPolicy>;
  readonly alternatives: Alternatives;
  readonly items: MapItems;
}

function next(graph: Graph, state: SagaState): readonly Directive[] {
  const { definition } = graph;
  const directives: Directive[] = [];
  let settled = 0;
  for (const step of definition.steps) {
    const current = state.steps.get(step.id);
    if (current === undefined) {
      if (step.after.every((id) => isSettled(state.steps.get(id)))) directives.push(...open(graph, step, state));
    } else if (isSettled(current)) settled += 1;
    else if (step.kind === 'map' && current.status === 'waiting') directives.push(...goOn(graph, step, state));
    else if (step.kind === 'signal' && (current.status === 'waiting' || current.status === 'due')) {
      const directive = current.status === 'due' ? awaited(step) : take(step, current, state);
      if (directive) directives.push(directive);
    } else if ((current.status === 'failed' || current.status === 'unknown') && !state.parked.has(`step:${step.id}`)) {
      const directive = orFail(() => onFailure(step, current, graph.alternatives, state));
      if (directive.do === 'fail') return [directive];
      directives.push(...afterItems(state, step.id, directive));
    }
  }
  if (settled < definition.steps.length) return failFirst(directives);
  return [complete(definition, state)];
}

/** A guard or a step method that aborts speaks for the whole saga, and a signal may: what it says is heard before anything else is begun. */
function failFirst(directives: Directive[]): readonly Directive[] {
  const failure = directives.find((directive) => directive.do === 'fail');
  if (failure) return [failure];
  const taken = directives.filter((directive) => directive.do === 'receive');
  return taken.length > 0 ? taken : directives;
}

function isSettled(step: StepState | undefined): boolean {
  return step?.status === 'succeeded' || step?.status === 'skipped' || step?.status === 'caught';
}

/** The turn of a step has come; an alternative's only where what it stands in for is out of the way. */
function open(graph: Graph, step: StepDefinition, state: SagaState): readonly Directive[] {
  const { id, after } = step;
  const notTaken = whyNotTaken(step, state);
  if (notTaken !== undefined) return [{ do: 'skip', step: id, after, reason: notTaken }];
  const origin = step.instead === undefined ? undefined : state.steps.get(step.instead);
  if (!origin) return [orFail(() => begin(graph, step, state, viewOf(state)))];
  const reason = whyNotInstead(id, origin);
  if (reason !== undefined) return [{ do: 'skip', step: id, after, reason }];
  // Its guard has been asked when the failure was caught.
  const { when: _asked, ...chosen } = step;
  return isOutOfTheWay(state, origin) ? [orFail(() => begin(graph, chosen, state, viewOf(state, origin.error)))] : [];
}

function begin({ definition, policies, items }: Graph, step: StepDefinition, state: SagaState, view: SagaView): Directive {
  const { id, after } = step;
  if (step.when && !step.when(state.input, view)) return { do: 'skip', step: id, after, reason: 'guard' };
  if (step.kind === 'timer') return { do: 'sleep', step: id, after, until: timeOf(step, state, view) };
  if (step.kind === 'signal') return awaited(step);
  if (step.kind === 'choice') return choose(step, state, view);
  if (step.kind === 'map') return beginMap(step, items.of(step, state));
  const policy = policies.get(id) ?? policyOf(step);
  return { do: 'request', step: id, after, command: commandOf(definition, step, step.run(state.input, view)), policy };
}

function awaited({ id: step, after, signal, timeout, onTimeout }: SignalStep): Directive {
  return { do: 'await', step, after, signal, onTimeout, ...(timeout !== undefined && { timeout }) };
}

/** A waiting step looks at the oldest signal of its name. */
function take(step: SignalStep, current: StepState, state: SagaState): Directive | undefined {
  const signal = oldestSignal(state, current);
  return signal && { do: 'receive', step: step.id, id: signal.id, taken: taken(step, signal.payload, viewOf(state)) };
}

function taken({ schema, receive }: SignalStep, payload: unknown, view: SagaView): TakenSignal {
  const checked = schema?.['~standard'].validate(payload) ?? { value: payload };
  // An async schema was asked where the signal was sent; nobody waits for its answer here.
  if (checked instanceof Promise) checked.catch(() => undefined);
  else if (checked.issues) return { as: 'discarded', error: { name: 'InvalidSignal', message: describeIssues(checked.issues) } };
  try {
    const result = receive(checked instanceof Promise ? payload : checked.value, view);
    // As it will be read again: what follows must not depend on whether it has been.
    return { as: 'result', ...(result !== undefined && { result: JSON.parse(JSON.stringify(result) ?? 'null') }) };
  } catch (thrown) {
    if (thrown instanceof SagaAborted) return { as: 'failure', error: recordError(thrown) };
    throw thrown;
  }
}

/** A fraction of a millisecond would be too early. */
function timeOf({ id, time }: TimerStep, state: SagaState, view: SagaView): number {
  const said = typeof time === 'function' ? time(state.input, view) : time;
  const until = said instanceof Date ? said.getTime() : state.at + milliseconds(said, `${state.saga}.${id}`);
  if (!Number.isFinite(until)) throw new SkaldError('invalid-duration', { field: `${state.saga}.${id}`, value: String(said) });
  return Math.ceil(until);
}

function complete(definition: SagaDefinition, state: SagaState): Directive {
  return orFail(() => ({
    do: 'complete',
    output: definition.result ? definition.result(state.input, viewOf(state)) : { ...state.results },
  }));
}

function orFail(directive: () => Directive): Directive {
  try {
    return directive();
  } catch (thrown) {
    if (thrown instanceof SagaAborted) return { do: 'fail', error: recordError(thrown) };
    throw thrown;
  }
}

function compensation({ definition, items }: Graph, state: SagaState, step: StepState): Command {
  const id = mapOf(state, step.id)?.step ?? step.id;
  const defined = definition.steps.find((one) => one.id === id);
  if (defined?.kind === 'map' && defined.compensation) return undoOf(definition, step, itemCompensation(defined, items, state, step));
  const own = defined?.kind === 'command' ? defined.compensation : undefined;
  if (!own) throw new Error(`step ${step.id} has no compensation of the saga's own any more`);
  return undoOf(definition, step, own.run(state.input, viewOf(state, step.error)));
}

/** A saga may be cancelled, fail and turn back: none can be relied on to undo. */
function undoOf(definition: SagaDefinition, { id }: { readonly id: string }, given: Command | undefined): Command {
  const command = commandOf(definition, { id }, given);
  if (!command.child) return command;
  const remedy = 'Ask a participant; or let the step itself start a saga, which is undone with it.';
  throw new SkaldError('not-a-command', { saga: definition.name, method: `step ${id}`, returned: 'a saga to undo it', remedy });
}

function goOn({ definition, policies, items }: Graph, step: MapStep, state: SagaState): readonly Directive[] {
  const map = state.maps.get(step.id);
  const command = (index: number): Command => {
    const each = items.of(step, state);
    return commandOf(definition, step, each.run(each.items[index], index));
  };
  return map ? goOnMapping(step, map, state, policies.get(step.id) ?? policyOf(step), command) : [];
}

/** Decorators and the builder see to it that a command comes; what is written as data may give anything. */
function commandOf(definition: SagaDefinition, { id }: { readonly id: string }, given: Command | undefined): Command {
  const isChild = given?.child !== undefined && definition.express !== undefined;
  if (typeof given?.participant === 'string' && typeof given.action === 'string' && Array.isArray(given.args) && !isChild) return given;
  throw new SkaldError('not-a-command', {
    saga: definition.name,
    method: `step ${id}`,
    returned: isChild ? 'a saga that it starts' : given === null ? 'null' : typeof given,
    remedy: isChild
      ? 'An express saga starts no others: give it mode standard.'
      : 'Return what a participant’s proxy builds: { participant, action, args }.',
  });
}
