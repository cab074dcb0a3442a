/**
 * What of an event is payload, and what is structure.
 *
 * Invariants
 * Y1  Structure stays in the clear: types, steps, times, who did something, names of errors. So a history can be folded, shown and verified by
 *     whoever has no key.
 * Y2  Payloads of an event are sealed as one, bound to saga, type and revision. In their places stands `(encrypted)`; opened, and the key was
 *     dropped, `(payload dropped)`.
 * Y3  Of a saga whose key was dropped nothing more is stored than its structure.
 */
import type { EventType, PayloadCodec, PlainPayload, SagaEvent } from '@skald/kernel';
import { frozen } from '../frozen.js';
import { DROPPED, ENCRYPTED, type Members, valueAt, withValue } from './payload-paths.js';

/** Every type of event says which of its members are payload. A new type does not compile before it does. */
const PAYLOADS: { readonly [Type in EventType]: readonly string[] } = {
  SagaStarted: ['input', 'again.reason'],
  SlotGranted: [],
  StepRequested: ['opens.command.args'],
  StepSucceeded: ['result'],
  StepFailed: ['error.message', 'error.data'],
  StepTimedOut: [],
  StepDeferred: [],
  HeartbeatReceived: [],
  WithdrawnByParent: [],
  ChildAskedAgain: [],
  StepRetryScheduled: [],
  StepSkipped: [],
  StepSealRequested: [],
  StepSealed: [],
  StepSealFailed: ['error.message', 'error.data'],
  StepFailureCaught: ['error.message', 'error.data'],
  ChoiceMade: [],
  TimerSet: [],
  TimerFired: [],
  SignalReceived: ['payload'],
  SignalAwaited: [],
  SignalDiscarded: ['error.message', 'error.data'],
  MapStarted: ['fingerprint'],
  MapCompleted: [],
  MapFailed: ['error.message', 'error.data'],
  CompensationStarted: ['reason.error.message', 'reason.error.data', 'reason.reason'],
  CompensationRequested: ['command.args'],
  CompensationSucceeded: [],
  CompensationFailed: ['error.message', 'error.data'],
  AttributesSet: ['errors'],
  SagaSuspended: ['error.message', 'error.data'],
  OperatorIntervened: ['result', 'args', 'reason'],
  RequestRefused: ['reason'],
  CancelRequested: ['reason'],
  CancelRefused: [],
  DeadlinePassed: [],
  ExpressSagaEnded: ['input', 'output', 'error.message', 'error.data', 'reason.error.message', 'reason.error.data', 'reason.reason'],
  SagaCompleted: ['output'],
  SagaCompensated: [],
  SagaFailed: ['error.message', 'error.data'],
  SagaCancelled: [],
  SagaTerminated: ['reason'],
};

/** What stands in an event's data beside its structure. */
interface Sealed {
  /** Where the payloads belong, in the order in which they were sealed. */
  readonly at: readonly string[];
  readonly text: string;
}

/** An event whose payloads are to be sealed, and those. */
interface Split {
  readonly data: Members;
  readonly at: readonly string[];
  readonly payload: PlainPayload;
}

/** The events as they are to be stored: those of one stream, the first of which will have this revision. */
export async function sealEvents(
  codec: PayloadCodec,
  streams: readonly { readonly sagaId: string; readonly revision: number; readonly events: readonly SagaEvent[] }[],
): Promise<readonly (readonly SagaEvent[])[]> {
  const splits = streams.map(({ sagaId, revision, events }) => events.map((event, nth) => split(sagaId, revision + nth, event)));
  const payloads = splits.flat().flatMap((one) => (one ? [one.payload] : []));
  const sealed = (payloads.length > 0 ? await codec.seal(payloads) : []).values();
  return streams.map(({ events }, at) =>
    events.map((event, nth) => {
      const one = splits[at]?.[nth];
      return one ? ({ ...event, data: sealedData(one, sealed.next().value) } as SagaEvent) : event;
    }),
  );
}

function split(sagaId: string, revision: number, event: SagaEvent): Split | undefined {
  const at = PAYLOADS[event.type].filter((path) => valueAt(event.data, path) !== undefined);
  if (at.length === 0) return undefined;
  const text = JSON.stringify(at.map((path) => valueAt(event.data, path)));
  return { data: event.data as unknown as Members, at, payload: { sagaId, place: placeOf(event.type, revision, at), text } };
}

function sealedData({ data, at }: Split, text: string | undefined): Members {
  // Y3
  if (text === undefined) return marked(data, at, DROPPED);
  const sealed: Sealed = { at, text };
  return { ...marked(data, at, ENCRYPTED), sealed };
}

function placeOf(type: string, revision: number, at: readonly string[]): string {
  return `${type}@${revision} ${at.join()}`;
}

/** What is needed of a codec to read. */
export type PayloadReader = Pick<PayloadCodec, 'open' | 'dropped'>;

/** Events as they are stored, with their payloads where those can be read. `dropped`: the key of the saga is gone. */
export async function openEvents<E extends SagaEvent & { readonly revision: number }>(
  codec: PayloadReader,
  sagaId: string,
  events: readonly E[],
): Promise<{ readonly events: readonly E[]; readonly dropped: boolean }> {
  const closed = events.filter(({ data }) => sealedOf(data) !== undefined);
  const dropped = (await codec.dropped([sagaId])).has(sagaId);
  if (closed.length === 0) return { events, dropped };
  const payloads = closed.map(({ type, revision, data }) => {
    const { at = [], text = '' } = sealedOf(data) ?? {};
    return { sagaId, place: placeOf(type, revision, at), sealed: text };
  });
  const texts = await codec.open(payloads);
  const opened = new Map(closed.map((event, nth) => [event, openedData(event.data as unknown as Members, texts[nth])]));
  return { events: events.map((event) => (opened.has(event) ? { ...event, data: opened.get(event) } : event) as E), dropped };
}

function openedData({ sealed: _sealed, ...data }: Members & { readonly sealed?: unknown }, text: string | undefined): Members {
  const at = sealedOf({ sealed: _sealed })?.at ?? [];
  if (text === undefined) return frozen(marked(data, at, DROPPED));
  const values = JSON.parse(text) as readonly unknown[];
  return frozen(at.reduce<Members>((opened, path, nth) => withValue(opened, path, values[nth]), data));
}

/** Members of the data of such an event that are payload, `error.message` for instance. */
export function payloadsOf(type: EventType): readonly string[] {
  return PAYLOADS[type] ?? [];
}

/** Are there payloads in it that were not opened? */
export function isSealed({ data }: Pick<SagaEvent, 'data'>): boolean {
  return sealedOf(data) !== undefined;
}

function sealedOf(data: unknown): Sealed | undefined {
  return (data as { readonly sealed?: Sealed }).sealed;
}

/** A list where a list is expected, so that whoever only shows it need not know. */
function marked(data: Members, at: readonly string[], mark: string): Members {
  return at.reduce<Members>((marking, path) => {
    return withValue(marking, path, path.endsWith('args') ? [mark] : path === 'errors' ? { [mark]: mark } : mark);
  }, data);
}

/** Texts of errors are payload in the index, too. */
export function maskedError(error: string | undefined): string | undefined {
  const colon = error?.indexOf(':') ?? -1;
  return colon < 0 ? error : `${error?.slice(0, colon)}: ${ENCRYPTED}`;
}
