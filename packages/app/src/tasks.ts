import { type Client, sagaOfToken } from '@skald/engine';
import { type ErrorRecord, recordError, SkaldError, type TaskInput } from '@skald/kernel';

/** Largest result or error of a task, in bytes of JSON: they travel in events. */
const MAX_BYTES = 200 * 1024;

/**
 * Says how a step ended that its participant answered with `later()`, by the task token that the participant handed on. Works in any process
 * of the app, without the secret: the saga's owner looks at the token. Everything resolves once it is stored, and rejects with
 * `task-token-invalid`, `task-over` (used before for something else, its time was up, or the saga has turned back) or `saga-not-found`.
 */
export class Tasks {
  constructor(private readonly client: Client) {}

  /** It happened, with this result. The same again is accepted again. A result that is too large rejects with `task-result`. */
  async complete(token: string, result?: unknown): Promise<void> {
    const json = jsonOf(result);
    return this.tell(token, { action: 'complete', ...(json !== undefined && { result: json }) });
  }

  /**
   * It did not happen, and never will: nothing of it stands. Final unless the step's retry policy names the error; then the next attempt has
   * another token. The same again is accepted again.
   */
  async fail(token: string, error: Error | ErrorRecord): Promise<void> {
    const { name, message, data } = error instanceof Error ? recordError(error) : error;
    const record = { name: String(name), message: String(message), ...(data !== undefined && { data: jsonOf(data) }) };
    return this.tell(token, { action: 'fail', error: record });
  }

  /** It is being worked on: where the step asks for heartbeats, the next one is due an interval from now. */
  heartbeat(token: string): Promise<void> {
    return this.tell(token, { action: 'heartbeat' });
  }

  private async tell(token: string, said: Omit<TaskInput, 'type' | 'request' | 'token'>): Promise<void> {
    const sagaId = sagaOfToken(token);
    await this.client.ask(sagaId, { type: 'task', request: this.client.newRequest(), token, ...said });
  }
}

/** As it will be read again. */
function jsonOf(value: unknown): unknown {
  const text = JSON.stringify(value);
  if (text === undefined) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw new SkaldError('task-result', { bytes, limit: MAX_BYTES });
  return JSON.parse(text);
}
