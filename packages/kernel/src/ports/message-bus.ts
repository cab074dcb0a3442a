import type { Answer, Asked, Cancel, CommandMessage, LimitInput, Operator, Reply, Signal, Slot, Start, Task } from '../messages.js';

/**
 * A saga's inbox (partitioned by saga id), the starts of express sagas, a participant's commands, or a client that waits for answers or replies.
 */
export type Address =
  | { readonly to: 'inbox' }
  | { readonly to: 'express' }
  | { readonly to: 'participant'; readonly participant: string }
  | { readonly to: 'client'; readonly client: string };

/** An input as it travels: without what its owner stamps when it takes it, most of all `at`. */
export type Input =
  | Omit<Start, 'at'>
  | Omit<Asked, 'at' | 'limited'>
  | Omit<Signal, 'at'>
  | TaskInput
  | Omit<Cancel, 'at'>
  | Omit<Operator, 'at'>
  | (Reply & { readonly type: 'reply' })
  | { readonly type: 'wake' }
  | Omit<Slot, 'at'>
  | Omit<LimitInput, 'at'>;

/** A task's end or heartbeat, with the token that says whose; the saga's owner looks at the token before anything else does. */
export interface TaskInput extends Pick<Task, 'type' | 'request' | 'action' | 'result' | 'error'> {
  readonly token: string;
}

export interface InboxMessage {
  readonly kind: 'input';
  readonly sagaId: string;
  readonly input: Input;
  /** Client to answer, where somebody waits. */
  readonly client?: string;
}
export interface ParticipantMessage {
  readonly kind: 'command';
  readonly sagaId: string;
  readonly command: CommandMessage;
}
export interface ClientMessage {
  readonly kind: 'answer';
  readonly sagaId: string;
  readonly request: string;
  readonly answer: Answer;
}
export type BusMessage = InboxMessage | ParticipantMessage | ClientMessage;

export interface Outgoing {
  readonly address: Address;
  readonly message: BusMessage;
}

/** A message on its way to a consumer; `done` says that everything that depends on it is durable and sent. */
export interface Delivery<M extends BusMessage = BusMessage> {
  readonly message: M;
  /** Partition of its address that it came from; 0 where there is only one. */
  readonly partition?: number;
  done(): void;
}

/** The inbox is divided by saga id; a partition has one owner at a time. Fixed when the inbox is created. */
export interface Partitioning {
  readonly count: number;
  of(sagaId: string): number;
}

/** Tells a consumer of the inbox, or of the express starts, which partitions are its own. A bus without partitions assigns 0 once and never revokes it. */
export interface OwnershipListener {
  assigned(partitions: readonly number[]): void;
  /** They may belong to somebody else already: drop what is in hand of them, publish nothing more for them. */
  revoked(partitions: readonly number[]): void;
  /** Messages of these partitions, its own, were dropped before anybody had read them: whatever waits for one has to be asked for again. */
  missed?(partitions: readonly number[]): void;
}

/** At-least-once delivery; messages of one saga to one address keep their order. Receivers must not change what they are given. */
export interface MessageBus {
  /** Resolves when the messages are safe with the bus. */
  publish(messages: readonly Outgoing[]): Promise<void>;
  /** How the inbox is divided; absent: one partition. */
  readonly partitioning?: Partitioning;
  /**
   * `deliver` takes what is there, as one batch; the next may come before it is done. An address has one consumer within a process
   * (`address-taken`). `ownership` hears of a partition before anything of it is delivered.
   */
  consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener): Promise<BusConsumer>;
  close(): Promise<void>;
}

export interface BusConsumer {
  /** No more deliveries; what was not done is delivered again to the next consumer, and a `done()` from now on counts no more. */
  stop(): Promise<void>;
}
