import type { Address } from '@skald/kernel';

/** Of topics and consumer groups; a prefix keeps several Skalds on one cluster apart. */
export class Names {
  readonly inbox: string;
  readonly clients: string;

  constructor(readonly prefix: string) {
    this.inbox = `${prefix}.sagas`;
    this.clients = `${prefix}.clients`;
  }

  topic(address: Address): string {
    if (address.to === 'inbox') return this.inbox;
    return address.to === 'participant' ? `${this.prefix}.${address.participant}.commands` : this.clients;
  }

  /** Consumers that share the work share a group; a client shares with nobody. */
  group(address: Address): string {
    if (address.to === 'inbox') return this.inbox;
    return address.to === 'participant' ? `${this.prefix}.${address.participant}` : `${this.clients}.${address.client}`;
  }

  deadLetters(topic: string): string {
    return `${topic}.dlt`;
  }
}

export function describe(address: Address): string {
  if (address.to === 'inbox') return 'inbox';
  return address.to === 'participant' ? `participant ${address.participant}` : `client ${address.client}`;
}

/** What Kafka takes in a topic's name. */
export function isTopicName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,240}$/.test(name) && name !== '.' && name !== '..';
}
