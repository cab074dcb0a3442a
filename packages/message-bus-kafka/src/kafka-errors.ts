/** What an error of kafkajs means to whoever called. */
export type KafkaFault =
  /** It may go well when it is tried again. */
  | 'transient'
  /** One of the messages cannot be written. */
  | 'message'
  /** The topic cannot be used by this client. */
  | 'topic'
  /** This client cannot do what it wants at all. */
  | 'client';

const FAULTS: Readonly<Record<string, KafkaFault>> = {
  MESSAGE_TOO_LARGE: 'message',
  RECORD_LIST_TOO_LARGE: 'message',
  INVALID_RECORD: 'message',
  INVALID_TIMESTAMP: 'message',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'message',
  TOPIC_AUTHORIZATION_FAILED: 'topic',
  INVALID_TOPIC_EXCEPTION: 'topic',
  POLICY_VIOLATION: 'topic',
  CLUSTER_AUTHORIZATION_FAILED: 'client',
  GROUP_AUTHORIZATION_FAILED: 'client',
  SASL_AUTHENTICATION_FAILED: 'client',
  UNSUPPORTED_SASL_MECHANISM: 'client',
  // Of a broker that asks for no credentials.
  ILLEGAL_SASL_STATE: 'client',
  UNSUPPORTED_VERSION: 'client',
};

interface KafkaJsError extends Error {
  readonly type?: unknown;
  readonly retriable?: unknown;
}

/** kafkajs wraps its errors in each other: the innermost says what happened. */
function* chain(error: unknown): Generator<KafkaJsError> {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    yield at;
    if ('errors' in at && Array.isArray(at.errors)) for (const inner of at.errors) yield* chain(inner);
  }
}

/** Of the protocol: `MESSAGE_TOO_LARGE`; `undefined` for errors of kafkajs and of the network. */
export function protocolError(error: unknown): string | undefined {
  for (const { type } of chain(error)) if (typeof type === 'string') return type;
  return undefined;
}

/** Of the protocol, those that are not mended by trying again, apart from `expected`. */
export function finalErrors(error: unknown, expected: string): string[] {
  const types = [...chain(error)].flatMap(({ type, retriable }) => (typeof type === 'string' && retriable !== true ? [type] : []));
  return types.filter((type) => type !== expected);
}

/** What is not known is tried again, within bounds: kafkajs throws errors of its own making when a connection is lost under its hands. */
export function faultOf(error: unknown): KafkaFault {
  const type = protocolError(error);
  if (type !== undefined) return FAULTS[type] ?? 'transient';
  for (const { name } of chain(error)) if (name === 'KafkaJSSASLAuthenticationError') return 'client';
  return 'transient';
}

export function problemOf(error: unknown): string {
  const type = protocolError(error);
  const message = error instanceof Error ? error.message : String(error);
  return type === undefined ? message : `${message} (${type})`;
}
