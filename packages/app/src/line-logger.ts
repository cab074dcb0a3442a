import type { Logger, LogRecord } from '@skald/engine';
import type { LogLevel } from '@skald/kernel';

/** Warnings and errors, one JSON line each. What is less than that goes nowhere: a saga that asks for it is run with a logger of one's own. */
export function lineLogger(write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`)): Logger {
  const line = (level: LogLevel) => (record: LogRecord, what: string) => {
    const { at = Date.now(), ...more } = record;
    write(JSON.stringify({ level, at: new Date(Number(at)).toISOString(), what, ...more }));
  };
  return { debug: () => {}, info: () => {}, warn: line('warn'), error: line('error') };
}
