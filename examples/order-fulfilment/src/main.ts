import { constants } from 'node:os';
import { widthOf } from '@skald/cli';
import { demo } from './demo.js';
import { HELP, parseOptions, UsageError } from './options.js';

const { stdout, stderr } = process;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    stdout.write(`${HELP}\n`);
    return 0;
  }
  let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined;
  const colours = stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const output = {
    out: (line: string) => void stdout.write(`${line}\n`),
    progress: stderr,
    colours,
    width: widthOf(stdout),
  };
  const code = await demo(options, output, (stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // The second one is not heard, and ends the process as usual: that is harmless too.
      process.once(signal, () => {
        stoppedBy = signal;
        stop();
      });
    }
  });
  return stoppedBy ? 128 + constants.signals[stoppedBy] : code;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}${isUsage ? '\n--help says what there is.' : ''}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
