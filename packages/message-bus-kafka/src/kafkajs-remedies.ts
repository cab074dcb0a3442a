import { createRequire } from 'node:module';
import { mendConnections } from './connection-remedy.js';
import { mendTimers } from './timer-remedy.js';

/** The version whose faults these mend; others may have them mended, or broken otherwise. */
const VERSION = '2.2.4';

let applied: boolean | undefined;

/** Mends kafkajs for the whole process. Answers whether it is mended; `false` means another version, which is left alone. */
export function applyRemedies(): boolean {
  applied ??= mend();
  return applied;
}

function mend(): boolean {
  const require = createRequire(import.meta.url);
  if ((require('kafkajs/package.json') as { version: string }).version !== VERSION) return false;
  mendTimers();
  mendConnections();
  return true;
}
