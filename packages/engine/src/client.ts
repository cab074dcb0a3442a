/**
 * Asks something of a saga and waits for the answer. A question without an answer is asked again under the same request id, which is
 * harmless: the saga gives the first answer again.
 */
import {
  type Answer,
  type BusConsumer,
  type BusMessage,
  type Cancel,
  type Clock,
  type Delivery,
  type Ids,
  type InboxMessage,
  type MessageBus,
  type Operator,
  type Signal,
  SkaldError,
  type Start,
  type TaskInput,
} from '@skald/kernel';

type Question = Omit<Start, 'at'> | Omit<Signal, 'at'> | TaskInput | Omit<Cancel, 'at'> | Omit<Operator, 'at'>;
export type Accepted = Extract<Answer, { accepted: true }>;

interface Pending {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export interface ClientOptions {
  /** Milliseconds until a question is asked again. */
  readonly repeatAfter: number;
  /** Milliseconds until `timed-out`. */
  readonly giveUpAfter: number;
}

export interface AskOptions {
  /** Default: the inbox. */
  readonly to?: 'inbox' | 'express';
  /** Milliseconds that the answer may take by itself, beside those until the question is given up. */
  readonly within?: number;
}

export class Client {
  private readonly id: string;
  /** By saga and request id: the same question may be under way more than once. */
  private readonly pending = new Map<string, Set<Pending>>();
  private consumer: BusConsumer | undefined;
  private stopped = false;

  constructor(
    private readonly bus: MessageBus,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly options: ClientOptions,
  ) {
    this.id = ids.unique();
  }

  async start(): Promise<void> {
    this.consumer = await this.bus.consume({ to: 'client', client: this.id }, (batch) => this.deliver(batch));
  }

  /** Questions under way are rejected with `app-stopped`; whether they were heard can be asked again under the same id. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const asking of this.pending.values()) for (const { reject } of asking) reject(new SkaldError('app-stopped'));
    this.pending.clear();
    await this.consumer?.stop();
  }

  /** Resolves once the answer is stored. Throws `SkaldError` with the code of the refusal, `timed-out` or `app-stopped`. */
  async ask(sagaId: string, question: Question, { to = 'inbox', within = 0 }: AskOptions = {}): Promise<Accepted> {
    if (this.stopped) throw new SkaldError('app-stopped');
    const message: InboxMessage = { kind: 'input', sagaId, input: question, client: this.id };
    let leave = () => {};
    const answered = new Promise<Answer>((resolve, reject) => {
      leave = this.join(questionOf(sagaId, question.request), { resolve, reject });
    });
    const patience = { to, giveUpAfter: within + this.options.giveUpAfter };
    const giveUp = this.askUntil(questionOf(sagaId, question.request), message, patience);
    try {
      const answer = await answered;
      if (answer.accepted) return answer;
      throw new SkaldError(answer.code, { sagaId, ...answer.details });
    } finally {
      giveUp();
      leave();
    }
  }

  newRequest(): string {
    return this.ids.unique();
  }

  private join(question: string, one: Pending): () => void {
    const asking = this.pending.get(question) ?? new Set();
    this.pending.set(question, asking.add(one));
    return () => {
      asking.delete(one);
      if (asking.size === 0 && this.pending.get(question) === asking) this.pending.delete(question);
    };
  }

  private askUntil(
    question: string,
    message: InboxMessage,
    { to, giveUpAfter }: { readonly to: 'inbox' | 'express'; readonly giveUpAfter: number },
  ): () => void {
    const deadline = this.clock.now() + giveUpAfter;
    let cancel = () => {};
    const fail = (error: Error) => {
      for (const { reject } of this.pending.get(question) ?? []) reject(error);
    };
    const ask = () => {
      if (this.clock.now() >= deadline) return fail(new SkaldError('timed-out', { what: message.sagaId, milliseconds: giveUpAfter }));
      this.bus.publish([{ address: { to }, message }]).catch(fail);
      cancel = this.clock.at(Math.min(this.clock.now() + this.options.repeatAfter, deadline), ask);
    };
    ask();
    return () => cancel();
  }

  private deliver(batch: readonly Delivery<BusMessage>[]): void {
    for (const delivery of batch) {
      const { message } = delivery;
      if (message.kind === 'answer')
        for (const { resolve } of this.pending.get(questionOf(message.sagaId, message.request)) ?? []) resolve(message.answer);
      delivery.done();
    }
  }
}

/** Whoever asks may choose the request's id, and choose the same for several sagas. */
function questionOf(sagaId: string, request: string): string {
  return JSON.stringify([sagaId, request]);
}
