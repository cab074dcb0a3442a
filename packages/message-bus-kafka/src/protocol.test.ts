import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Address } from '@skald/kernel';
import { MALFORMED } from './malformed-messages.contract.js';
import { decode, encode } from './wire.js';

const text = readFileSync(new URL('../../../docs/reference/protocol.md', import.meta.url), 'utf8');
const EXAMPLE = /<!-- example: (?<type>\S+) for (?<to>inbox|participant|client) ?(?<name>\S*) -->\n```json\n(?<json>.*?)```/gs;

function addressOf(to: string, name: string): Address {
  if (to === 'participant') return { to, participant: name };
  return to === 'client' ? { to, client: name } : { to: 'inbox' };
}

describe('docs/reference/protocol.md', () => {
  const examples = [...text.matchAll(EXAMPLE)].map(({ groups = {} }) => groups);

  for (const [nth, { type = '', to = '', name = '', json = '' }] of examples.entries()) {
    it(`shows a ${type} that is read, and written the same way (${nth + 1})`, () => {
      const address = addressOf(to, name);
      const { sagaId } = JSON.parse(json) as { sagaId: string };
      const headers = { ce_specversion: '1.0', ce_type: type, ce_id: '1' };
      const decoded = decode({ key: Buffer.from(sagaId), value: Buffer.from(json), headers }, address);
      if (!decoded.ok) throw new Error(decoded.problem);
      const context = {
        source: '/test',
        inboxTopic: 'skald.sagas',
        inboxPartition: () => 3,
        clientsTopic: 'skald.clients',
        clientPartition: () => 5,
      };
      const record = encode(decoded.message, address, context);
      expect(JSON.parse(record.value.toString())).toEqual(JSON.parse(json));
      expect(record.headers['ce_type']).toBe(type);
    });
  }

  it('has an example of every type', () => {
    const types = ['answer', 'asked', 'cancel', 'command', 'limit', 'operator', 'reply', 'signal', 'slot', 'start', 'task', 'wake'].map(
      (type) => `skald.${type}.v1`,
    );
    expect([...new Set(examples.map(({ type }) => type))].sort()).toEqual(types);
  });

  it('names every reason and every header', () => {
    for (const { reason } of MALFORMED) expect(text).toContain(`\`${reason}\``);
    for (const name of [
      'ce_replytopic',
      'ce_replypartition',
      'skald_reason',
      'skald_problem',
      'skald_topic',
      'skald_partition',
      'skald_offset',
      'skald_hops',
    ]) {
      expect(text).toContain(`\`${name}\``);
    }
  });
});
