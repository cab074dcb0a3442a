import type { Address } from '@skald/kernel';

/** Of topics and consumer groups; a prefix keeps several Skalds on one cluster apart. */
export class Names {
  readonly inbox: string;
  readonly clients: string;
  /** Starts of express sagas. */
  readonly express: string;

  constructor(readonly prefix: string) {
    this.inbox = `${prefix}.sagas`;
    this.clients = `${prefix}.clients`;
    this.express = `${prefix}.sagas.express`;
  }

  topic(address: Address): string {
    if (address.to === 'inbox' || address.to === 'express') return this[address.to];
    return address.to === 'participant' ? `${this.prefix}.${address.participant}.commands` : this.clients;
  }

  /** Consumers that share the work share a group; a client shares with nobody. */
  group(address: Address): string {
    if (address.to === 'inbox' || address.to === 'express') return this[address.to];
    return address.to === 'participant' ? `${this.prefix}.${address.participant}` : `${this.clients}.${address.client}`;
  }

  deadLetters(topic: string): string {
    return `${topic}.dlt`;
  }
}

export function describe(address: Address): string {
  if (address.to === 'inbox' || address.to === 'express') return address.to;
  return address.to === 'participant' ? `participant ${address.participant}` : `client ${address.client}`;
}

/** What Kafka takes in a topic's name. */
export function isTopicName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,240}$/.test(name) && name !== '.' && name !== '..';
}
