import { randomUUID } from 'node:crypto';
import type { Message } from 'kafkajs';

/** Where a message that nobody should have written must end. */
export type End =
  /** With the dead letters, and why. */
  | { readonly dead: string }
  /** It matches nothing: the manager notes it and goes on. */
  | { readonly noted: 'stray' }
  /** Its sender is told why not. */
  | { readonly refused: readonly string[] }
  /** As a saga that a person has to look at. */
  | { readonly suspended: true }
  /** With a clients topic: nobody asked for it, and it is nobody's. */
  | { readonly ignored: true };

export type Place = 'inbox' | 'commands' | 'clients';

export interface Poison {
  readonly what: string;
  readonly end: End;
  /** Of a saga that is running; of none where `nobody` is in it. Its `partition` is that of the saga unless it says another. */
  make(sound: Sound): Message;
}

export interface Sound {
  readonly sagaId: string;
  /** Of no saga. */
  readonly nobody: string;
  /** Gets the answers to what it asked. */
  readonly client: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly partition: number;
}

type Part = Partial<Record<'sagaId' | 'type', string>> & { readonly body?: object; readonly headers?: Readonly<Record<string, string>> };

/** A message that can be read, with some of it changed. */
function changed({ headers, body, partition, sagaId: running }: Sound, part: Part = {}): Message {
  const { sagaId = running, type = headers['ce_type'] ?? '' } = part;
  const value = JSON.stringify({ ...body, sagaId, ...part.body });
  return {
    key: sagaId,
    partition,
    value,
    headers: { ...headers, ce_type: type, ce_subject: sagaId, ce_id: randomUUID(), ...part.headers },
  };
}

function without(message: Message, name: string): Message {
  const { [name]: _gone, ...headers } = message.headers ?? {};
  return { ...message, headers };
}

const dead = (what: string, reason: string, make: Poison['make']): Poison => ({ what, end: { dead: reason }, make });
const value =
  (text: string | Buffer | null): Poison['make'] =>
  (sound) => ({ ...changed(sound), value: text });

/** Of any topic that has dead letters. */
const UNREADABLE: readonly Poison[] = [
  dead('no value', 'no-value', value(null)),
  dead('an empty value', 'no-value', value('')),
  dead('no JSON', 'not-json', value('{"sagaId": ')),
  dead('no UTF-8', 'not-json', value(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))),
  dead('a list', 'invalid-member', value('[1, 2]')),
  dead('a large value of nothing', 'not-json', value('x'.repeat(200_000))),
  dead('no headers at all', 'not-a-cloud-event', (sound) => ({ ...changed(sound), headers: {} })),
  dead('no type', 'not-a-cloud-event', (sound) => without(changed(sound), 'ce_type')),
  dead('no id', 'not-a-cloud-event', (sound) => without(changed(sound), 'ce_id')),
  dead('CloudEvents of another version', 'not-a-cloud-event', (sound) => changed(sound, { headers: { ce_specversion: '0.3' } })),
  dead('structured mode', 'unknown-content-type', (sound) =>
    changed(sound, { headers: { 'content-type': 'application/cloudevents+json' } }),
  ),
  dead('a type of somebody else', 'unknown-type', (sound) => changed(sound, { type: 'order.placed' })),
  dead('a version to come', 'unknown-type', (sound) => changed(sound, { type: 'skald.command.v9' })),
  dead('an answer', 'wrong-topic', (sound) => changed(sound, { type: 'skald.answer.v1' })),
  dead('no key', 'no-key', (sound) => ({ ...changed(sound), key: null })),
  dead('the key of another saga', 'key-differs', (sound) => ({ ...changed(sound), key: sound.nobody })),
  dead('another subject', 'subject-differs', (sound) => changed(sound, { headers: { ce_subject: sound.nobody } })),
  dead('a member missing', 'missing-member', (sound) => changed(sound, { body: { step: undefined } })),
  dead('a member of the wrong kind', 'invalid-member', (sound) => changed(sound, { body: { attempt: '1' } })),
  dead('an unknown operation', 'invalid-member', (sound) => changed(sound, { body: { operation: 'explode' } })),
];

const noted = (what: string, make: Poison['make']): Poison => ({ what, end: { noted: 'stray' }, make });
const request = ({ client, nobody }: Sound) => ({ request: nobody, client, reason: '', by: 'nobody' });

