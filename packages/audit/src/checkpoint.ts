/**
 * Checkpoints: what all streams held at a moment, signed. Kept where whoever can write to the store cannot, they find what chains cannot: a cut
 * tail, a stream that is gone, a history written anew as a whole.
 *
 * Invariants
 * K1  The root stands for the head of every stream as of the position, so for every event up to there.
 * K2  The signature covers all of it but the list of heads, which the root covers.
 * K3  A checkpoint names the one before by the hash of what that one signed, so that none can be left out of a row of them. In a row time and
 *     position do not go back.
 * K4  The order stands for what came before what in all streams, up to the position. Checkpoints of before version 0.2 have none.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, type StreamHead } from '@skald/kernel';
import { byBytes, MerkleTree } from './merkle.js';

const FORMAT = 'skald-checkpoint/1';

export interface Checkpoint {
  readonly format: typeof FORMAT;
  /** From 1. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Position of the last event that it covers. */
  readonly position: number;
  readonly streams: number;
  readonly events: number;
  /** Merkle root of the heads, hex. */
  readonly root: string;
  /** SHA-256 over position and hash of every event, in their order; hex. */
  readonly order?: string;
  /** Digest of the checkpoint before; absent on the first. */
  readonly previous?: string;
  /** SHA-256 of the public key (its DER), hex: which of several it is. */
  readonly key: string;
  /** Ed25519, base64. */
  readonly signature: string;
  /** Every stream with its last revision and hash; without it a difference is found, but not where it is. */
  readonly heads?: readonly (readonly [stream: string, revision: number, hash: string])[];
}

/** What is signed. */
export type Covered = Omit<Checkpoint, 'format' | 'key' | 'signature' | 'heads'>;

/** Why a checkpoint is not to be trusted, or is none. */
export class BadCheckpoint extends Error {
  override name = 'BadCheckpoint';
}

/** An Ed25519 pair as PEM. */
export function generateKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/** Throws where the PEM is no private Ed25519 key. */
export function signCheckpoint(covered: Covered, privateKey: string, heads?: readonly StreamHead[]): Checkpoint {
  const secret = ed25519(() => createPrivateKey(privateKey), 'private');
  const body = { format: FORMAT, ...covered, key: fingerprint(createPublicKey(secret)) } as const;
  const signature = sign(null, Buffer.from(canonicalJson(body)), secret).toString('base64');
  return { ...body, signature, ...(heads && { heads: heads.map(({ stream, revision, hash }) => [stream, revision, hash] as const) }) };
}

/** Throws `BadCheckpoint` where the signature, the key or the list does not fit. */
export function checkSignature(checkpoint: Checkpoint, publicKey: string): void {
  const key = ed25519(() => createPublicKey(publicKey), 'public');
  if (fingerprint(key) !== checkpoint.key) {
    throw new BadCheckpoint(`it was signed with another key (${checkpoint.key.slice(0, 16)}…, not ${fingerprint(key).slice(0, 16)}…)`);
  }
  const isSigned = verify(null, Buffer.from(canonicalJson(signedPart(checkpoint))), key, Buffer.from(checkpoint.signature, 'base64'));
  if (!isSigned) throw new BadCheckpoint('its signature does not fit: it was changed after it was signed');
  const { heads } = checkpoint;
  if (!heads) return;
  const tree = new MerkleTree();
  for (const head of headsOf(checkpoint).toSorted(byBytes)) tree.add(head);
  if (tree.root() !== checkpoint.root) throw new BadCheckpoint('its list of streams does not fit its root: it was changed');
}

/** Throws `BadCheckpoint` where a checkpoint is missing between them, or they belong to different rows. `checkpoints` in their order. */
export function checkRow(checkpoints: readonly Checkpoint[]): void {
  for (const [nth, checkpoint] of checkpoints.entries()) {
    const before = checkpoints[nth - 1];
    if (before) checkFollows(checkpoint, before);
  }
}

function checkFollows(checkpoint: Checkpoint, before: Checkpoint): void {
  const [number, last] = [checkpoint.number, before.number];
  if (checkpoint.previous !== digestOf(before)) {
    throw new BadCheckpoint(`number ${number} does not follow number ${last}: one is missing between them, or was changed`);
  }
  const back = (['number', 'at', 'position'] as const).find((name) => checkpoint[name] < before[name]);
  if (back !== undefined) {
    const what = { number: 'it counts back', at: 'its time is before that of', position: 'it covers less than' }[back];
    throw new BadCheckpoint(`number ${number} follows number ${last}, and ${what} number ${last}`);
  }
}

/** Clocks of machines differ by that much, in milliseconds, and nobody minds. */
export const CLOCK_TOLERANCE = 60_000;

/** Throws `BadCheckpoint` where it says that it was made at a time to come. */
export function checkTime({ number, at }: Checkpoint, now: number): void {
  if (at <= now + CLOCK_TOLERANCE) return;
  throw new BadCheckpoint(`number ${number} says that it was made on ${new Date(at).toISOString()}, which is still to come`);
}

/** What the next checkpoint names this one by. */
export function digestOf(checkpoint: Checkpoint): string {
  return createHash('sha256')
    .update(canonicalJson(signedPart(checkpoint)))
    .update(checkpoint.signature)
    .digest('hex');
}

/** Throws `BadCheckpoint`. */
export function readCheckpoint(text: string): Checkpoint {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadCheckpoint('it is no JSON');
  }
  if (typeof value !== 'object' || value === null || Reflect.get(value, 'format') !== FORMAT) {
    throw new BadCheckpoint(`it is no checkpoint of the format ${FORMAT}`);
  }
  const numbers = ['number', 'at', 'position', 'streams', 'events'].every((name) => Number.isSafeInteger(Reflect.get(value, name)));
  const texts = ['root', 'key', 'signature'].every((name) => typeof Reflect.get(value, name) === 'string');
  const maybe = ['order', 'previous'].every((name) => ['string', 'undefined'].includes(typeof Reflect.get(value, name)));
  const heads: unknown = Reflect.get(value, 'heads');
  if (!numbers || !texts || !maybe || (heads !== undefined && !isHeads(heads))) throw new BadCheckpoint('something is missing in it');
  return value as Checkpoint;
}

export function headsOf({ heads = [] }: Checkpoint): StreamHead[] {
  return heads.map(([stream, revision, hash]) => ({ stream, revision, hash }));
}

function isHeads(value: unknown): boolean {
  const isHead = (head: unknown) =>
    Array.isArray(head) && typeof head[0] === 'string' && Number.isSafeInteger(head[1]) && typeof head[2] === 'string';
  return Array.isArray(value) && value.every(isHead);
}

function signedPart({ signature: _signature, heads: _heads, ...body }: Checkpoint) {
  return body;
}

/** SHA-256 of a public key, hex: what a checkpoint names its key by. */
export function fingerprintOf(publicKey: string): string {
  return fingerprint(ed25519(() => createPublicKey(publicKey), 'public'));
}

/** The public key that belongs to a private one, as PEM. */
export function publicKeyOf(privateKey: string): string {
  const secret = ed25519(() => createPrivateKey(privateKey), 'private');
  return String(createPublicKey(secret).export({ type: 'spki', format: 'pem' }));
}

function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function ed25519(read: () => KeyObject, kind: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // Told below.
  }
  if (key?.asymmetricKeyType !== 'ed25519') throw new BadCheckpoint(`the ${kind} key is no Ed25519 key in PEM`);
  return key;
}
