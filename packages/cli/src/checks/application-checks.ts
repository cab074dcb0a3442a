import { randomUUID } from 'node:crypto';
import { holderOf, openRequestBox } from '@skald/event-store-sqlite';
import { SkaldError } from '@skald/kernel';
import type { Command } from 'commander';
import type { Operations } from '../acting/operations.js';
import type { Cli, Place } from '../cli.js';
import { age } from '../terminal/ages.js';
import { duration } from '../terminal/plain-text.js';
import { Trouble } from '../trouble.js';
import { type Check, type CheckResult, failed, good } from './checks.js';

/** How long whoever owns the sagas may take to answer, in milliseconds. */
const PATIENCE = 10_000;
/** Asked about a saga that cannot be: its owner refuses, and writes nothing. */
const NO_SAGA = 'skald.doctor';

/** Whether those who decide about the sagas are there, and answer. */
export async function applicationChecks(cli: Cli, command: Command, place: Place): Promise<Check[]> {
  if (place.kind === 'embedded') return embedded(cli, command, place.file);
  if (place.kind === 'to be read') {
    const fix = 'Add "bus" to the configuration.';
    return [{ name: 'managers', level: 'note', what: 'cannot be asked: the configuration names no bus', fix }];
  }
  const fix = 'See whether the managers run, reach the event store, and what they log; until then sagas stand still.';
  return [{ name: 'managers', ...(await answer(cli, command, 'A manager', fix)) }];
}

async function embedded(cli: Cli, command: Command, file: string): Promise<Check[]> {
  const holder = holderOf(file);
  const left = requestsLeft(cli, file);
  const name = 'application';
  if (holder?.shares) {
    const fix = 'Name their bus in skald.config.json, so that they can be asked.';
    return [{ name, level: 'note', what: `several processes share the store, one is ${holder.pid} on ${holder.host}`, fix }, ...left];
  }
  if (!holder)
    return [{ name, level: 'warning', what: 'nobody has the store open: sagas stand still', fix: 'Start the application.' }, ...left];
  const who = `Process ${holder.pid} on ${holder.host}`;
  return [{ name, ...(await answer(cli, command, who, 'See whether that process is well, and is one of Skald.')) }, ...left];
}

async function answer(cli: Cli, command: Command, who: string, fix: string): Promise<CheckResult> {
  const began = performance.now();
  try {
    await cli.acting(command, { later: false, patience: PATIENCE, inTheClear: true }, probe);
    return good(`${who} answers, within ${duration(Math.max(1, Math.round(performance.now() - began)))}`);
  } catch (error) {
    const nobody = error instanceof Trouble && error.code === 'no-answer';
    return nobody ? { level: 'bad', what: `${who} does not answer within ${duration(PATIENCE)}`, fix } : failed(error, fix);
  }
}

async function probe(operations: Operations): Promise<void> {
  const values = { sagaId: `${NO_SAGA}-${randomUUID()}`, by: 'skald doctor', reason: 'does anybody answer?' };
  try {
    await operations.call('cancel', values, randomUUID());
  } catch (error) {
    if (!(error instanceof SkaldError) || error.code !== 'saga-not-found') throw error;
  }
}

function requestsLeft({ terminal }: Cli, file: string): Check[] {
  const box = openRequestBox(file, { create: false });
  const waiting = box?.waiting() ?? [];
  box?.close();
  const [first] = waiting;
  if (!first) return [];
  const what = `${waiting.length} left for the application, the first ${age(terminal.now() - first.postedAt)} ago`;
  return [{ name: 'requests', level: 'note', what, fix: 'They are carried out when it starts.' }];
}
