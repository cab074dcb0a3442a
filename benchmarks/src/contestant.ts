/** What is measured: sagas of three steps, between a process that manages them and one that does the steps. */
export interface Manager {
  /** Resolves when the saga has ended. */
  run(id: string): Promise<void>;
  close(): Promise<void>;
}

export interface Participant {
  close(): Promise<void>;
}

export type Kind = 'plain' | 'skald';
export type Role = 'manager' | 'participant';

export interface Setting {
  readonly brokers: readonly string[];
  /** Of topics and groups: one for each round. */
  readonly prefix: string;
  /** Of databases. */
  readonly folder: string;
}

/** Of the inbox and of the commands. */
export const PARTITIONS = 4;

export const STEPS = ['reserve', 'charge', 'ship'] as const;

/** What each step is given and what it answers; about as much as in an ordinary order. */
export const argumentOf = (id: string) => ({ orderId: id, amount: 4_999, currency: 'EUR' });
export const resultOf = (id: string) => ({ reference: `ref-${id}` });
