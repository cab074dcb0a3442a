import {
  answersEverything,
  type Command,
  type SagaDefinition,
  type SagaView,
  SkaldError,
  type StartedChild,
  type StepDefinition,
} from '@skald/kernel';

/** A command that a saga asks for, as far as this can be known without an input. */
export interface ProbedCommand {
  /** Step that asks for it, or whose compensation does. */
  readonly step: string;
  readonly participant: string;
  readonly action: string;
  /** Of a saga that it starts. */
  readonly child?: Pick<StartedChild, 'version' | 'detached' | 'undoes'>;
}

/**
 * What a saga asks of whom. Its methods are called with an input that answers to everything, which they must bear, since they only build
 * commands. Each is called twice with different answers: what depends on the input is not reported, nor what throws.
 */
export function probe(definition: SagaDefinition): ProbedCommand[] {
  return definition.steps.flatMap((step) => {
    const { id } = step;
    return methodsOf(step).flatMap((method, nth) => {
      const [one, other] = [call(method, definition, 'left', 0), call(method, definition, 'right', 1)];
      const isCertain = one && other && one.participant === other.participant && one.action === other.action;
      if (!isCertain) return [];
      const { participant, action, child } = one;
      const undoes = nth > 0 && ({ undoes: true } as const);
      const started = child && { child: { version: child.version, detached: child.detached ?? false, ...undoes } };
      return [{ step: id, participant, action, ...started }];
    });
  });
}

type Method = (input: unknown, view: SagaView) => Command;

/** What the step asks, and what undoes it where the saga says how. */
function methodsOf(step: StepDefinition): readonly Method[] {
  if (step.kind === 'command') return step.compensation ? [step.run, step.compensation.run] : [step.run];
  if (step.kind !== 'map') return [];
  const { each, compensation } = step;
  const run: Method = (anything, view) => each(anything, view).run(anything, 0);
  return compensation ? [run, (anything, view) => compensation.run(anything, anything, view, 0, anything)] : [run];
}

function call(method: Method, { name, version }: SagaDefinition, text: string, number: number): Command | undefined {
  const anything = answersEverything(text, number);
  const saga = { id: `${name}-${text}`, name, version, startedAt: number };
  try {
    const command = method(anything, { results: anything as SagaView['results'], saga, now: number });
    return typeof command?.participant === 'string' && typeof command.action === 'string' ? command : undefined;
  } catch (error) {
    return startedBy(error);
  }
}

/** The schema of a child cannot like an input that answers to everything; which child it is, is known all the same. */
function startedBy(error: unknown): Command | undefined {
  if (!(error instanceof SkaldError) || error.code !== 'invalid-input') return undefined;
  const { saga, version, detached } = error.details;
  if (typeof saga !== 'string' || typeof version !== 'number') return undefined;
  return { participant: saga, action: 'start', args: [], child: { version, ...(detached === true && { detached }) } };
}
