import type { Observer } from '@skald/engine';

/** One JSON line for each trouble that Skald goes on from by itself. */
export function troubleLog(write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`)): Observer {
  return {
    troubled(what, error, saga) {
      const message = error instanceof Error ? error.message : String(error);
      write(JSON.stringify({ level: 'warn', at: new Date().toISOString(), what, ...(saga !== undefined && { saga }), error: message }));
    },
  };
}
