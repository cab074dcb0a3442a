import { deadLettersList } from './dead-letters-list.js';
import { deadLettersSendBack } from './dead-letters-send-back.js';
import type { Verb } from './verb.js';

/** Messages that nobody could read, and that somebody has to do something about. */
export const deadLetters: Verb = (program, cli) => {
  const group = program
    .command('dead-letters')
    .summary('messages that could not be read: list, send-back')
    .description('Shows messages on Kafka that could not be read, and sends them back where they stood once that is mended.');
  for (const verb of [deadLettersList, deadLettersSendBack]) verb(group, cli);
};
