import type { Delivery, Outgoing } from '@skald/kernel';
import { KafkaBus } from '../dist/index.js';
import { commandOf, type Link, replyTo } from './link.ts';

const PARTITIONS = 4;

/** As the engine uses the bus: all that arrives is answered in one publish, and then done. */
export async function busLink(brokers: readonly string[], prefix: string): Promise<Link> {
  const bus = await KafkaBus.connect({
    kafka: { brokers: [...brokers], clientId: 'bench' },
    prefix,
    topics: { inboxPartitions: PARTITIONS, partitions: PARTITIONS },
  });
  let commands: Outgoing[] = [];
  const link: Link = {
    onReply: () => {},
    command(sagaId, step) {
      const one: Outgoing = {
        address: { to: 'participant', participant: 'payment' },
        message: { kind: 'command', sagaId, command: commandOf(sagaId, step) },
      };
      commands.push(one);
      if (commands.length === 1) setImmediate(() => void flush());
    },
    async readReplies() {
      await bus.consume({ to: 'inbox' }, (batch) => {
        for (const { message } of batch) link.onReply(message.sagaId);
        void flush().then(() => settle(batch));
      });
    },
    async answerCommands() {
      await bus.consume({ to: 'participant', participant: 'payment' }, (batch) => {
        const replies = batch.flatMap(({ message }): Outgoing[] => {
          if (message.kind !== 'command') return [];
          return [
            {
              address: { to: 'inbox' },
              message: { kind: 'input', sagaId: message.sagaId, input: { type: 'reply', ...replyTo(message.command) } },
            },
          ];
        });
        void bus.publish(replies).then(() => settle(batch));
      });
    },
    close: () => bus.close(),
  };
  async function flush(): Promise<void> {
    const all = commands;
    commands = [];
    if (all.length > 0) await bus.publish(all);
  }
  return link;
}

function settle(batch: readonly Delivery[]): void {
  for (const delivery of batch) delivery.done();
}
