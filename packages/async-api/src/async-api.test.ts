import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant, participantDefinitionOf, SagaStep, type StandardSchema } from '@skald/decorators';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { asyncApi } from './async-api.js';

const Charge = z.object({ orderId: z.string().min(1), amount: z.int().positive() });
const Tree = z.object({
  name: z.string(),
  get branches() {
    return z.array(Tree);
  },
});
/** Of a library that knows no JSON Schema. */
const plain: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };

@Participant('payment')
class PaymentService {
  @SagaStep({ compensation: 'refund', input: Charge, output: z.object({ paymentId: z.string() }) })
  async charge(_charge: z.infer<typeof Charge>) {
    return { paymentId: 'p-1' };
  }

  async refund() {}

  @SagaStep({ input: Tree })
  async count(_tree: z.infer<typeof Tree>) {}

  @SagaStep({ input: plain, output: z.bigint() })
  async note(_note: unknown) {
    return 1n;
  }
}

const payments = participant<PaymentService>('payment');
const order = defineSaga({ name: 'order', version: 2, input: z.object({ id: z.string(), amount: z.coerce.number() }) })
  .step('charge', ({ id, amount }) => payments.charge({ orderId: id, amount }))
  .done();

const reference = (name: string): string => readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), 'utf8');
const definitions = { participants: [participantDefinitionOf(PaymentService)], sagas: [order] };
const options = { title: 'Orders', version: '1.0.0', prefix: 'shop', ...definitions };

async function faultsOf(document: unknown) {
  const { diagnostics } = await new Parser().parse(typeof document === 'string' ? document : JSON.stringify(document));
  return diagnostics.filter(({ severity }) => severity <= 1).map(({ message, path }) => `${path.join('.')}: ${message}`);
}

/** Reads values as a service would that knows only the document. */
function readers(document: ReturnType<typeof asyncApi>) {
  const ajv = new Ajv({ strict: false });
  ajv.addSchema(document, 'document');
  return (message: string) => ajv.compile({ $ref: `document#/components/messages/${message}/payload` });
}

const command = {
  ...{ sagaId: 'order-1', incarnation: 'i', step: 'charge', round: 1, attempt: 1, undoRound: 0, key: 'order-1/i/charge' },
  ...{ operation: 'action', purpose: 'step', participant: 'payment', action: 'charge', firstRequestedAt: 1, dueAt: 2 },
  args: [{ orderId: '1', amount: 4_999 }],
};

describe('asyncApi', () => {
  it('is a document that the official parser has nothing against', async () => {
    const servers = { production: { host: 'kafka-1:9092', protocol: 'kafka-secure' } } as const;
    const topics = { inboxPartitions: 12, partitions: 6, replicationFactor: 3, retention: 86_400_000 };
    expect(await faultsOf(asyncApi({ ...options, servers, topics }))).toEqual([]);
    expect(await faultsOf(asyncApi(options))).toEqual([]);
    expect(await faultsOf(asyncApi({ ...options, participants: [], sagas: [] }))).toEqual([]);
    expect(await faultsOf(reference('order-fulfilment.asyncapi.json'))).toEqual([]);
  });

  it('is refused by the parser when it is wrong, so that its silence means something', async () => {
    const { operations, ...rest } = asyncApi(options);
    const lost = { $ref: '#/channels/nowhere' };
    expect(await faultsOf({ ...rest, operations: { ...operations, manage: { action: 'receive', channel: lost } } })).not.toEqual([]);
  });

  it('has the topics, the dead letters and an operation for each action', () => {
    const { channels, operations } = asyncApi(options);
    expect(Object.values(channels).map(({ address }) => address)).toEqual([
      'shop.payment.commands',
      'shop.payment.commands.dlt',
      'shop.sagas',
      'shop.clients',
      'shop.sagas.dlt',
    ]);
    expect(Object.keys(operations)).toEqual(['payment.charge', 'payment.refund', 'payment.count', 'payment.note', 'manage', 'answer']);
    expect(operations['payment.charge']?.reply?.messages).toEqual([{ $ref: '#/channels/sagas/messages/payment.charge.reply' }]);
    expect(operations['payment.note']?.reply?.messages).toEqual([{ $ref: '#/channels/sagas/messages/skald.reply.v1' }]);
  });

  it('says in JSON Schema what an action takes and gives, where its schemas can', () => {
    const read = readers(asyncApi(options));
    const charge = read('payment.charge');
    expect(charge(command)).toBe(true);
    expect(charge({ ...command, args: [{ orderId: '1', amount: -1 }] })).toBe(false);
    expect(charge({ ...command, args: [] })).toBe(false);
    expect(charge({ ...command, action: 'refund' })).toBe(false);
    expect(charge({ ...command, dueAt: undefined })).toBe(false);
    expect(charge({ ...command, added: 'by a newer sender' })).toBe(true);
    const note = read('payment.note');
    expect(note({ ...command, action: 'note', args: ['anything'] })).toBe(true);
  });

  it('says it of results too, but not of the answers to a compensation', () => {
    const read = readers(asyncApi(options))('payment.charge.reply');
    const { key: _key, participant: _participant, action: _action, args: _args, firstRequestedAt: _first, dueAt: _due, ...place } = command;
    expect(read({ ...place, outcome: { type: 'succeeded', result: { paymentId: 'p' } } })).toBe(true);
    expect(read({ ...place, outcome: { type: 'succeeded', result: {} } })).toBe(false);
    expect(read({ ...place, outcome: { type: 'refused', reason: 'sealed' } })).toBe(true);
    expect(read({ ...place, operation: 'compensation', outcome: { type: 'undone', executed: true } })).toBe(true);
  });

  it('keeps a schema that refers to itself', () => {
    const count = readers(asyncApi(options))('payment.count');
    const args = (name: unknown) => [{ name: 'root', branches: [{ name, branches: [] }] }];
    expect(count({ ...command, action: 'count', args: args('leaf') })).toBe(true);
    expect(count({ ...command, action: 'count', args: args(1) })).toBe(false);
  });

  it('describes the input of a saga as it is sent: what its schema makes of what the caller gave', () => {
    const start = readers(asyncApi(options))('order.v2.start');
    const message = { sagaId: 'order-1', request: 'r', saga: 'order', version: 2, incarnation: 'i', inputHash: 'h' };
    expect(start({ ...message, input: { id: '1', amount: 5 } })).toBe(true);
    expect(start({ ...message, input: { id: '1', amount: '5' } })).toBe(false);
    expect(start({ ...message, version: 1, input: { id: '1', amount: 5 } })).toBe(false);
  });

  it('takes the JSON Schema of schemas that have none from whoever knows it', () => {
    const jsonSchemaOf = (schema: StandardSchema) => (schema === plain ? { type: 'string' } : undefined);
    const note = readers(asyncApi({ ...options, jsonSchemaOf }))('payment.note');
    expect(note({ ...command, action: 'note', args: ['text'] })).toBe(true);
    expect(note({ ...command, action: 'note', args: [1] })).toBe(false);
  });

  it('agrees with docs/reference/protocol.md', () => {
    const { components } = asyncApi({ ...options, participants: [], sagas: [] });
    const ajv = new Ajv({ strict: false });
    const examples = [...reference('protocol.md').matchAll(/<!-- example: (\S+) for .*? -->\n```json\n(.*?)```/gs)];
    expect(examples.length).toBeGreaterThan(7);
    for (const [, type = '', json = ''] of examples) {
      const read = ajv.compile(components.schemas[type] ?? false);
      expect({ type, fits: read(JSON.parse(json)), errors: read.errors }).toEqual({ type, fits: true, errors: null });
    }
  });
});
