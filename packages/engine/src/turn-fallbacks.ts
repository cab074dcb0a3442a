/**
 * Ways out where a decision cannot be carried out: as much is recorded as can be.
 *
 * Invariants
 * W1  What an input tells is lost only where it cannot be recorded by itself. An answer is recorded without what is too much in it.
 * W2  A saga is suspended for what it did itself, or what became of its steps. Somebody outside who asks too much of it is refused, and it goes
 *     on.
 */
import { type Delivery, decide, type InboxMessage, type Message, type Outcome, type Program, refuseAsked } from '@skald/kernel';
import { toParent } from './asks.js';
import {
  brief,
  cutOff,
  refusal,
  refusalOf,
  refusing,
  type Turn,
  TurnFailed,
  type TurnInput,
  type TurnPorts,
  takeTurn,
  WriteDraft,
} from './turn.js';

/** How much of the program is left out when a decision is taken again without what could not be carried out. */
export type Without = 'compensations' | 'everything';

/**
 * The first input could not be carried out, since the program threw or asked for too much: what it tells is recorded all the same, and the
 * saga is suspended with the reason. Throws `TurnFailed` when it is not what is left out that was wrong.
 */
export function takeFact(input: TurnInput, without: Without, error: unknown, ports: TurnPorts): Turn {
  const refused = refusing(error);
  const reduced = (program: Program): Program => ({
    ...refused,
    ...(program.limit !== undefined && { limit: program.limit }),
    ...(without === 'compensations' && { next: (state) => program.next(state) }),
  });
  const first = input.deliveries.slice(0, 1);
  const find = (name: string, version: number) => reduced(ports.programs.find(name, version));
  const turn = takeTurn({ ...input, deliveries: first }, { ...ports, programs: { find } });
  return { ...turn, rest: input.deliveries.slice(1) };
}

/**
 * W1. The first input is an answer that brings more with it than can be recorded. Of a failure what is too much is cut off, as participants
 * do; of a success it is recorded that it happened, and the saga is suspended, since it cannot go on without the result. Undefined where there is
 * nothing to leave out. Throws `TurnFailed`.
 */
export function takeShortened(input: TurnInput, error: unknown, ports: TurnPorts): Turn | undefined {
  const [first, ...rest] = input.deliveries;
  const said = first?.message.input;
  if (!first || said?.type !== 'reply') return undefined;
  const outcome = shortened(said.outcome);
  if (!outcome) return undefined;
  const delivery = { message: { ...first.message, input: { ...said, outcome } }, done: () => first.done() };
  if (outcome.type === 'succeeded') return takeFact({ ...input, deliveries: [delivery, ...rest] }, 'everything', error, ports);
  return { ...takeTurn({ ...input, deliveries: [delivery] }, ports), rest };
}

function shortened(outcome: Outcome): Outcome | undefined {
  if (outcome.type === 'failed') return { ...outcome, error: cutOff(outcome.error) };
  if (outcome.type !== 'succeeded' || outcome.result === undefined) return undefined;
  const { result: _tooMuch, ...others } = outcome;
  return others;
}

/** The saga is suspended with the reason; the first input cannot be recorded, and whoever sent it is told. Throws `TurnFailed`. */
export function takeFault(input: TurnInput, error: unknown): Turn {
  return fault(input, error, 1);
}

/** The saga is suspended with the reason, which comes from none of these inputs: they are taken up next. Throws `TurnFailed`. */
export function takeFaultFirst(input: TurnInput, error: unknown): Turn {
  return fault(input, error, 0);
}

function fault(input: TurnInput, error: unknown, taken: 0 | 1): Turn {
  const { sagaId, activated, now, deliveries } = input;
  const draft = new WriteDraft(sagaId, activated);
  const message: Message = { type: 'fault', at: now, error: brief(error) };
  try {
    const decision = decide(refusing(error), activated.state, message);
    draft.add({ ...decision, answer: refusalOf(error, 'decision-failed') }, deliveries.slice(0, taken)[0]?.message);
  } catch (cause) {
    throw new TurnFailed(0, cause);
  }
  return draft.finish(input, taken);
}

/** W2. Is it somebody outside who asks, and waits for an answer? */
export function isAsking({ message: { input } }: Delivery<InboxMessage>): boolean {
  return 'request' in input;
}

/** Nothing can be decided for this saga, or on these inputs: the stream stays as it is, and whoever sent the first `count` of them is told. */
export function refuse(input: TurnInput, count: number, error: unknown): Turn {
  const deliveries = input.deliveries.slice(0, count);
  const answers = deliveries.flatMap(({ message }) => refusal(message, error, 'decision-failed'));
  const { head } = input.activated;
  return { ...input, deliveries, decided: [], answers, write: undefined, summary: undefined, head, rest: input.deliveries.slice(count) };
}

/** The first input is to begin a saga, and its start cannot be recorded, now or ever: the step that asked is told. Undefined where it is not. */
export function refuseToBegin(input: TurnInput, error: unknown): Turn | undefined {
  const said = input.deliveries[0]?.message.input;
  if (said?.type !== 'asked' || input.activated.state.phase !== 'new') return undefined;
  const turn = refuse(input, 1, error);
  return { ...turn, answers: [...turn.answers, toParent(refuseAsked(said, brief(error)))] };
}
