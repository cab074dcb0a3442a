/**
 * Appends by a call for each, for servers that have no BatchAppend: 20.10 and 21.2. One after the other, since calls may overtake each other.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientWritableStream } from '@grpc/grpc-js';
import type { Answer, AppendCalls, EncodedWrite } from './append-calls.js';
import type { ClientConnection } from './client-connection.js';
import { fill, positionOf } from './event-envelope.js';
import { asError, meaningOf } from './server-errors.js';
import { Limiter } from './waiting.js';

type Call = ClientWritableStream<Pb.AppendReq>;

export class UnaryAppends implements AppendCalls {
  readonly #one = new Limiter(1);
  #running: Call | undefined;
  #closed = false;

  constructor(
    private readonly connection: ClientConnection,
    private readonly answerTimeout: number,
  ) {}

  send(write: EncodedWrite): Promise<Answer> {
    return this.#one.run(() => this.#send(write));
  }

  close(): void {
    this.#closed = true;
    this.#running?.cancel();
  }

  async #send(write: EncodedWrite): Promise<Answer> {
    if (this.#closed) return { type: 'unsent', error: new Error('the store is closing') };
    let settle: (answer: Answer) => void = () => {};
    const answered = new Promise<Answer>((resolve) => {
      settle = resolve;
    });
    try {
      const call: Call = await this.connection.open((client, metadata, options) =>
        client.append(metadata, options, (error, response) => {
          if (error) this.connection.failed(error);
          settle(error ? failureOf(error) : answerOf(response));
        }),
      );
      this.#running = call;
      for (const part of partsOf(write)) call.write(part);
      call.end();
    } catch (error) {
      return { type: 'unsent', error: asError(error) };
    }
    const timer = setTimeout(() => {
      settle({ type: 'unknown', error: new Error(`no answer within ${this.answerTimeout} ms`) });
      this.#running?.cancel();
      this.connection.reconnect();
    }, this.answerTimeout);
    const answer = await answered;
    clearTimeout(timer);
    return answer;
  }
}

function* partsOf({ stream, expectedRevision, events }: EncodedWrite): Iterable<Pb.AppendReq> {
  const options = new streams.AppendReq.Options().setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  if (expectedRevision < 0) options.setNoStream(new shared.Empty());
  else options.setRevision(String(expectedRevision));
  yield new streams.AppendReq().setOptions(options);
  for (const event of events) yield new streams.AppendReq().setProposedMessage(fill(new streams.AppendReq.ProposedMessage(), event));
}

function answerOf(response: Pb.AppendResp): Answer {
  const wrong = response.getWrongExpectedVersion();
  if (wrong) return { type: 'conflict', actual: wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : -1 };
  const success = response.getSuccess();
  const position = positionOf(success?.getPosition()?.getCommitPosition() ?? '0');
  return { type: 'appended', revision: Number(success?.getCurrentRevision()), position };
}

function failureOf(error: Error): Answer {
  const meaning = meaningOf(error);
  if (meaning === 'unsent') return { type: 'unsent', error };
  return { type: meaning === 'transient' ? 'unknown' : 'refused', error };
}
