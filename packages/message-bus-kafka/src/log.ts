import type { LogEntry, logCreator } from 'kafkajs';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line; `about` holds what the message speaks of: topic, partition, error. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly about: Readonly<Record<string, unknown>>;
}

/** Where all lines go, kafkajs' own too. Must not throw. */
export type Log = (line: LogLine) => void;

/** Warnings and errors as JSON lines on standard error. */
export const standardLog: Log = ({ level, message, about }) => {
  if (level !== 'warn' && level !== 'error') return;
  process.stderr.write(`${JSON.stringify({ level, at: new Date().toISOString(), what: message, ...about })}\n`);
};

/** What kafkajs calls an error and mends by itself within a moment: of interest only to whoever looks for it. */
const MENDS_ITSELF = [
  /this Kafka client has ended/,
  /coordinator (?:is not available|for this group|is loading)/i,
  /not coordinator|coordinator is not aware/i,
  /rebalanc|illegal generation|generation id is not/i,
  /There is no leader for this topic-partition|not the leader/i,
  /does not host this topic-partition/i,
  /Response (?:without match|Heartbeat|JoinGroup|SyncGroup|OffsetCommit|Metadata|FindCoordinator|GroupCoordinator|CreateTopics)/,
];

const LEVELS: Readonly<Record<number, LogLevel>> = { 1: 'warn', 2: 'info', 4: 'debug', 5: 'debug' };

/**
 * kafkajs' lines, one level lower than it says: what it reports as an error is retried by it or answered here, and what comes to the user is
 * said by Skald itself.
 */
export function kafkajsLog(log: Log): logCreator {
  return () => (entry) => {
    const { message, timestamp: _, logger: __, stack: ___, ...about } = entry.log;
    log({ level: levelOf(entry, message), message: `kafkajs: ${message}`, about: { ...about, namespace: entry.namespace } });
  };
}

function levelOf({ level, log }: LogEntry, message: string): LogLevel {
  const text = `${message} ${typeof log['error'] === 'string' ? log['error'] : ''}`;
  return MENDS_ITSELF.some((pattern) => pattern.test(text)) ? 'debug' : (LEVELS[level] ?? 'debug');
}
