/**
 * A world around the pure kernel: one saga, its manager, a network and participants, with a clock of its own. It carries messages and
 * looks at every decision; what happens next is for others to say.
 *
 * Invariants, reported as violations
 * W1  The same message on the same state tells nothing new, and an accepted request is answered as it was.
 * W2  A wake leaves nothing due: the next thing falls due later, or never.
 * W3  A state folded from the history equals the one that decided, and owes the same (after every decision when thorough, else at crashes).
 * W4  A decision is pure: the same again on a folded state (when thorough).
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type CommandMessage,
  checkLaws,
  type Decision,
  decide,
  fold,
  initialState,
  type Message,
  nextDue,
  outstanding,
  type Program,
  type Reply,
  type SagaEvent,
  type SagaState,
  statusOf,
  stepGraph,
} from '@skald/kernel';
import type { Choices } from './choices.js';
import { type Coverage, count } from './coverage.js';
import { ModelParticipants } from './model-participants.js';
import type { Scenario } from './scenario.js';

export interface WorldOptions {
  /** Fold, compare and check every law after every decision; else at crashes and at the end. */
  readonly thorough?: boolean;
}

export class World {
  state: SagaState = initialState();
  readonly history: SagaEvent[] = [];
  now = 1_000;
  /** On their way. */
  readonly commands: CommandMessage[] = [];
  readonly replies: Reply[] = [];
  /** Everything that was ever under way: a network may deliver it again at any time. */
  readonly sentCommands: CommandMessage[] = [];
  readonly sentReplies: Reply[] = [];
  readonly requests: Message[] = [];
  readonly participants: ModelParticipants;
  readonly program: Program;
  readonly violations: string[] = [];
  requestCount = 0;

  constructor(
    readonly scenario: Scenario,
    readonly choices: Choices,
    readonly coverage: Coverage,
    readonly options: WorldOptions = {},
  ) {
    this.program = stepGraph(scenario.definition);
    this.participants = new ModelParticipants(scenario, choices);
  }

  start(): void {
    const { name, version, deadline } = this.scenario.definition;
    const identity = { sagaId: 'model-1', saga: name, version, incarnation: 'i', input: {}, inputHash: 'h' };
    this.request({ type: 'start', at: this.now, request: 'r0', ...identity, ...(deadline !== undefined && { deadline }) });
  }

  /** A message that a caller may send again. */
  request(message: Message): Decision {
    this.requests.push(message);
    return this.receive(message);
  }

  receive(message: Message): Decision {
    const before = this.state.revision;
    const again = this.options.thorough ? decide(this.program, fold(this.history), message) : undefined;
    const decision = decide(this.program, this.state, message);
    this.state = decision.state;
    if (again && !isDeepStrictEqual(again.events, decision.events)) this.violations.push(`W4 ${message.type} was decided in two ways`);
    for (const event of decision.events) this.history.push(event);
    if (decision.note) count(this.coverage, `note: ${decision.note}`);
    this.#decideTwice(message, decision);
    if (this.options.thorough) this.check();
    this.send(outstanding(this.state, before));
    return decision;
  }

  #decideTwice(message: Message, first: Decision): void {
    const again = decide(this.program, this.state, message);
    if (again.events.length > 0) {
      this.violations.push(`W1 ${message.type} ${JSON.stringify(message)} again gave ${again.events.map(({ type }) => type).join(', ')}`);
      for (const event of again.events) this.history.push(event);
    }
    if (first.answer?.accepted && first.events.length > 0 && message.type !== 'start' && !isDeepStrictEqual(again.answer, first.answer)) {
      const moved = first.answer.pending || again.answer?.accepted === false;
      if (!moved) this.violations.push(`W1 ${message.type} was answered ${JSON.stringify(first.answer)}, then ${JSON.stringify(again.answer)}`);
    }
    const due = message.type === 'wake' ? nextDue(this.state) : undefined;
    if (due !== undefined && due <= message.at) this.violations.push(`W2 a wake at ${message.at} leaves something due at ${due}`);
  }

  send(commands: readonly CommandMessage[]): void {
    this.commands.push(...commands);
    this.sentCommands.push(...commands);
  }

  wake(): void {
    this.receive({ type: 'wake', at: this.now });
  }

  deliverCommand(index: number, keep = false): void {
    const command = this.commands[index];
    if (!command) return;
    if (!keep) this.commands.splice(index, 1);
    this.execute(command);
  }

  execute(command: CommandMessage): void {
    this.answered(this.participants.take(command, this.now));
  }

  answered(reply: Reply | undefined): void {
    if (!reply) return;
    this.replies.push(reply);
    this.sentReplies.push(reply);
  }

  deliverReply(index: number, keep = false): void {
    const reply = this.replies[index];
    if (!reply) return;
    if (!keep) this.replies.splice(index, 1);
    this.receive({ type: 'reply', at: this.now, ...reply });
  }

  /** The manager dies and another one takes over: nothing is left but the history. */
  crash(): void {
    count(this.coverage, 'crash');
    this.check();
    this.state = fold(this.history);
    this.send(outstanding(this.state));
  }

  check(): void {
    const folded = fold(this.history);
    if (!isDeepStrictEqual(folded, this.state)) this.violations.push('W3 the folded state differs from the one that decided');
    if (!isDeepStrictEqual(outstanding(folded), outstanding(this.state))) this.violations.push('W3 the folded state owes something else');
    this.#checkOwed();
    for (const { law, revision, message } of checkLaws(this.history)) this.violations.push(`law ${law} at ${revision}: ${message}`);
  }

  #checkOwed(): void {
    const { state } = this;
    const stopped = state.phase === 'ended' && !state.reopened;
    if (stopped && (state.owed.size > 0 || state.timers.size > 0)) this.violations.push('an ended saga owes something, or has timers');
    for (const target of state.owed.keys()) {
      if (state.parked.has(target)) this.violations.push(`${target} is owed and waits for a person`);
      if (!state.timers.has(target)) this.violations.push(`${target} is owed and nothing falls due if it is lost`);
    }
    for (const id of state.undoReady) if (state.steps.get(id)?.clear) this.violations.push(`${id} is to be undone and clear`);
    if (stopped && !state.parked.size && state.heldSince === undefined && statusOf(state) === 'suspended') this.violations.push('suspended by nothing');
  }
}
