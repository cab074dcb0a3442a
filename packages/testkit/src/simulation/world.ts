/**
 * A world around the pure kernel: one saga, its manager, a network and participants, with a clock of its own. It carries messages and has
 * every decision inspected; what happens next is for others to say.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  checkLaws,
  type Decision,
  decide,
  fold,
  initialState,
  type Message,
  type OwedCommand,
  outstanding,
  type Program,
  type Reply,
  type SagaDefinition,
  type SagaEvent,
  type SagaState,
  stepGraph,
} from '@skald/kernel';
import type { Choices } from './choices.js';
import { type Coverage, count } from './coverage.js';
import { inspectArguments, inspectDecision, inspectPurity, inspectRepeat, inspectState } from './inspection.js';
import { ModelParent } from './model-parent.js';
import { ModelParticipants } from './model-participants.js';
import type { ModelStep, Scenario } from './scenario.js';

export interface WorldOptions {
  /** Fold, compare and check every law after every decision; else at crashes and at the end. */
  readonly thorough?: boolean;
}

export class World {
  state: SagaState = initialState();
  readonly history: SagaEvent[] = [];
  /** Kind of the message behind each event of the history. */
  readonly causes: Message['type'][] = [];
  now = 1_000;
  /** On their way. */
  readonly commands: OwedCommand[] = [];
  readonly replies: Reply[] = [];
  /** Everything that was ever under way: a network may deliver it again at any time. */
  readonly sentCommands: OwedCommand[] = [];
  readonly sentReplies: Reply[] = [];
  readonly requests: Message[] = [];
  readonly participants: ModelParticipants;
  program: Program;
  readonly violations: string[] = [];
  readonly #asked = new Map<string, string>();
  requestCount = 0;
  readonly parent: ModelParent | undefined;

  constructor(
    readonly scenario: Scenario,
    readonly choices: Choices,
    readonly coverage: Coverage,
    readonly options: WorldOptions = {},
  ) {
    this.program = stepGraph(scenario.definition);
    this.participants = new ModelParticipants(scenario, choices);
    if (scenario.parent) this.parent = new ModelParent(this);
  }

  start(): void {
    if (this.parent) return this.parent.begin();
    const { name, version, deadline, limits } = this.scenario.definition;
    const identity = { sagaId: 'model-1', saga: name, version, incarnation: 'i', input: {}, inputHash: 'h' };
    this.request({
      type: 'start',
      at: this.now,
      request: 'r0',
      ...identity,
      ...(deadline !== undefined && { deadline }),
      ...(limits && { limited: true }),
    });
  }

  /** Another definition of the saga decides from now on, in a manager that has just begun. What its steps are to the model's participants is said by `models`. */
  deploy(definition: SagaDefinition, models: ReadonlyMap<string, ModelStep>, program: Program = stepGraph(definition)): void {
    this.scenario.definition = definition;
    this.scenario.steps = models;
    this.program = program;
    this.crash();
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
    for (const event of decision.events) {
      this.history.push(event);
      this.causes.push(message.type);
    }
    if (decision.note) count(this.coverage, `note: ${decision.note}`);
    const commands = outstanding(this.state, before);
    const report = (violation: string): void => void this.violations.push(violation);
    inspectDecision(message, decision, commands, report);
    inspectArguments(commands, this.#asked, report);
    inspectRepeat(message, decision, decide(this.program, this.state, message), report);
    this.parent?.listen(decision, before);
    if (again) inspectPurity(message, decision, again, report);
    if (this.options.thorough) this.check();
    this.send(commands);
    return decision;
  }

  send(commands: readonly OwedCommand[]): void {
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

  execute(command: OwedCommand): void {
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
    this.#refold();
    this.send(outstanding(this.state));
  }

  check(): void {
    this.#refold();
    inspectState(this.state, (violation) => void this.violations.push(violation));
    for (const { law, revision, message } of checkLaws(this.history)) this.violations.push(`law ${law} at ${revision}: ${message}`);
  }

  #refold(): void {
    const folded = fold(this.history);
    if (!isDeepStrictEqual(folded, this.state)) this.violations.push('W3 the folded state differs from the one that decided');
    this.state = folded;
  }
}