const INBOX: readonly Poison[] = [
  dead('an outcome that there is not', 'invalid-member', (sound) => changed(sound, { body: { outcome: { type: 'exploded' } } })),
  dead('half an outcome', 'missing-member', (sound) => changed(sound, { body: { outcome: { type: 'failed' } } })),
  dead('a command', 'wrong-topic', (sound) => changed(sound, { type: 'skald.command.v1' })),
  dead('one that was sent on for ever', 'astray', (sound) => ({
    ...changed(sound, { headers: { skald_hops: '3' } }),
    partition: sound.partition === 0 ? 1 : 0,
  })),
  noted('a reply of no saga', (sound) => changed(sound, { sagaId: sound.nobody })),
  noted('a reply of no saga in the wrong partition', (sound) => ({
    ...changed(sound, { sagaId: sound.nobody }),
    partition: sound.partition === 0 ? 1 : 0,
  })),
  noted('a forged reply, of another life of the saga', (sound) => changed(sound, { body: { incarnation: 'another' } })),
  noted('a reply of a step that there is not', (sound) => changed(sound, { body: { step: 'launder' } })),
  noted('a reply of a compensation that nobody asked for', (sound) =>
    changed(sound, {
      body: { operation: 'compensation', purpose: 'compensation', undoRound: 7, outcome: { type: 'undone', executed: true } },
    }),
  ),
  noted('a reply of a round to come', (sound) => changed(sound, { body: { round: 99 } })),
  {
    what: 'the cancelling of no saga',
    end: { refused: ['saga-not-found'] },
    make: (sound) => changed(sound, { sagaId: sound.nobody, type: 'skald.cancel.v1', body: request(sound) }),
  },
  {
    what: 'an operator who retries what is not parked',
    end: { refused: ['not-parked', 'saga-ended'] },
    make: (sound) =>
      changed(sound, {
        type: 'skald.operator.v1',
        body: { ...request(sound), action: 'retry', target: 'step:charge', outcome: undefined },
      }),
  },
  {
    what: 'a start of the same saga with another input',
    end: { refused: ['saga-exists'] },
    make: (sound) => {
      const body = { ...request(sound), saga: 'order', version: 1, incarnation: 'forged', input: { id: 'forged' }, inputHash: 'forged' };
      return changed(sound, { type: 'skald.start.v1', body });
    },
  },
  {
    what: 'a start of a saga that is not deployed',
    end: { suspended: true },
    make: (sound) => {
      const body = { request: randomUUID(), saga: 'heist', version: 1, incarnation: 'i', input: {}, inputHash: 'h' };
      return changed(sound, { sagaId: sound.nobody, type: 'skald.start.v1', body });
    },
  },
];

/** What a participant can read it answers; the answer is what the manager then cannot place. */
const unplaced = (what: string, body: object): Poison =>
  noted(what, (sound) => changed(sound, { sagaId: sound.nobody, body: { key: sound.nobody, ...body } }));

const COMMANDS: readonly Poison[] = [
  dead('a reply', 'wrong-topic', (sound) => changed(sound, { type: 'skald.reply.v1', body: { outcome: { type: 'sealed' } } })),
  dead('a command for another', 'wrong-topic', (sound) => changed(sound, { body: { participant: 'treasury' } })),
  dead('arguments that are no list', 'invalid-member', (sound) => changed(sound, { body: { args: {} } })),
  unplaced('an action that there is not', { action: 'launder' }),
  unplaced('arguments that the action refuses', { args: [{ amount: 'much' }] }),
  unplaced('a command of a year ago', { firstRequestedAt: 1 }),
  unplaced('the undoing of what never was', { operation: 'compensation', undoRound: 1 }),
  unplaced('a seal of what never was', { operation: 'seal' }),
];

const ignored = (what: string, make: Poison['make']): Poison => ({ what, end: { ignored: true }, make });

const CLIENTS: readonly Poison[] = [
  ...UNREADABLE.filter(({ what }) => what !== 'an answer').map(({ what, make }) => ignored(what, make)),
  ignored('an answer to a client that there is not', (sound) => changed(sound, { body: { client: 'nobody' } })),
  ignored('an answer to what was not asked', (sound) => changed(sound, { body: { request: randomUUID() } })),
  ignored('an answer with an unknown code', (sound) => changed(sound, { body: { accepted: false, code: 'because' } })),
  ignored('a reply', (sound) => changed(sound, { type: 'skald.reply.v1' })),
];

export const POISONS: Readonly<Record<Place, readonly Poison[]>> = {
  inbox: [...UNREADABLE, ...INBOX],
  commands: [...UNREADABLE, ...COMMANDS],
  clients: CLIENTS,
};
