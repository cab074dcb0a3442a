import type { MessageBus, SagaIndex } from '@skald/kernel';

/** Sagas woken at once: enough for full batches, few enough to leave room for new work. */
const PAGE = 500;

/**
 * After a start or a take-over: every saga that owes the world a command is woken, whereupon its owner sends again what is owed.
 * Reads only those, never all. Resolves with their number when all wakes are with the bus.
 */
export async function recover(index: SagaIndex, bus: MessageBus): Promise<number> {
  let recovered = 0;
  for (let after = ''; ; ) {
    const page = await index.owing(after, PAGE);
    if (page.length > 0) {
      await bus.publish(page.map((sagaId) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } })));
    }
    recovered += page.length;
    after = page.at(-1) ?? after;
    if (page.length < PAGE) return recovered;
  }
}
