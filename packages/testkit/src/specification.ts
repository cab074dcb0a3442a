import { isDeepStrictEqual } from 'node:util';
import {
  type Answer,
  type CommandMessage,
  checkLaws,
  type DataOf,
  type Decision,
  decide,
  type EventType,
  fold,
  type Message,
  type Outcome,
  outstanding,
  type Program,
  type SagaDefinition,
  type SagaEvent,
  type SagaState,
  type SagaStatus,
  statusOf,
  stepGraph,
} from '@skald/kernel';

/** A message, or how to make it from what the saga knows by then. */
export type Said = Message | ((state: SagaState) => Message);

/** An event by its type, or with those of its data that matter. */
export type Expected = { readonly [Type in EventType]: Type | readonly [Type, Partial<DataOf<Type>>] }[EventType];

/**
 * Given / when / then over the pure kernel: a history, messages, and what is recorded because of the last of them. Each step throws an
 * error that shows both sides when it does not hold. Every history on the way must obey every law.
 */
export function given(saga: SagaDefinition | Program, ...history: readonly SagaEvent[]): Specification {
  return new Specification('steps' in saga ? stepGraph(saga) : saga, history);
}

export class Specification {
  readonly #program: Program;
  readonly #history: SagaEvent[];
  #state: SagaState;
  #last: Decision;

  constructor(program: Program, history: readonly SagaEvent[]) {
    this.#program = program;
    this.#history = [...history];
    this.#state = fold(history);
    this.#last = { events: [], state: this.#state };
  }

  get history(): readonly SagaEvent[] {
    return this.#history;
  }

  get state(): SagaState {
    return this.#state;
  }

  /** The messages are decided one after the other; what follows is about the last. */
  when(...messages: readonly Said[]): this {
    for (const said of messages) {
      const message = typeof said === 'function' ? said(this.#state) : said;
      this.#last = decide(this.#program, this.#state, message);
      this.#state = this.#last.state;
      this.#history.push(...this.#last.events);
      const [broken] = checkLaws(this.#history);
      if (broken) throw new Error(`${message.type} broke the law ${broken.law}: ${broken.message}\n${this.#story()}`);
      if (!isDeepStrictEqual(fold(this.#history), this.#state)) throw new Error(`after ${message.type} the folded state differs`);
    }
    return this;
  }

  /** Exactly these events were recorded, in this order; of their data only what is named is compared. */
  // biome-ignore lint/suspicious/noThenProperty: given, when, then; it is never awaited
  then(...expected: readonly Expected[]): this {
    const { events } = this.#last;
    const fits = events.length === expected.length && events.every((event, at) => matches(event, expected[at]));
    if (!fits) throw new Error(`expected\n${expected.map(line).join('\n')}\nbut recorded\n${this.#recorded()}\nin\n${this.#story()}`);
    return this;
  }

  thenNothing(note?: Decision['note']): this {
    if (note !== undefined && note !== this.#last.note) throw new Error(`expected the note ${note}, got ${this.#last.note}`);
    return this.then();
  }

  /** All that the world is owed now, each as `action s1`, `seal s1` or `compensation s1`. */
  thenOwes(...expected: readonly string[]): this {
    const owed = this.owed().map(nameOf);
    if (!isDeepStrictEqual(owed, expected))
      throw new Error(`expected to owe ${expected.join(', ')}, but owes ${owed.join(', ') || 'nothing'}\n${this.#story()}`);
    return this;
  }

  thenAnswers(expected: Answer): this {
    const { answer } = this.#last;
    if (!isDeepStrictEqual(answer, expected))
      throw new Error(`expected ${JSON.stringify(expected)}, but answered ${JSON.stringify(answer)}`);
    return this;
  }

  /** To the saga whose step asked. */
  thenReplies(expected: Outcome): this {
    const outcome = this.#last.reply?.outcome;
    if (!isDeepStrictEqual(outcome, expected))
      throw new Error(`expected the reply ${JSON.stringify(expected)}, but it is ${JSON.stringify(outcome)}`);
    return this;
  }

  thenStands(status: SagaStatus): this {
    const actual = statusOf(this.#state);
    if (actual !== status) throw new Error(`expected it to be ${status}, but it is ${actual}\n${this.#story()}`);
    return this;
  }

  owed(): CommandMessage[] {
    return outstanding(this.#state);
  }

  /** What is owed for one step. */
  command(step: string): CommandMessage {
    const command = this.owed().find((one) => one.step === step);
    if (!command) throw new Error(`nothing is owed for ${step}`);
    return command;
  }

  #recorded(): string {
    return this.#last.events.map((event) => line([event.type, event.data] as unknown as Expected)).join('\n') || '  nothing';
  }

  #story(): string {
    return this.#history.map(({ type, at, data }, revision) => `${revision} @${at} ${type} ${JSON.stringify(data)}`).join('\n');
  }
}

function nameOf({ operation, purpose, step }: CommandMessage): string {
  return `${purpose === 'compensation' ? 'compensation' : operation} ${step}`;
}

function matches(event: SagaEvent, expected: Expected | undefined): boolean {
  if (expected === undefined || typeof expected === 'string') return event.type === expected;
  const [type, data] = expected;
  const actual = event.data as Readonly<Record<string, unknown>>;
  return event.type === type && Object.entries(data).every(([name, value]) => isDeepStrictEqual(actual[name], value));
}

function line(expected: Expected): string {
  return typeof expected === 'string' ? `  ${expected}` : `  ${expected[0]} ${JSON.stringify(expected[1])}`;
}
