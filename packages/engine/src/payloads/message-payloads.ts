/**
 * What of a message is payload. It keeps its shape, so that a bus that checks messages lets it pass: one of the payload's members carries all of
 * it, sealed, as `{ "skald": "<sealed>" }` or, where a text is expected, `skald:<sealed>`; the others are left out.
 */
import type { BusMessage, PlainPayload, SealedPayload } from '@skald/kernel';
import { DROPPED, ENCRYPTED, type Members, valueAt, withValue } from './payload-paths.js';

interface Anatomy {
  /** Tells this message from others of the same saga. */
  readonly place: string;
  /** Where the payloads are; the first carries them. */
  readonly paths: readonly [string, ...string[]];
  readonly carries: 'value' | 'list' | 'text';
}

const TEXT = 'skald:';

/** Undefined where there is nothing to seal. */
export function plainPayload(message: BusMessage): PlainPayload | undefined {
  const anatomy = anatomyOf(message);
  if (!anatomy) return undefined;
  const found = anatomy.paths.map((path) => [path, valueAt(message, path)] as const).filter(([, value]) => value !== undefined);
  if (found.length === 0) return undefined;
  return { sagaId: message.sagaId, place: anatomy.place, text: JSON.stringify(Object.fromEntries(found)) };
}

export function withSealed(message: BusMessage, sealed: string): BusMessage {
  const { paths, carries } = anatomyOf(message) ?? {};
  if (!paths || !carries) return message;
  const value = { skald: sealed };
  return replaced(message, paths, { [paths[0]]: carries === 'text' ? `${TEXT}${sealed}` : carries === 'list' ? [value] : value });
}

/** Undefined where nothing is sealed: whoever sent it has no keys. */
export function sealedPayload(message: BusMessage): SealedPayload | undefined {
  const anatomy = anatomyOf(message);
  if (!anatomy) return undefined;
  const carrier = valueAt(message, anatomy.paths[0]);
  const sealed =
    anatomy.carries === 'text' ? textIn(carrier) : valueIn(Array.isArray(carrier) && carrier.length === 1 ? carrier[0] : carrier);
  return sealed === undefined ? undefined : { sagaId: message.sagaId, place: anatomy.place, sealed };
}

/** `text` undefined: the key was dropped. */
export function withOpened(message: BusMessage, text: string | undefined): BusMessage {
  const { paths, carries } = anatomyOf(message) ?? {};
  if (!paths) return message;
  if (text !== undefined) return replaced(message, paths, JSON.parse(text));
  return replaced(message, paths, { [paths[0]]: carries === 'list' ? [DROPPED] : DROPPED });
}

function replaced(message: BusMessage, paths: readonly string[], values: Members): BusMessage {
  let copy = message as unknown as Members;
  for (const path of paths) {
    const [value, before] = [values[path], valueAt(copy, path)];
    if (value === undefined && before === undefined) continue;
    // Where a text must stand one stands.
    copy = withValue(copy, path, value === undefined && typeof before === 'string' ? ENCRYPTED : value);
  }
  return copy as unknown as BusMessage;
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(TEXT) ? value.slice(TEXT.length) : undefined;
}

function valueIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return undefined;
  const { skald } = value as { readonly skald?: unknown };
  return typeof skald === 'string' ? skald : undefined;
}

function anatomyOf(message: BusMessage): Anatomy | undefined {
  if (message.kind === 'answer') {
    const ends = message.answer.accepted && message.answer.ending !== undefined;
    if (!ends) return undefined;
    return { place: `answer ${message.request}`, paths: ['answer.ending.output', 'answer.ending.reason'], carries: 'value' };
  }
  if (message.kind === 'command') {
    const { key, operation } = message.command;
    return { place: `command ${key} ${operation}`, paths: ['command.args', 'command.result'], carries: 'list' };
  }
  const { input } = message;
  switch (input.type) {
    case 'start':
      return { place: 'start', paths: ['input.input', 'input.again.reason'], carries: 'value' };
    case 'signal':
      return { place: `signal ${input.name} ${input.request}`, paths: ['input.payload'], carries: 'value' };
    case 'asked':
      return { place: 'asked', paths: ['input.input'], carries: 'value' };
    case 'task': {
      const place = `task ${input.request}`;
      if (input.action === 'complete') return { place, paths: ['input.result'], carries: 'value' };
      if (input.action === 'heartbeat') return undefined;
      return { place, paths: ['input.error.message', 'input.error.data'], carries: 'text' };
    }
    case 'cancel':
      return { place: `cancel ${input.request}`, paths: ['input.reason'], carries: 'text' };
    case 'operator':
      return { place: `operator ${input.request}`, paths: ['input.reason', 'input.result', 'input.args'], carries: 'text' };
    case 'reply': {
      const place = `reply ${input.incarnation} ${input.step} ${input.round} ${input.operation} ${input.undoRound}`;
      if (input.outcome.type === 'succeeded') return { place, paths: ['input.outcome.result'], carries: 'value' };
      if (input.outcome.type !== 'failed') return undefined;
      return { place, paths: ['input.outcome.error.message', 'input.outcome.error.data'], carries: 'text' };
    }
    case 'wake':
    case 'slot':
    case 'limit':
      return undefined;
  }
}
