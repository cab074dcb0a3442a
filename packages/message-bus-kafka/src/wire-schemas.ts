import type { JsonSchema } from './shape.js';
import { answer, command, inputs } from './wire-bodies.js';

const text = { type: 'string', minLength: 1 };

/** Headers of every message, as JSON Schema. In Kafka their values are UTF-8. */
const always: JsonSchema = {
  ce_specversion: { const: '1.0' },
  ce_type: { ...text, description: 'kind of the message' },
  ce_id: { ...text, description: 'the same for a repeat of the message' },
  ce_source: { type: 'string', description: 'who sent it' },
  ce_subject: { type: 'string', description: 'the saga id' },
  ce_time: { type: 'string', format: 'date-time', description: 'when it was sent' },
  'content-type': { type: 'string', pattern: '^application/json', default: 'application/json' },
  traceparent: { type: 'string', description: 'W3C trace context' },
  tracestate: { type: 'string', description: 'W3C trace context' },
};

const replyPlace: JsonSchema = {
  ce_replytopic: { ...text, description: 'topic of the reply' },
  ce_replypartition: { type: 'string', pattern: '^[0-9]+$', description: 'partition of the reply' },
};

const forDeadLetters: JsonSchema = {
  skald_reason: { ...text, description: 'why it could not be taken' },
  skald_problem: { ...text, description: 'the same as a sentence' },
  skald_topic: { ...text, description: 'where it stood' },
  skald_partition: { type: 'string', pattern: '^[0-9]+$' },
  skald_offset: { type: 'string', pattern: '^[0-9]+$' },
};

const required = ['ce_specversion', 'ce_type', 'ce_id'];

/** The headers of a message of this type. */
export function headersSchema(type: string): JsonSchema {
  const isCommand = type === 'skald.command.v1';
  const properties = { ...always, ce_type: { const: type }, ...(isCommand && replyPlace) };
  return { type: 'object', required: isCommand ? [...required, ...Object.keys(replyPlace)] : required, properties };
}

/** What a dead letter has beside the headers that it came with. */
export const deadLetterHeadersSchema: JsonSchema = {
  type: 'object',
  required: Object.keys(forDeadLetters),
  properties: forDeadLetters,
};

/** JSON Schema (draft-07) of the value of each message, by `ce_type`: that of the very fields which the decoder reads. */
export const valueSchemas: Readonly<Record<string, JsonSchema>> = {
  'skald.command.v1': command.schema,
  ...Object.fromEntries(Object.entries(inputs).map(([type, { schema }]) => [`skald.${type}.v1`, schema])),
  'skald.answer.v1': answer.schema,
};
