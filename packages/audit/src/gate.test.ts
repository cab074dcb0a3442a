import { describe, expect, it, test } from '@jest/globals';
import { encodeEvents } from '@skald/engine';
import { definitionStream, describeDefinition, type RecordedEvent, type SagaDefinition, stepGraph } from '@skald/kernel';
import { ask, changed, inserted, lives, type Order, order, type Steps, without } from '../fixtures/order-lives.js';
import { type Candidate, type GateOptions, gate } from './gate.js';

const UNDER_WAY = ['begun', 'waits', 'gift', 'shipped', 'back'] as const;
type Place = (typeof UNDER_WAY)[number];

function candidate(definition: SagaDefinition): Candidate {
  return { definition, program: stepGraph(definition) };
}

async function heldBy(definition: SagaDefinition, options?: GateOptions) {
  const verdict = await gate(lives(), [candidate(definition)], options);
  const held = Object.fromEntries(verdict.held.map(({ sagaId, reason }) => [sagaId.slice('order-'.length), reason]));
  return { ...verdict, held };
}

const needsMail = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (value: unknown) =>
      (value as object) && 'email' in (value as object) ? { value } : { issues: [{ message: 'email is missing' }] },
  },
};

interface Change {
  readonly title: string;
  readonly definition: () => SagaDefinition;
  /** Who could not go on, and why. */
  readonly held: Readonly<Partial<Record<Place, RegExp>>>;
  /** What is noted. */
  readonly note?: RegExp;
}

const everybody = (reason: RegExp) => Object.fromEntries(UNDER_WAY.map((place) => [place, reason]));
const whoCharged = (reason: RegExp) => ({ waits: reason, gift: reason, shipped: reason, back: reason });

const CHANGES: readonly Change[] = [
  { title: 'nothing', definition: () => order(), held: {} },
  {
    title: 'a step added at the end',
    definition: () => order((steps) => ({ ...steps, thank: { id: 'thank', run: ask('thank') } })),
    held: {},
  },
  {
    title: 'a step added where some have passed',
    definition: () => order((steps) => inserted(steps, 'ship', 'insure', { id: 'insure', run: ask('insure') })),
    held: { shipped: /^at revision \d+ the history has StepRequested of ship; this definition would record StepRequested of insure$/ },
  },
  {
    title: 'a step added beside the first',
    definition: () => order((steps) => ({ ...steps, count: { id: 'count', after: [], run: ask('count') } })),
    held: everybody(/StepRequested of count$/),
  },
  { title: 'a step removed', definition: () => order((steps) => without(steps, 'mail')), held: { shipped: /has no step mail$/ } },
  {
    title: 'a step renamed',
    definition: () => order((steps) => changed(steps, 'charge', { id: 'pay' })),
    held: whoCharged(/^at revision \d+ the history has StepRequested of charge; this definition has no step charge$/),
  },
  {
    title: 'two steps exchanged',
    definition: () => order(({ reserve, charge, ...steps }) => ({ charge, ...steps, reserve }) as Steps),
    held: everybody(/StepRequested of reserve; this definition would record StepRequested of charge$/),
  },
  {
    title: 'more retries',
    definition: () => order((steps) => changed(steps, 'charge', { retry: { attempts: 9, delay: '1s' } })),
    held: {},
    note: /step charge: retries or timeouts are others now/,
  },
  {
    title: 'a compensation removed',
    definition: () => order(({ charge: _, ...steps }) => inserted(steps, 'approval', 'charge', { id: 'charge', run: ask('charge') })),
    held: whoCharged(/StepRequested of charge: opens\.policy\.compensation was "saga", and would be "participant"$/),
  },
  {
    title: 'a compensation whose code fails',
    definition: () =>
      order((steps) =>
        changed(steps, 'charge', {
          compensation: {
            name: 'refund',
            run: () => {
              throw new Error('no receipt');
            },
          },
        }),
      ),
    held: {
      waits: /^what step charge did could not be undone: no receipt$/,
      gift: /^what step charge did could not be undone: no receipt$/,
      // Past the pivot nothing has to be undone.
      back: /SagaSuspended of compensation:charge: Error: no receipt$/,
    },
  },
  {
    title: 'a guard that says the contrary',
    definition: () => order((steps) => changed(steps, 'wrap', { when: (one: Order) => !one.gift })),
    held: {
      ...whoCharged(/history has StepSkipped of wrap; this definition would record StepRequested of wrap$/),
      gift: /history has StepRequested of wrap; this definition would record StepSkipped of wrap$/,
    },
  },
  {
    title: 'a step moved before the pivot',
    definition: () => order(({ ship, mail, ...steps }) => ({ ...steps, mail, ship }) as Steps),
    held: { shipped: /history has StepRequested of ship; this definition would record StepRequested of mail$/ },
    // Past the pivot it was retried for ever.
    note: /^step mail: retries or timeouts are others now; those on record go on to hold$/,
  },
  {
    title: 'another pivot',
    definition: () => order((steps) => changed(changed(steps, 'ship', { pivot: false }), 'charge', { pivot: true })),
    held: whoCharged(/StepRequested of charge: opens\.policy\.pivot was false, and would be true/),
  },
  {
    title: 'other timeouts, of a command, a signal and a timer',
    definition: () =>
      order((steps) =>
        changed(changed(changed(steps, 'reserve', { timeout: '9s' }), 'approval', { timeout: '5d' }), 'cool', { time: '2h' }),
      ),
    held: {},
    note: /step reserve: .*step approval: .*step cool: /s,
  },
  {
    title: 'a signal renamed',
    definition: () => order((steps) => changed(steps, 'approval', { signal: 'consent' })),
    held: whoCharged(/SignalAwaited of approval: signal was "approval", and would be "consent"$/),
  },
  {
    title: 'a signal that is given up instead of failing',
    definition: () => order((steps) => changed(steps, 'approval', { onTimeout: 'skip' })),
    held: whoCharged(/SignalAwaited of approval: onTimeout was not there, and would be "skip"$/),
  },
  {
    title: 'a step of another kind',
    definition: () => order((steps) => ({ ...steps, approval: { id: 'approval', kind: 'timer', time: '3d' } })),
    held: whoCharged(/step approval is a signal there, and a timer in this definition$/),
  },
  {
    title: 'another command',
    definition: () =>
      order((steps) =>
        changed(steps, 'charge', { run: ({ id }: Order) => ({ participant: 'bank', action: 'charge', args: [id, 'EUR'] }) }),
      ),
    held: whoCharged(
      /opens\.command\.participant was "shop", and would be "bank"; opens\.command\.args was \["\d"\], and would be \["\d","EUR"\]$/,
    ),
  },
  {
    title: 'a stricter input',
    definition: () => order((steps) => steps, { input: needsMail }),
    held: everybody(/^its input is none that this definition accepts: .*email is missing/),
  },
  {
    title: 'a step whose code fails',
    definition: () =>
      order((steps) =>
        changed(steps, 'wrap', {
          when: () => {
            throw new TypeError('gone');
          },
        }),
      ),
    held: whoCharged(/SagaSuspended of program: TypeError: gone$/),
  },
  {
    title: 'a new version without the old one',
    definition: () => order((steps) => steps, { version: 2 }),
    held: everybody(/its version is not among/),
  },
];

