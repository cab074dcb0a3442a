/**
 * What a process costs that waits: CPU of a bus with a consumer of the inbox and one of a participant and nothing to do, with kafkajs' timers as
 * they are and mended. After a build: KAFKA_BROKERS=… node packages/message-bus-kafka/bench/idle.ts [seconds]; prints JSON, in percent of a core.
 */

import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { KafkaBus } from '../dist/index.js';

const seconds = Number(process.argv[2] ?? 10);
const brokers = (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',');
const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  prototype: { scheduleCheckPendingRequests: () => void };
};
const asItIs = prototype.scheduleCheckPendingRequests;

const bus = await KafkaBus.connect({ kafka: { brokers }, prefix: `idle-${randomUUID()}` });
const mended = prototype.scheduleCheckPendingRequests;

async function percent(schedule: () => void): Promise<number> {
  prototype.scheduleCheckPendingRequests = schedule;
  const consumers = await Promise.all([
    bus.consume({ to: 'inbox' }, () => {}),
    bus.consume({ to: 'participant', participant: 'payment' }, () => {}),
  ]);
  await bus.publish([{ address: { to: 'inbox' }, message: { kind: 'input', sagaId: 'order-1', input: { type: 'wake' } } }]);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const { user, system } = process.cpuUsage(before);
  await Promise.all(consumers.map((one) => one.stop()));
  return Math.round((user + system) / (seconds * 100)) / 100;
}

const after = await percent(mended);
const before = await percent(asItIs);
process.stdout.write(`${JSON.stringify({ percentOfACore: { mended: after, asItIs: before } })}\n`);
await bus.close();
process.exit(0);
