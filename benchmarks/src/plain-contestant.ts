import { createHash, randomUUID } from 'node:crypto';
import type { CommandMessage, Reply } from '@skald/kernel';
import { partitionOf } from '@skald/message-bus-kafka';
import { argumentOf, type Manager, PARTITIONS, type Participant, resultOf, type Setting, STEPS } from './contestant.js';
import { PlainKafka } from './plain-kafka.js';

/**
 * The same messages as those of Skald, in number and in size, and nothing else: nothing is stored, nothing is checked, nothing is repeated.
 * A start and its answer go over Kafka as well.
 */
const topicsOf = ({ prefix }: Setting) => ({ sagas: `${prefix}.sagas`, commands: `${prefix}.shop.commands`, clients: `${prefix}.clients` });

async function connect(setting: Setting): Promise<PlainKafka> {
  const kafka = new PlainKafka(setting.brokers);
  await kafka.connect(Object.values(topicsOf(setting)), PARTITIONS);
  return kafka;
}

interface Saga {
  accept(): void;
  end(): void;
}

export async function plainManager(setting: Setting): Promise<Manager> {
  const kafka = await connect(setting);
  const topics = topicsOf(setting);
  const client = randomUUID();
  const sagas = new Map<string, Saga>();
  const send = senderOf(kafka, topics.sagas);
  const ask = (sagaId: string, incarnation: string, step: number): void => {
    const command = commandOf(sagaId, incarnation, step);
    send(topics.commands, 'skald.command.v1', `${command.key}/action/0/1`, command);
  };
  await kafka.consume(topics.sagas, ({ sagaId, ...body }, type) => {
    const incarnation = String(body['incarnation']);
    if (type === 'skald.start.v1') {
      ask(sagaId, incarnation, 0);
      const answer = { sagaId, client, request: body['request'], accepted: true, revision: 1 };
      send(topics.clients, 'skald.answer.v1', `answer/${answer.request}`, answer);
      return;
    }
    const next = STEPS.indexOf(body['step'] as (typeof STEPS)[number]) + 1;
    if (next < STEPS.length) ask(sagaId, incarnation, next);
    else sagas.get(sagaId)?.end();
  });
  await kafka.consume(topics.clients, ({ sagaId }) => sagas.get(sagaId)?.accept());
  return {
    async run(id) {
      const sagaId = `order-${id}`;
      const start = startOf(sagaId, id, client);
      await new Promise<void>((resolve) => {
        let open = 2;
        const one = (): void => {
          open -= 1;
          if (open === 0) resolve();
        };
        sagas.set(sagaId, { accept: one, end: one });
        send(topics.sagas, 'skald.start.v1', `start/${start.request}`, start);
      });
      sagas.delete(sagaId);
    },
    close: () => kafka.close(),
  };
}

export async function plainParticipant(setting: Setting): Promise<Participant> {
  const kafka = await connect(setting);
  const topics = topicsOf(setting);
  const send = senderOf(kafka, topics.sagas);
  await kafka.consume(topics.commands, (value) => {
    const reply = replyTo(value as unknown as CommandMessage);
    const { sagaId, incarnation, step } = reply;
    send(topics.sagas, 'skald.reply.v1', `${sagaId}/${incarnation}/${step}/1/step/action/0/1/succeeded`, reply);
  });
  return { close: () => kafka.close() };
}

function senderOf(kafka: PlainKafka, replyTopic: string) {
  return (topic: string, type: string, id: string, body: { readonly sagaId: string }): void => {
    const { sagaId } = body;
    const key = Buffer.from(sagaId);
    const partition = partitionOf(key, PARTITIONS);
    const headers = {
      ce_specversion: '1.0',
      ce_id: id,
      ce_type: type,
      ce_source: '/bench',
      ce_subject: sagaId,
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
      ...(type === 'skald.command.v1' && { ce_replytopic: replyTopic, ce_replypartition: String(partition) }),
    };
    kafka.send(topic, { key, partition, value: JSON.stringify(body), headers });
  };
}

function startOf(sagaId: string, id: string, client: string) {
  const inputHash = createHash('sha256').update(sagaId).digest('hex');
  const incarnation = randomUUID().slice(0, 8);
  return { sagaId, request: randomUUID(), saga: 'order', version: 1, incarnation, input: { id }, inputHash, client };
}

function commandOf(sagaId: string, incarnation: string, at: number): CommandMessage {
  const step = STEPS[at] ?? '';
  const place = { sagaId, incarnation, step, round: 1, attempt: 1, operation: 'action', purpose: 'step' } as const;
  const what = { key: `${sagaId}/${incarnation}/${step}/1`, undoRound: 0, participant: 'shop', action: step };
  return { ...place, ...what, args: [argumentOf(sagaId.slice('order-'.length))], firstRequestedAt: Date.now(), dueAt: Date.now() + 30_000 };
}

function replyTo({ sagaId, incarnation, step, round, attempt, operation, purpose, undoRound }: CommandMessage): Reply {
  const place = { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound };
  return { ...place, outcome: { type: 'succeeded', result: resultOf(sagaId.slice('order-'.length)) } };
}
