import type { ActionDefinition, ParticipantDefinition, SagaDefinition } from '@skald/decorators';
import { deadLetterHeadersSchema, headersSchema, type JsonSchema, valueSchemas } from '@skald/message-bus-kafka';
import type { MessageObject, Reference } from './document.js';
import { keyOf, type PayloadSchemas, schemaReference } from './payload-schemas.js';

const COMMAND = 'skald.command.v1';
const REPLY = 'skald.reply.v1';
const START = 'skald.start.v1';
export const ANSWER = 'skald.answer.v1';
/** Inputs that say nothing of a definition. */
const PLAIN = [
  ...['skald.asked.v1', 'skald.cancel.v1', 'skald.operator.v1', 'skald.signal.v1', 'skald.task.v1', 'skald.wake.v1'],
  ...['skald.slot.v1', 'skald.limit.v1'],
];

/** `ce_type` stands in more than one message: each action has its own command, with the payload that goes with it. */
export class Messages {
  readonly all: Record<string, MessageObject> = {};

  constructor(private readonly payloads: PayloadSchemas) {
    for (const [type, schema] of Object.entries(valueSchemas)) {
      payloads.all[type] = schema;
      payloads.all[headersOf(type)] = headersSchema(type);
    }
  }

  command({ name: participant }: ParticipantDefinition, action: string, { compensation, input, output }: ActionDefinition): Reference {
    const name = `${participant}.${action}`;
    const first = this.payloads.add(`${name}.input`, input, 'input');
    const result = this.payloads.add(`${name}.result`, output, 'output');
    const properties = {
      participant: { const: participant },
      action: { const: action },
      args: { type: 'array', ...(input && { items: [first], minItems: 1 }) },
      ...(output && { result }),
    };
    const undone = compensation === undefined ? 'It has nothing to undo.' : `It is undone by ${compensation}.`;
    const summary = `Runs ${action}, undoes it or sees to it that it never runs, as \`operation\` says. ${undone}`;
    return this.#add(name, COMMAND, `${action} of ${participant}`, { summary, allOf: [{ type: 'object', properties }] });
  }

  /** What an action answers. */
  reply({ name: participant }: ParticipantDefinition, action: string, { output }: ActionDefinition): Reference {
    if (!output) return this.plainReply();
    const result = this.payloads.add(`${participant}.${action}.result`, output, 'output');
    if (Object.keys(result).length === 0) return this.plainReply();
    const succeeded = { required: ['result'], properties: { type: { const: 'succeeded' }, result } };
    const other = { properties: { type: { not: { const: 'succeeded' } } } };
    const compensation = { properties: { operation: { const: 'compensation' } } };
    const outcome = { anyOf: [compensation, { properties: { outcome: { anyOf: [succeeded, other] } } }] };
    return this.#add(`${participant}.${action}.reply`, REPLY, `reply to ${action} of ${participant}`, { allOf: [outcome] });
  }

  plainReply(): Reference {
    return this.#add(REPLY, REPLY, 'reply of a participant');
  }

  start({ name, version, input }: SagaDefinition): Reference {
    // What is sent is what the schema made of what the caller gave.
    const given = this.payloads.add(`${name}.v${version}.input`, input, 'output');
    const properties = { saga: { const: name }, version: { const: version }, ...(input && { input: given }) };
    const required = input ? ['input'] : [];
    return this.#add(`${name}.v${version}.start`, START, `start of saga ${name}, version ${version}`, {
      allOf: [{ type: 'object', required, properties }],
    });
  }

  /** The other inputs of a saga. */
  plainInputs(): readonly Reference[] {
    return PLAIN.map((type) => this.#add(type, type, titleOf(type)));
  }

  answer(): Reference {
    return this.#add(ANSWER, ANSWER, titleOf(ANSWER));
  }

  deadLetter(): Reference {
    this.all['dead-letter'] ??= {
      name: 'dead-letter',
      title: 'dead letter',
      summary: 'Key, value and headers of a message as it came, and why it could not be taken.',
      headers: deadLetterHeadersSchema,
      bindings: { kafka: { key: { type: 'string', description: 'as it came' } } },
    };
    return { $ref: '#/components/messages/dead-letter' };
  }

  #add(
    name: string,
    type: string,
    title: string,
    more: { readonly summary?: string; readonly allOf?: readonly JsonSchema[] } = {},
  ): Reference {
    const key = keyOf(name);
    const { summary, allOf = [] } = more;
    const body = schemaReference(type);
    this.all[key] = {
      name: type,
      title,
      ...(summary !== undefined && { summary }),
      contentType: 'application/json',
      headers: schemaReference(headersOf(type)),
      payload: allOf.length === 0 ? body : { allOf: [body, ...allOf] },
      bindings: { kafka: { key: { type: 'string', minLength: 1, description: 'the saga id' } } },
    };
    return { $ref: `#/components/messages/${key}` };
  }
}

const headersOf = (type: string): string => `${type}.headers`;

/** `skald.cancel.v1`: cancel. */
function titleOf(type: string): string {
  return type.split('.')[1] ?? type;
}
