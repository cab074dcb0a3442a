import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { deployedForm, describeDefinition, diffDefinitions, type Json, type SagaData, sagaDefinition } from '@skald/kernel';

/**
 * Definitions as an earlier Skald described them when they were deployed. Files are added, never changed: a newer Skald that describes the
 * same saga otherwise would refuse to start every application that was deployed before. What is new in a description is absent at its default.
 */
const folder = new URL('../golden-definitions/', import.meta.url);
const command = () => ({ participant: 'p', action: 'a', args: [] });
const retry = { attempts: 5, backoff: 'fixed', delay: '1s', maxDelay: '1m', jitter: 0, on: ['A'], never: ['B'] } as const;

const sagas: Readonly<Record<string, SagaData>> = {
  'before-0024.json': {
    name: 'order',
    version: 3,
    deadline: '7d',
    steps: [
      { id: 'plain', run: command },
      { id: 'full', after: [], when: () => true, run: command, timeout: '5s', expires: 'attempt', retry, compensationTimeout: '9s' },
      { id: 'undone', run: command, compensation: { name: 'undo', run: command }, compensationRetry: retry },
      { kind: 'timer', id: 'fixed', time: '3d' },
      { kind: 'timer', id: 'said', after: ['plain', 'full'], time: () => '1d' },
      { kind: 'signal', id: 'any' },
      { kind: 'signal', id: 'approval', signal: 'yes', timeout: '1h', onTimeout: 'skip', receive: () => 1 },
      { id: 'pivot', run: command, pivot: true },
      { id: 'past', run: command },
    ],
    result: () => 1,
  },
};

describe('A definition that an earlier Skald described', () => {
  it.each(Object.entries(sagas))('is no other saga to this one: %s', (file, data) => {
    const before = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Json;
    expect(diffDefinitions(deployedForm(before), deployedForm(describeDefinition(sagaDefinition(data))))).toEqual([]);
  });

  it('is looked at, whatever file there is', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(sagas).sort());
  });
});
