import { type HistoryEvent, readHistory } from '@skald/engine';
import { type Command, Option } from 'commander';
import type { Cli } from '../cli.js';

export interface DecryptOptions {
  readonly decrypt?: true;
}

/** For verbs that show what was said: without it `(encrypted)` stands there, whoever has keys. What is on a terminal ends up in tickets. */
export function decryptOption(): Option {
  return new Option('--decrypt', 'show payloads that are encrypted, with the keys that the configuration or the definitions give');
}

/** The history of a saga as it is to be shown. Throws `saga-not-found`, `payload-unreadable`. */
export function shownHistory(cli: Cli, command: Command, sagaId: string, { decrypt }: DecryptOptions): Promise<HistoryEvent[]> {
  return decrypt
    ? cli.withKeys(command, (codec) => cli.reading(command, ({ events }) => readHistory(events, sagaId, undefined, codec)))
    : cli.reading(command, ({ events }) => readHistory(events, sagaId));
}
