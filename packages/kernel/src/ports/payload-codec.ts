/** A payload where it stands. */
export interface PayloadPlace {
  readonly sagaId: string;
  /** Bound to what is sealed, so that it cannot be put elsewhere. */
  readonly place: string;
}

export interface PlainPayload extends PayloadPlace {
  readonly text: string;
}

export interface SealedPayload extends PayloadPlace {
  readonly sealed: string;
}

/**
 * Makes payloads unreadable to whoever has not got the key of their saga. All in one call, answers in the order of the questions; rejects when
 * keys cannot be had now, and then the same call may succeed later.
 */
export interface PayloadCodec {
  /** Of these sagas, those whose key was dropped. */
  dropped(sagaIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Under the saga's key, which is made where there is none. Undefined: it was dropped. */
  seal(payloads: readonly PlainPayload[]): Promise<readonly (string | undefined)[]>;
  /** Undefined: the key was dropped. Rejects with `payload-unreadable` where something else was sealed, for another place or under a key that is missing. */
  open(payloads: readonly SealedPayload[]): Promise<readonly (string | undefined)[]>;
  /** A digest that only the saga's key gives, hex: the same for the same text. Rejects with `payload-dropped`. */
  digest(sagaId: string, text: string): Promise<string>;
}

/** The key of one saga. */
export interface SagaKey {
  /** Short and unique among the keys of one saga: letters, digits, `-` and `_`. Stands in the clear in what is sealed. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Where the keys of sagas are kept: apart from events and messages, and from their backups. All processes of a system share one. */
export interface KeyStore {
  /**
   * Keys by saga. With `create` those that are missing are made, and whoever asks at the same time gets the same; without it they are absent in
   * the answer. A key that was dropped is never made again.
   */
  keys(sagaIds: readonly string[], create: boolean): Promise<ReadonlyMap<string, SagaKey | 'dropped'>>;
  /** For ever; also where there is no key yet. Resolves when it is gone. */
  drop(sagaId: string): Promise<void>;
}
