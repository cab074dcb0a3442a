import { type Client, taskOfToken } from '@skald/engine';
import { describeIssues, type ErrorRecord, recordError, SkaldError, type StandardSchema, type TaskInput } from '@skald/kernel';

/** Largest result or error of a task, in bytes of JSON: they travel in events. */
const MAX_BYTES = 200 * 1024;

/**
 * Says how a step ended that its participant answered with `later()`, by the task token that the participant handed on. Works in any process
 * of the app, without the secret: the saga's owner looks at the token. Everything resolves once it is stored, and rejects with
 * `task-token-invalid`, `task-over` (used before for something else, its time was up, or the saga has turned back) or `saga-not-found`.
 */
export class Tasks {
  /** `outputOf`: what checks the results of an action, where its participant is registered in this process. */
  constructor(
    private readonly client: Client,
    private readonly outputOf: (participant: string, action: string) => StandardSchema | undefined = () => undefined,
  ) {}

  /**
   * It happened, with this result. The same again is accepted again. Where the participant is registered in this process, the result is checked
   * by the `output` schema of its action, as if that had answered it, and rejects with `task-result-invalid`; in other processes nobody looks.
   * A result that is too large rejects with `task-result`. After either nothing is recorded, and the token is as good as before.
   */
  async complete(token: string, result?: unknown): Promise<void> {
    const { participant = '', action = '' } = taskOfToken(token);
    const schema = this.outputOf(participant, action);
    const json = jsonOf(schema ? await checked(schema, result, { participant, action }) : result);
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
    const { sagaId } = taskOfToken(token);
    await this.client.ask(sagaId, { type: 'task', request: this.client.newRequest(), token, ...said });
  }
}

async function checked(schema: StandardSchema, result: unknown, asked: { readonly participant: string; readonly action: string }) {
  const found = await schema['~standard'].validate(result);
  if (found.issues) throw new SkaldError('task-result-invalid', { ...asked, issues: describeIssues(found.issues) });
  return found.value;
}

/** As it will be read again. */
function jsonOf(value: unknown): unknown {
  const text = JSON.stringify(value);
  if (text === undefined) return undefined;
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw new SkaldError('task-result', { bytes, limit: MAX_BYTES });
  return JSON.parse(text);
}
