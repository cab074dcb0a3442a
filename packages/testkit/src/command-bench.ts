import { type EngineOptions, ParticipantHost } from '@skald/engine';
import type { CommandMessage, Delivery, Fence, MessageBus, Operation, Outcome, Reply } from '@skald/kernel';
import type { ScriptedParticipant } from './scripted-participant.js';
import { SequentialIds } from './sequential-ids.js';
import { VirtualClock } from './virtual-clock.js';
import { WatchedBus } from './watched-bus.js';

/** What a command asks, in short. */
export interface Asked {
  readonly operation?: Operation;
  readonly key?: string;
  readonly undoRound?: number;
  readonly attempt?: number;
  readonly action?: string;
  readonly args?: readonly unknown[];
  readonly purpose?: CommandMessage['purpose'];
  readonly result?: unknown;
  readonly validUntil?: number;
}

/** One participant, asked directly, without sagas: command in, reply out. Can be killed and started again over the same fence. */
export class CommandBench {
  readonly clock = new VirtualClock();
  readonly replies: Reply[] = [];
  readonly troubles: string[] = [];
  bus: WatchedBus;
  readonly #ids = new SequentialIds();
  #host: ParticipantHost | undefined;
  #asked = 0;

  constructor(
    private readonly newBus: () => MessageBus,
    private readonly participant: ScriptedParticipant,
    private readonly fence: Fence,
    private readonly engine: Partial<EngineOptions> & { readonly inFlight?: number } = {},
  ) {
    this.bus = new WatchedBus(newBus());
  }

  async start(): Promise<void> {
    const troubled = (what: string) => void this.troubles.push(what);
    const { inFlight, ...engine } = this.engine;
    this.#host = new ParticipantHost({ ...engine, bus: this.bus, clock: this.clock, ids: this.#ids, observers: [{ troubled }] });
    await this.bus.consume({ to: 'inbox' }, (batch) => this.#take(batch));
    await this.#host.add(this.participant.definition, this.participant.instance, this.fence, inFlight === undefined ? {} : { inFlight });
  }

  /** The process is gone: what it runs goes on nowhere, what it would have replied is never said. */
  async kill(): Promise<void> {
    await this.bus.close();
    this.bus.beforePublish = () => {
      throw new Error('killed');
    };
    this.bus = new WatchedBus(this.newBus());
    this.#host = undefined;
  }

  async stop(): Promise<void> {
    await this.#host?.stop();
    await this.bus.close();
  }

  /** Sends a batch of commands; answers their attempts, by which replies are told apart. */
  async send(...batch: readonly Asked[]): Promise<number[]> {
    const commands = batch.map((asked) => this.#command(asked));
    await this.bus.publish(
      commands.map((command) => ({
        address: { to: 'participant', participant: command.participant },
        message: { kind: 'command', sagaId: command.sagaId, command },
      })),
    );
    return commands.map(({ attempt }) => attempt);
  }

  /** Sends one command and waits for its outcome; undefined where there is none without time passing. */
  async ask(asked: Asked): Promise<Outcome | undefined> {
    const [attempt] = await this.send(asked);
    await this.quiet();
    return this.outcome(attempt ?? 0);
  }

  outcome(attempt: number): Outcome | undefined {
    return this.replies.find((reply) => reply.attempt === attempt)?.outcome;
  }

  async quiet(): Promise<void> {
    for (let turn = 0; turn < 8; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #command({ operation = 'action', key = 'order-1/a/pay', attempt = ++this.#asked, ...asked }: Asked): CommandMessage {
    return {
      sagaId: key.slice(0, key.indexOf('/')),
      incarnation: 'a',
      step: 'pay',
      round: 1,
      attempt,
      operation,
      purpose: asked.purpose ?? 'step',
      key,
      undoRound: asked.undoRound ?? (operation === 'compensation' ? 1 : 0),
      participant: this.participant.name,
      action: asked.action ?? 'act',
      args: asked.args ?? [],
      ...(asked.result !== undefined && { result: asked.result }),
      ...(asked.validUntil !== undefined && { validUntil: asked.validUntil }),
      firstRequestedAt: this.clock.now(),
      dueAt: this.clock.now() + 60_000,
    };
  }

  #take(batch: readonly Delivery[]): void {
    for (const { message, done } of batch.map((delivery) => ({ message: delivery.message, done: () => delivery.done() }))) {
      if (message.kind === 'input' && message.input.type === 'reply') this.replies.push(message.input);
      done();
    }
  }
}
