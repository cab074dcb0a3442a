/**
 * The two ways to append: a call for each write, and one call for many.
 *
 * P1. A conflict is a result of Append, a Status with details in BatchAppend; a tombstone and a write that is too large are errors of the call
 *     there, a Status here.
 * P2. In a batch, a write is done when its final part has come; parts of several writes may alternate. The limit of size is for the write.
 * P3. A deadline in the past refuses the write. The client's clock sets it, the server's judges it.
 */
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import type { CallWriter } from './call-writer.js';
import type { Expected } from './commit-check.js';
import type { ProposedEvent } from './log-record.js';
import type { LogWriter, WriteResult } from './log-writer.js';
import { appendSize, batchExpectedOf, expectedOf, proposedOf, streamOf } from './requests.js';
import {
  appendConflicts,
  appendSucceeded,
  batchBadRequest,
  batchConflicts,
  batchStreamDeleted,
  batchSucceeded,
  batchTimedOut,
  batchTooBusy,
  batchTooLarge,
  streamIdentifier,
} from './responses.js';
import { invalidArgument, maxAppendSizeExceeded, type RpcError, streamDeleted, timedOut, tooBusy } from './rpc-errors.js';

export interface Write {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly ProposedEvent[];
}

/** What is to be done with a write: it is stored, or a fault strikes. */
export type WriteFate =
  | WriteResult
  | { readonly type: 'silence' }
  | { readonly type: 'timed-out' }
  | { readonly type: 'too-busy' }
  | { readonly type: 'error'; readonly error: RpcError };

export interface AppendContext {
  readonly writer: LogWriter;
  readonly maxAppendSize: number;
  /** Stores, unless a fault says otherwise. */
  carryOut(write: Write): WriteFate;
}

/** One Append call; `parts` are its messages. Undefined: no answer. Throws an `RpcError`. */
export async function append(context: AppendContext, parts: AsyncIterable<Pb.AppendReq>): Promise<Pb.AppendResp | undefined> {
  let options: Pb.AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  let size = 0;
  for await (const part of parts) {
    options ??= part.getOptions();
    const message = part.getProposedMessage();
    if (!message) continue;
    const event = proposedOf(message);
    size += appendSize(event);
    if (size > context.maxAppendSize) throw maxAppendSizeExceeded(context.maxAppendSize);
    events.push(event);
  }
  if (!options) throw invalidArgument('an append without options');
  const write = { stream: streamOf(options.getStreamIdentifier()), expected: expectedOf(options), events };
  const fate = context.carryOut(write);
  switch (fate.type) {
    case 'written':
      return appendSucceeded(fate.revision, fate.position);
    case 'wrong-version':
      return appendConflicts(write.expected, fate.current);
    case 'deleted':
      throw streamDeleted(write.stream);
    case 'error':
      throw fate.error;
    case 'timed-out':
      throw timedOut('Commit phase timeout.');
    case 'too-busy':
      throw tooBusy();
    case 'silence':
      return undefined;
  }
}

interface PendingWrite {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: ProposedEvent[];
  size: number;
}

/** One BatchAppend call. */
export class BatchAppend {
  readonly #pending = new Map<string, PendingWrite>();

  constructor(
    private readonly context: AppendContext,
    private readonly answers: CallWriter<Pb.BatchAppendReq, Pb.BatchAppendResp>,
  ) {}

  take(request: Pb.BatchAppendReq): void {
    const correlation = request.getCorrelationId()?.getString() ?? '';
    const answer = (response: Pb.BatchAppendResp, stream: string): void => {
      this.#pending.delete(correlation);
      // Nobody waits for the client to read: answers are small.
      void this.answers.send(response.setCorrelationId(request.getCorrelationId()).setStreamIdentifier(streamIdentifier(stream)));
    };
    const stream = request.getOptions() ? streamOf(request.getOptions()?.getStreamIdentifier()) : undefined;
    try {
      const pending = this.#begin(correlation, request, stream, answer);
      if (!pending) return;
      for (const message of request.getProposedMessagesList()) {
        const event = proposedOf(message);
        pending.size += appendSize(event);
        pending.events.push(event);
      }
      if (pending.size > this.context.maxAppendSize) answer(batchTooLarge(this.context.maxAppendSize), pending.stream);
      else if (request.getIsFinal()) this.#finish(pending, (response) => answer(response, pending.stream));
    } catch (error) {
      answer(batchBadRequest((error as Partial<RpcError>).details ?? String(error)), stream ?? '');
    }
  }

  #begin(
    correlation: string,
    request: Pb.BatchAppendReq,
    stream: string | undefined,
    answer: (response: Pb.BatchAppendResp, stream: string) => void,
  ): PendingWrite | undefined {
    const options = request.getOptions();
    if (options && stream !== undefined) {
      const deadline = options.getDeadline();
      if (deadline && deadline.toDate().getTime() <= Date.now()) {
        answer(batchTimedOut(), stream);
        return undefined;
      }
      this.#pending.set(correlation, { stream, expected: batchExpectedOf(options), events: [], size: 0 });
    }
    return this.#pending.get(correlation);
  }

  #finish(pending: PendingWrite, answer: (response: Pb.BatchAppendResp) => void): void {
    const fate = this.context.carryOut(pending);
    switch (fate.type) {
      case 'written':
        return answer(batchSucceeded(fate.revision, fate.position));
      case 'wrong-version':
        return answer(batchConflicts(pending.expected, fate.current));
      case 'deleted':
        return answer(batchStreamDeleted(pending.stream));
      case 'timed-out':
        return answer(batchTimedOut());
      case 'too-busy':
        return answer(batchTooBusy());
      case 'error':
        return this.answers.fail(fate.error);
      case 'silence':
        return;
    }
  }
}