describe('The gate, for sagas at five places', () => {
  test.each(CHANGES)('$title', async ({ definition, held, note }) => {
    const verdict = await heldBy(definition());
    expect(Object.keys(verdict.held).sort()).toEqual(Object.keys(held).sort());
    expect(verdict.held).toEqual(Object.fromEntries(Object.entries(held).map(([place, reason]) => [place, expect.stringMatching(reason)])));
    expect([verdict.running, verdict.mayDeploy]).toEqual([UNDER_WAY.length, Object.keys(held).length === 0]);
    if (note) expect(verdict.notes.join('\n')).toMatch(note);
    else expect(verdict.notes).toEqual([]);
  });

  it('lets inputs be left unchecked, for schemas that change what they check', async () => {
    const verdict = await heldBy(
      order((steps) => steps, { input: needsMail }),
      { skipInputs: true },
    );
    expect(verdict.mayDeploy).toBe(true);
  });

  it('cannot tell of a saga whose payloads are encrypted, and says so', async () => {
    const streams = lives();
    const sealed = (streams.get('order-begun') ?? []).map((event) => ({
      ...event,
      data: JSON.stringify({ ...JSON.parse(event.data), sealed: { at: ['input'], text: 'x' } }),
    }));
    const { held } = await gate(new Map([...streams, ['order-begun', sealed]]), [candidate(order())]);
    expect(held).toEqual([expect.objectContaining({ sagaId: 'order-begun', reason: expect.stringContaining('payloads are encrypted') })]);
  });

  it('names a saga whose history cannot be read', async () => {
    const streams = lives();
    const [first, ...rest] = streams.get('order-waits') ?? [];
    if (!first) throw new Error('it has events');
    streams.set('order-waits', [first, ...rest.map((event) => ({ ...event, data: '{' }))]);
    const { held } = await gate(streams, [candidate(order())]);
    expect(held).toEqual([expect.objectContaining({ sagaId: 'order-waits', reason: expect.stringContaining('order-waits') })]);
  });
});

describe('Where it is on record what was deployed', () => {
  const deployed = (definition: SagaDefinition): [string, RecordedEvent[]] => {
    const { name: saga, version } = definition;
    const stream = definitionStream(saga);
    const data = { saga, version, description: describeDefinition(definition), fingerprint: 'f' };
    const events = encodeEvents([{ type: 'DefinitionDeployed', at: 1, data }], 'deploy', stream);
    return [stream, events.map((event, revision) => ({ ...event, stream, revision, position: 1 }))];
  };

  it('a change under a version is told, though nobody is held up by it: start-up would refuse it', async () => {
    const streams = new Map([...lives(), deployed(order())]);
    const slower = candidate(order((steps) => changed(steps, 'mail', { timeout: '9s' })));
    expect(await gate(streams, [candidate(order())])).toMatchObject({ mayDeploy: true, changed: [] });
    const verdict = await gate(streams, [slower]);
    expect(verdict).toMatchObject({ mayDeploy: false, held: [], changed: [{ saga: 'order', version: 1 }] });
    expect(verdict.changed[0]?.differences).toContain('step mail: timeout was 60000, and is 9000');
    expect(await gate(streams, [slower], { replace: true })).toMatchObject({ mayDeploy: true, changed: [{ saga: 'order' }] });
    expect(await gate(streams, [slower, candidate(order((steps) => steps, { version: 2 }))])).toMatchObject({ mayDeploy: false });
  });
});
