/**
 * Sagas fall due by the clock of their manager. One that goes wrong would fire timers and turn sagas back at the wrong time, so it is compared with
 * the brokers', which stamp what is written.
 *
 * K1. Only what is certain counts: a clock is wrong by as much as the broker's stamp lies outside of the time that the write took.
 * K2. Beyond a second it is told, beyond ten its owner has no part of the inbox until it is right again.
 * K3. What cannot be measured (a broker that is away, a topic without the broker's stamps) changes nothing, and is told once.
 */
import { SkaldError } from '@skald/kernel';
import { problemOf } from './kafka-errors.js';
import type { Log } from './log.js';
import { encode, type WireContext, type WireRecord } from './wire.js';

export interface ClockCheckPorts {
  /** Writes something, and answers the broker's time of that, in epoch milliseconds; `undefined` where the topic has no such. */
  stamp(): Promise<number | undefined>;
  now(): number;
  readonly log: Log;
}

/** Milliseconds. */
const TOLD_FROM = 1_000;
const REFUSED_FROM = 10_000;

/** Who is to have a part of the inbox, or not. */
export interface Withheld {
  withhold(): void;
  release(): void;
}

/** Something to be stamped: an answer that nobody waits for. */
export function clockProbe(context: WireContext): WireRecord & { readonly partition: 0 } {
  const answer = { kind: 'answer', sagaId: 'clock', request: 'clock', answer: { accepted: true, revision: 0 } } as const;
  return { ...encode(answer, { to: 'client', client: 'clock' }, context), partition: 0 };
}

/** K1. Milliseconds by which this clock is ahead for certain, negative where it is behind; `undefined` where there is no broker's time. */
export async function measureClock({ now, stamp }: Pick<ClockCheckPorts, 'now' | 'stamp'>): Promise<number | undefined> {
  const before = now();
  const broker = await stamp();
  const after = now();
  if (broker === undefined) return undefined;
  return broker < before ? before - broker : broker > after ? after - broker : 0;
}

export class ClockCheck {
  #isUnknownTold = false;

  constructor(private readonly ports: ClockCheckPorts) {}

  /** K2. Throws `clock-differs`. */
  async admit(): Promise<void> {
    const difference = (await this.#measured()) ?? 0;
    if (Math.abs(difference) > REFUSED_FROM) throw new SkaldError('clock-differs', { milliseconds: difference, limit: REFUSED_FROM });
  }

  /** K2, K3: for all who are at work. */
  async look(owners: readonly Withheld[]): Promise<void> {
    const difference = await this.#measured();
    if (difference === undefined) return;
    for (const owner of owners) {
      if (Math.abs(difference) > REFUSED_FROM) owner.withhold();
      else owner.release();
    }
  }

  /** Milliseconds by which this clock is ahead, negative where it is behind; 0 where nothing is wrong for certain; `undefined`: not measured. */
  async #measured(): Promise<number | undefined> {
    const { now, log } = this.ports;
    const difference = await measureClock({ now, stamp: () => this.#stamp() });
    if (difference === undefined) return undefined;
    if (Math.abs(difference) > TOLD_FROM) {
      const refused = Math.abs(difference) > REFUSED_FROM;
      const message = `this clock differs from the broker’s${refused ? '; sagas are left to others' : ''}`;
      log({ level: refused ? 'error' : 'warn', message, about: { milliseconds: difference, limit: REFUSED_FROM } });
    }
    return difference;
  }

  /** K3 */
  async #stamp(): Promise<number | undefined> {
    let problem = 'the topic of the clients has no broker’s time (message.timestamp.type=LogAppendTime)';
    try {
      const stamp = await this.ports.stamp();
      if (stamp !== undefined) return stamp;
    } catch (error) {
      problem = problemOf(error);
    }
    if (!this.#isUnknownTold)
      this.ports.log({ level: 'info', message: 'this clock cannot be compared with the broker’s', about: { problem } });
    this.#isUnknownTold = true;
    return undefined;
  }
}
