/**
 * Payloads under AES-256-GCM, with a key for each saga.
 *
 * Invariants
 * G1  What is sealed is bound to its saga and its place (additional data): moved elsewhere it does not open.
 * G2  A nonce is random, 96 bits, and used once: of one key far fewer payloads are sealed than the 2^32 for which that is safe.
 * G3  Keys are remembered for `cacheFor`: so long a drop in another process may go unnoticed here, and no longer.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import {
  type KeyStore,
  type PayloadCodec,
  type PayloadPlace,
  type PlainPayload,
  type SagaKey,
  type SealedPayload,
  SkaldError,
} from '@skald/kernel';

export interface AesGcmOptions {
  /** Where the keys are kept: `sqliteKeyStore`, `memoryKeyStore`, or one of your own. */
  readonly keys: KeyStore;
  /** How long a key is remembered, in milliseconds. Default 60,000. */
  readonly cacheFor?: number;
  /** Keys that are remembered, at most. Default 20,000. */
  readonly cached?: number;
  /** Epoch milliseconds. Default: the system's clock. */
  readonly now?: () => number;
}

const NONCE = 12;
const TAG = 16;

interface Asking {
  readonly sagaIds: Set<string>;
  readonly keys: Promise<ReadonlyMap<string, SagaKey | 'dropped'>>;
}

interface Remembered {
  readonly key: SagaKey | 'dropped';
  readonly until: number;
}

export class AesGcmCodec implements PayloadCodec {
  private readonly cache = new Map<string, Remembered>();
  private readonly keyStore: KeyStore;
  private readonly cacheFor: number;
  private readonly cached: number;
  private asking: Asking | undefined;
  private readonly now: () => number;

  constructor({ keys, cacheFor = 60_000, cached = 20_000, now = () => Date.now() }: AesGcmOptions) {
    this.keyStore = keys;
    this.cacheFor = cacheFor;
    this.cached = cached;
    this.now = now;
  }

  async dropped(sagaIds: readonly string[]): Promise<ReadonlySet<string>> {
    const keys = await this.keysOf(sagaIds, false);
    return new Set(sagaIds.filter((sagaId) => keys.get(sagaId) === 'dropped'));
  }

  async seal(payloads: readonly PlainPayload[]): Promise<readonly (string | undefined)[]> {
    const keys = await this.keysOf(
      payloads.map(({ sagaId }) => sagaId),
      true,
    );
    return payloads.map((payload) => {
      const key = keys.get(payload.sagaId);
      return key === undefined || key === 'dropped' ? undefined : encrypt(key, payload);
    });
  }

  async open(payloads: readonly SealedPayload[]): Promise<readonly (string | undefined)[]> {
    const keys = await this.keysOf(
      payloads.map(({ sagaId }) => sagaId),
      false,
    );
    return payloads.map((payload) => {
      const key = keys.get(payload.sagaId);
      return key === 'dropped' ? undefined : decrypt(key, payload);
    });
  }

  async digest(sagaId: string, text: string): Promise<string> {
    const key = (await this.keysOf([sagaId], true)).get(sagaId);
    if (key === undefined || key === 'dropped') throw new SkaldError('payload-dropped', { sagaId });
    const derived = hkdfSync('sha256', key.key, '', 'skald digest', 32);
    return createHmac('sha256', Buffer.from(derived)).update(text).digest('hex');
  }

  /** Drops the key of a saga for ever: its payloads cannot be read any more, by anybody. */
  async drop(sagaId: string): Promise<void> {
    await this.keyStore.drop(sagaId);
    this.cache.delete(sagaId);
  }

  private async keysOf(sagaIds: readonly string[], create: boolean): Promise<ReadonlyMap<string, SagaKey | 'dropped'>> {
    const now = this.now();
    const known = new Map<string, SagaKey | 'dropped'>();
    const missing = new Set<string>();
    for (const sagaId of sagaIds) {
      const found = this.cache.get(sagaId);
      if (found && found.until > now) known.set(sagaId, found.key);
      else missing.add(sagaId);
    }
    if (missing.size === 0) return known;
    for (const [sagaId, key] of await this.ask([...missing], create)) {
      known.set(sagaId, key);
      this.remember(sagaId, { key, until: now + this.cacheFor });
    }
    return known;
  }

  /** All that is asked for in one turn of the event loop is one question: a key store may need a commit for each. */
  private async ask(sagaIds: readonly string[], create: boolean): Promise<ReadonlyMap<string, SagaKey | 'dropped'>> {
    if (!create) return this.keyStore.keys(sagaIds, false);
    this.asking ??= this.askSoon();
    const { asking } = this;
    for (const sagaId of sagaIds) asking.sagaIds.add(sagaId);
    const keys = await asking.keys;
    return new Map(sagaIds.flatMap((sagaId) => (keys.has(sagaId) ? [[sagaId, keys.get(sagaId) ?? 'dropped'] as const] : [])));
  }

  private askSoon(): Asking {
    const sagaIds = new Set<string>();
    const keys = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.asking = undefined;
      return this.keyStore.keys([...sagaIds], true);
    });
    return { sagaIds, keys };
  }

  private remember(sagaId: string, key: Remembered): void {
    this.cache.delete(sagaId);
    this.cache.set(sagaId, key);
    for (const oldest of this.cache.keys()) {
      if (this.cache.size <= this.cached) return;
      this.cache.delete(oldest);
    }
  }
}

/** Encrypts payloads with AES-256-GCM under a key for each saga. */
export function aesGcmCodec(options: AesGcmOptions): AesGcmCodec {
  return new AesGcmCodec(options);
}

function encrypt({ id, key }: SagaKey, payload: PlainPayload): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(payload));
  const text = Buffer.concat([nonce, cipher.update(payload.text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${id}.${text.toString('base64')}`;
}

function decrypt(key: SagaKey | undefined, payload: SealedPayload): string {
  const { sagaId, place, sealed } = payload;
  const unreadable = (problem: string, cause?: unknown) => new SkaldError('payload-unreadable', { sagaId, place, problem }, { cause });
  const dot = sealed.indexOf('.');
  const id = sealed.slice(0, Math.max(0, dot));
  if (key?.id !== id) throw unreadable(`there is no key "${id}" of this saga`);
  const bytes = Buffer.from(sealed.slice(dot + 1), 'base64');
  if (bytes.length < NONCE + TAG) throw unreadable('it is too short');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(0, NONCE)).setAAD(boundTo(payload));
    decipher.setAuthTag(bytes.subarray(-TAG));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw unreadable('it is not what was sealed for this place', cause);
  }
}

/** G1 */
function boundTo({ sagaId, place }: PayloadPlace): Buffer {
  return Buffer.from(JSON.stringify(['skald', sagaId, place]));
}

/** Keys in memory, which end with the process: for tests, and for trying out. */
export function memoryKeyStore(): KeyStore {
  const known = new Map<string, SagaKey | 'dropped'>();
  return {
    async keys(sagaIds, create) {
      const found = new Map<string, SagaKey | 'dropped'>();
      for (const sagaId of sagaIds) {
        if (create && !known.has(sagaId)) known.set(sagaId, newSagaKey());
        const key = known.get(sagaId);
        if (key) found.set(sagaId, key);
      }
      return found;
    },
    async drop(sagaId) {
      known.set(sagaId, 'dropped');
    },
  };
}

export function newSagaKey(): SagaKey {
  return { id: randomBytes(6).toString('base64url'), key: randomBytes(32) };
}
