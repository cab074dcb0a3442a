/**
 * The life of a process that does its part until it is told to stop.
 *
 * L1  It ends when the one that started it ends, however that ended: the channel between them closes.
 * L2  It stops in order when its parent says so, or at SIGTERM. Ctrl-C in a terminal reaches all processes at once: a child leaves it to its
 *     parent, who knows the order.
 * L3  Whatever hangs, it is over after a while.
 */
import { writeFileSync } from 'node:fs';
import type { Environment } from './environment.js';

/** What a child tells its parent, once. */
export const READY = 'ready';
/** What a parent tells its child. */
export const STOP = 'stop';

const STOP_WITHIN = 10_000;
const SIGN_OF_LIFE_EVERY = 5_000;

/** Ends the process. */
export async function live(environment: Environment, start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  const isChild = process.connected === true;
  const stopping = new Promise<void>((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('SIGINT', () => {
      if (!isChild) resolve();
    });
    process.on('message', (message) => {
      if (message === STOP) resolve();
    });
  });
  process.on('disconnect', () => process.exit(1));
  try {
    const running = await start();
    showSignsOfLife(environment);
    process.send?.(READY);
    await stopping;
    setTimeout(() => process.exit(1), STOP_WITHIN).unref();
    await running.stop();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}

function showSignsOfLife({ HEALTH_FILE: file }: Environment): void {
  if (file === undefined) return;
  const touch = () => writeFileSync(file, new Date().toISOString());
  touch();
  setInterval(touch, SIGN_OF_LIFE_EVERY).unref();
}
