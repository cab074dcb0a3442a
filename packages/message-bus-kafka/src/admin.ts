import { setTimeout as sleep } from 'node:timers/promises';
import { SkaldError } from '@skald/kernel';
import kafkajs, { type Admin } from 'kafkajs';
import { faultOf, finalErrors, problemOf, protocolError } from './kafka-errors.js';
import type { Settings } from './options.js';
import { leashed, within } from './producer-connection.js';
import { SocketLeash } from './socket-leash.js';

/** Milliseconds that an orderly farewell may take. */
const FAREWELL = 2_000;
const SETTLES_WITHIN = 15_000;
const PAUSE = 50;

/**
 * Asks something of the cluster over a connection of its own. Brokers hear of new topics and leaders one after the other, and kafkajs gives up
 * at the first that has not: what the protocol calls retriable is asked again for a while. Throws `bus-unavailable`, `bus-unauthorised`, and
 * what `work` throws of Skald's own.
 */
export async function withAdmin<T>({ kafka }: Settings, what: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const leash = new SocketLeash(kafka.socketFactory);
  const admin = new kafkajs.Kafka(leashed(kafka, leash)).admin();
  try {
    await admin.connect();
    return await patiently(() => work(admin));
  } catch (error) {
    if (error instanceof SkaldError) throw error;
    const code = faultOf(error) === 'transient' ? 'bus-unavailable' : 'bus-unauthorised';
    throw new SkaldError(code, { what, problem: problemOf(error) }, { cause: error });
  } finally {
    await within(FAREWELL, admin.disconnect());
    leash.cut();
  }
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + SETTLES_WITHIN; ; ) {
    try {
      return await work();
    } catch (error) {
      const passes = protocolError(error) !== undefined && finalErrors(error, '').length === 0;
      if (!passes || Date.now() > deadline) throw error;
      await sleep(PAUSE);
    }
  }
}
