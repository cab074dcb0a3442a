/**
 * AsyncAPI 3 of what Skald says on Kafka, from the definitions: for services in other languages, and for whoever wants to see it.
 *
 * D1. Operations are those of the sagas' manager: what it sends, a participant receives, and the other way round.
 * D2. The schemas of the values are those that the decoder reads by, and are refined by what the definitions know.
 * D3. The document depends on its arguments alone, so that a committed one can be compared.
 */
import type { ParticipantDefinition, SagaDefinition } from '@skald/decorators';
import type { TopicOptions } from '@skald/message-bus-kafka';
import type { AsyncApiDocument, AsyncApiServer, Channel, MessageObject, Operation, Reference } from './document.js';
import { Messages } from './messages.js';
import { keyOf, PayloadSchemas, type SchemaConverter } from './payload-schemas.js';

export interface AsyncApiOptions {
  /** Of the document. */
  readonly title: string;
  /** Of the document, as its author counts: `1.4.0`. */
  readonly version: string;
  /** Of the topics, as the bus has it. Default `skald`. */
  readonly prefix?: string;
  /** Of `participantDefinitionOf(Class)`, or written by hand for one in another language. */
  readonly participants: readonly ParticipantDefinition[];
  /** Whose messages are described. */
  readonly sagas: readonly SagaDefinition[];
  /** Where the brokers are. Default: not said. */
  readonly servers?: Readonly<Record<string, AsyncApiServer>>;
  /** What is stated here is stated in the document. Default: nothing is stated. */
  readonly topics?: Pick<TopicOptions, 'inboxPartitions' | 'partitions' | 'replicationFactor' | 'retention'>;
  /** For schemas that have no Standard JSON Schema of their own; asked first. Default: those alone. */
  readonly jsonSchemaOf?: SchemaConverter;
}

const DESCRIPTION = [
  'Commands to participants and their replies, and what reaches sagas, as CloudEvents 1.0 in the binary binding for Kafka: attributes in',
  'headers, JSON in the value, the saga id as key. Operations are those of the manager of sagas: what it sends to a commands channel, a',
  'participant receives; it replies to the topic and the partition that the headers ce_replytopic and ce_replypartition name. Members that',
  'are not described are ignored. Delivery is at least once.',
].join(' ');

const REPLY_ADDRESS = {
  location: '$message.header#/ce_replytopic',
  description: 'Topic of the reply; its partition is in ce_replypartition.',
};

export function asyncApi(options: AsyncApiOptions): AsyncApiDocument {
  const { title, version, servers } = options;
  const payloads = new PayloadSchemas(options.jsonSchemaOf);
  const messages = new Messages(payloads);
  const description = new Description(options, messages);
  for (const participant of options.participants) description.participant(participant);
  description.manager();
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: DESCRIPTION },
    defaultContentType: 'application/json',
    ...(servers && { servers }),
    channels: description.channels,
    operations: description.operations,
    components: { messages: inOrder<MessageObject>(messages.all), schemas: inOrder(payloads.all) },
  };
}

class Description {
  readonly channels: Record<string, Channel> = {};
  readonly operations: Record<string, Operation> = {};
  readonly #replies = new Map<string, Reference>();
  readonly #prefix: string;

  constructor(
    private readonly options: AsyncApiOptions,
    private readonly messages: Messages,
  ) {
    this.#prefix = options.prefix ?? 'skald';
  }

  participant(participant: ParticipantDefinition): void {
    const { name } = participant;
    const channel = `${name}.commands`;
    const commands: Reference[] = [];
    for (const [action, definition] of participant.actions) {
      const command = this.messages.command(participant, action, definition);
      const reply = this.messages.reply(participant, action, definition);
      commands.push(command);
      this.#replies.set(reply.$ref, reply);
      this.operations[keyOf(`${name}.${action}`)] = {
        action: 'send',
        channel: channelReference(channel),
        summary: `Asks ${name} for ${action}.`,
        messages: [inChannel(channel, command)],
        reply: { address: REPLY_ADDRESS, channel: channelReference('sagas'), messages: [inChannel('sagas', reply)] },
      };
    }
    const { partitions } = this.options.topics ?? {};
    this.#channel(channel, `What ${name} is asked to do.`, commands, partitions);
    this.#deadLetters(channel, `Commands that ${name} could not read.`);
  }

  /** D1. After the participants, since their replies come to the same channel. */
  manager(): void {
    const { sagas, topics = {} } = this.options;
    const starts = sagas.map((saga) => this.messages.start(saga));
    const replies = [this.messages.plainReply(), ...this.#replies.values()];
    const inputs = distinct([...starts, ...this.messages.plainInputs(), ...replies]);
    const answer = this.messages.answer();
    this.#channel('sagas', 'The inbox: everything that reaches a saga.', inputs, topics.inboxPartitions);
    this.#channel('clients', 'Answers to whoever started or steered a saga.', [answer], topics.partitions);
    this.#deadLetters('sagas', 'Inputs that could not be read.');
    this.operations['manage'] = {
      action: 'receive',
      channel: channelReference('sagas'),
      summary: 'Starts and steers sagas, and moves them on.',
      messages: inputs.map((one) => inChannel('sagas', one)),
      bindings: { kafka: { groupId: { const: `${this.#prefix}.sagas` } } },
    };
    this.operations['answer'] = {
      action: 'send',
      channel: channelReference('clients'),
      summary: 'Says whether what a client asked for was accepted.',
      messages: [inChannel('clients', answer)],
    };
  }

  #deadLetters(channel: string, description: string): void {
    this.#channel(`${channel}.dlt`, description, [this.messages.deadLetter()], 1);
  }

  #channel(name: string, description: string, messages: readonly Reference[], partitions: number | undefined): void {
    const topic = `${this.#prefix}.${name}`;
    const { replicationFactor, retention } = this.options.topics ?? {};
    const keepsAsStated = retention !== undefined && !name.endsWith('.dlt') && name !== 'clients';
    this.channels[name] = {
      address: topic,
      description,
      messages: Object.fromEntries(messages.map((one) => [lastPart(one), one])),
      bindings: {
        kafka: {
          topic,
          ...(partitions !== undefined && { partitions }),
          ...(replicationFactor !== undefined && { replicas: replicationFactor }),
          topicConfiguration: { 'cleanup.policy': ['delete'], ...(keepsAsStated && { 'retention.ms': retention }) },
        },
      },
    };
  }
}

function channelReference(name: string): Reference {
  return { $ref: `#/channels/${name}` };
}

function inChannel(channel: string, message: Reference): Reference {
  return { $ref: `#/channels/${channel}/messages/${lastPart(message)}` };
}

function lastPart({ $ref }: Reference): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

function distinct(references: readonly Reference[]): readonly Reference[] {
  return [...new Map(references.map((one) => [one.$ref, one])).values()];
}

/** D3. */
function inOrder<T>(members: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(members).sort(([one], [other]) => (one < other ? -1 : 1)));
}
