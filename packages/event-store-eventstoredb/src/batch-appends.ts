/**
 * Appends through one BatchAppend call for all of them.
 *
 * B1. A write is sent whole, in the order of `send`, and waits for nothing but the flow control of its call.
 * B2. A write whose call fails, or whose answer does not come in time, is unknown; one that was not handed to the call yet is unsent.
 * B3. An answer that does not come makes the connection suspect: it is given up, with everything on it.
 * B4. No deadline is sent: it would be a time of this machine's clock, judged by the server's. The server's own limit (2 s) holds.
 */
import { randomUUID } from 'node:crypto';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as StatusPb from '@eventstore/db-client/generated/status_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Answer, AppendCalls, EncodedWrite } from './append-calls.js';
import type { ClientConnection } from './client-connection.js';
import { fill, positionOf } from './event-envelope.js';
import { asError, meaningOf } from './server-errors.js';

type Call = ClientDuplexStream<Pb.BatchAppendReq, Pb.BatchAppendResp>;

interface Pending {
  readonly correlation: string;
  readonly message: Pb.BatchAppendReq;
  readonly settle: (answer: Answer) => void;
  sent: boolean;
}

const NO_CALL: Answer = { type: 'unsent', error: new Error('the store is closing') };

export class BatchAppends implements AppendCalls {
  readonly #pending = new Map<string, Pending>();
  #outbox: Pending[] = [];
  #call: Call | undefined;
  #opening = false;
  #blocked = false;
  #closed = false;

  constructor(
    private readonly connection: ClientConnection,
    private readonly answerTimeout: number,
  ) {}

  send(write: EncodedWrite): Promise<Answer> {
    if (this.#closed) return Promise.resolve(NO_CALL);
    return new Promise((resolve) => {
      const correlation = randomUUID();
      const timer = setTimeout(() => this.#silence(correlation), this.answerTimeout);
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        this.#pending.delete(correlation);
        resolve(answer);
      };
      const pending = { correlation, message: requestOf(write, correlation), settle, sent: false };
      this.#pending.set(correlation, pending);
      this.#outbox.push(pending);
      if (this.#call) this.#flush(this.#call);
      else this.#open();
    });
  }

  close(): void {
    this.#closed = true;
    this.#fail(new Error('the store is closing'));
  }

  #open(): void {
    if (this.#opening) return;
    this.#opening = true;
    this.connection
      .open((client, metadata, options) => client.batchAppend(metadata, options))
      .then(
        (call) => this.#use(call),
        (error: unknown) => {
          this.#opening = false;
          this.#fail(error);
        },
      );
  }

  #use(call: Call): void {
    this.#opening = false;
    if (this.#closed) return call.cancel();
    this.#call = call;
    this.#blocked = false;
    const ended = (error: unknown): void => {
      if (this.#call === call) this.#fail(error);
    };
    call.on('data', (response) => this.#answered(response));
    call.on('drain', () => {
      if (this.#call !== call) return;
      this.#blocked = false;
      this.#flush(call);
    });
    call.on('error', ended).on('end', () => ended(new Error('the server ended the call')));
    this.#flush(call);
  }

  /** B1 */
  #flush(call: Call): void {
    while (!this.#blocked && this.#outbox.length > 0) {
      const waiting = this.#outbox;
      this.#outbox = [];
      for (const [nth, pending] of waiting.entries()) {
        if (!this.#pending.has(pending.correlation)) continue;
        pending.sent = true;
        if (call.write(pending.message)) continue;
        this.#blocked = true;
        this.#outbox = waiting.slice(nth + 1);
        return;
      }
    }
  }

  #answered(response: Pb.BatchAppendResp): void {
    const pending = this.#pending.get(response.getCorrelationId()?.getString() ?? '');
    // It came after its time: the attempt has been given up.
    if (!pending) return;
    const success = response.getSuccess();
    if (!success) return pending.settle(failureOf(response.getError()));
    const position = positionOf(success.getPosition()?.getCommitPosition() ?? '0');
    pending.settle({ type: 'appended', revision: Number(success.getCurrentRevision()), position });
  }

  /** B3 */
  #silence(correlation: string): void {
    const pending = this.#pending.get(correlation);
    if (!pending) return;
    const error = new Error(`no answer within ${this.answerTimeout} ms`);
    pending.settle({ type: pending.sent ? 'unknown' : 'unsent', error });
    if (!pending.sent) return;
    this.#fail(error);
    this.connection.reconnect();
  }

  /** B2 */
  #fail(thrown: unknown): void {
    const call = this.#call;
    this.#call = undefined;
    this.#outbox = [];
    call?.cancel();
    const error = asError(thrown);
    const meaning = meaningOf(thrown);
    for (const { sent, settle } of [...this.#pending.values()]) {
      if (!sent || meaning === 'unsent') settle({ type: 'unsent', error });
      else if (meaning === 'access-denied') settle({ type: 'refused', error });
      else settle({ type: 'unknown', error });
    }
  }
}

function requestOf({ stream, expectedRevision, events }: EncodedWrite, correlation: string): Pb.BatchAppendReq {
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(
    new shared.StreamIdentifier().setStreamName(Buffer.from(stream)),
  );
  if (expectedRevision < 0) options.setNoStream(new emptyPb.Empty());
  else options.setStreamPosition(String(expectedRevision));
  return new streams.BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(correlation))
    .setOptions(options)
    .setProposedMessagesList(events.map((event) => fill(new streams.BatchAppendReq.ProposedMessage(), event)))
    .setIsFinal(true);
}

/** What the server says of one write, by the type of its details; a message without a type that is known is no reason to give up. */
function failureOf(status: StatusPb.Status | undefined): Answer {
  const details = status?.getDetails();
  const type = details?.getTypeName();
  const error = new Error(`the server answered ${status?.getMessage() || type || 'nothing'}`);
  switch (type) {
    case 'event_store.client.WrongExpectedVersion': {
      const wrong = details?.unpack(shared.WrongExpectedVersion.deserializeBinary, type);
      return { type: 'conflict', actual: wrong?.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1 };
    }
    case 'event_store.client.StreamDeleted':
      return { type: 'refused', error: Object.assign(error, { type: 'stream-deleted' }) };
    case 'event_store.client.AccessDenied':
      return { type: 'refused', error: Object.assign(error, { code: PERMISSION_DENIED }) };
    case 'event_store.client.MaximumAppendSizeExceeded':
    case 'event_store.client.MaximumAppendEventSizeExceeded':
    case 'event_store.client.BadRequest':
    case 'event_store.client.InvalidTransaction':
      return { type: 'refused', error: Object.assign(error, { code: INVALID_ARGUMENT }) };
    default:
      return { type: 'unknown', error };
  }
}

const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
