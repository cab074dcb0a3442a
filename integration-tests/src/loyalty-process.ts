import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kafkaClassPath } from './kafka-broker.js';

const program = fileURLToPath(new URL('../../examples/foreign-participant/LoyaltyParticipant.java', import.meta.url));

export interface LoyaltyRecord {
  readonly key: string;
  readonly round: number;
  readonly outcome: { readonly type: string; readonly executed?: boolean };
}

/** The participant in Java of examples/foreign-participant, as a process that can be killed. */
export class LoyaltyProcess {
  readonly #file: string;
  #child: ChildProcess | undefined;
  readonly #endWithUs = () => void this.#child?.kill('SIGKILL');

  constructor(
    private readonly brokers: string,
    private readonly prefix: string,
    folder: string,
  ) {
    this.#file = join(folder, 'loyalty.jsonl');
  }

  start(): void {
    const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
    const args = ['-XX:TieredStopAtLevel=1', logging, '-cp', kafkaClassPath(), program, this.brokers, this.prefix, this.#file];
    const child = spawn('java', args, { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#child = child;
    process.once('exit', this.#endWithUs);
  }

  /** At once, as `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    process.removeListener('exit', this.#endWithUs);
  }

  /** What it has recorded, the first first. */
  records(): LoyaltyRecord[] {
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LoyaltyRecord);
  }
}
