import {
  BusinessError,
  type CommandMessage,
  describeIssues,
  type ErrorRecord,
  isLater,
  type Probed,
  recordError,
  SkaldError,
  type StandardSchema,
} from '@skald/kernel';
import { within } from './command-context.js';

/** One action of a participant: how it is undone and what it takes and gives. */
export interface ActionDefinition {
  /** Method that undoes it: called with the action's input and its result, which is undefined where it is not known. */
  readonly compensation?: string;
  /** Method that says whether the action happened: called with its arguments and its idempotency key, after a run that was interrupted. */
  readonly probe?: string;
  readonly input?: StandardSchema;
  readonly output?: StandardSchema;
}

export interface ParticipantDefinition {
  readonly name: string;
  readonly actions: ReadonlyMap<string, ActionDefinition>;
}

/** Largest result of an action, in bytes of JSON: results travel in events. */
const MAX_RESULT_BYTES = 200 * 1024;

const MAX_ERROR_NAME = 200;
const MAX_ERROR_MESSAGE = 4_000;
/** Characters of JSON. */
const MAX_ERROR_DATA = 16 * 1024;

/** What an action answered: a result as JSON text, or that somebody else will end it. */
export type Answered = { readonly result: string | undefined } | 'later';

/** An action that can run. */
export interface ReadyAction {
  /** Runs it. */
  take(): Promise<unknown>;
  /** Checks what it answered. */
  answer(result: unknown): Promise<Answered>;
}

/** Calls a participant's methods with copies of what came, so that embedded and remote participants see the same. */
export class Actions {
  constructor(
    readonly definition: ParticipantDefinition,
    private readonly instance: object,
  ) {}

  isCompensable(action: string): boolean {
    return this.definition.actions.get(action)?.compensation !== undefined;
  }

  /** All of an action. */
  async run(command: CommandMessage): Promise<Answered> {
    const ready = await this.prepare(command);
    return ready.answer(await ready.take());
  }

  /** An action before it runs: what is thrown here is known to have had no effect. */
  async prepare(command: CommandMessage): Promise<ReadyAction> {
    const action = this.definition.actions.get(command.action);
    if (!action) throw this.unknown(command.action);
    const method = this.method(command.action);
    const args = await argumentsOf(action, command);
    return {
      take: () => within(command, async () => method(...args)),
      answer: async (result) => {
        if (isLater(result)) return laterFor(command);
        return { result: textOf(action.output ? await checked(action.output, result, 'InvalidOutput') : result) };
      },
    };
  }

  /** False where the action has nothing to undo. */
  async undo(command: CommandMessage, result: string | undefined): Promise<boolean> {
    const action = this.definition.actions.get(command.action);
    if (action?.compensation === undefined) return false;
    const method = this.method(action.compensation);
    const [input] = await argumentsOf(action, command);
    await within(command, async () => method(input, result === undefined ? undefined : JSON.parse(result)));
    return true;
  }

  canProbe(action: string): boolean {
    return this.definition.actions.get(action)?.probe !== undefined;
  }

  /** What the action's probe says; its result as JSON text. */
  async probe(command: CommandMessage): Promise<Probed<string | undefined>> {
    const action = this.definition.actions.get(command.action);
    if (action?.probe === undefined) throw this.unknown(`a probe of ${command.action}`);
    const method = this.method(action.probe);
    const args = await argumentsOf(action, command);
    const said: unknown = await within(command, async () => method(...args, command.key));
    if (!isProbed(said)) throw named('InvalidProbe', `${action.probe} answered ${JSON.stringify(said)} instead of { happened, result? }`);
    if (said.happened !== true) return said;
    return { happened: true, result: textOf(action.output ? await checked(action.output, said.result, 'InvalidOutput') : said.result) };
  }

  private method(name: string): (...args: unknown[]) => unknown {
    const method: unknown = Reflect.get(this.instance, name);
    if (typeof method !== 'function') throw this.unknown(name);
    return method.bind(this.instance) as (...args: unknown[]) => unknown;
  }

  private unknown(action: string): SkaldError {
    const known = [...this.definition.actions.keys()].join(', ');
    return new SkaldError('unknown-action', { participant: this.definition.name, action, known });
  }
}

function isProbed(said: unknown): said is Probed {
  const happened = typeof said === 'object' && said !== null && 'happened' in said ? said.happened : undefined;
  return happened === true || happened === false || happened === 'unknown';
}

/** A thrown value is a business error when it says so. */
export function isBusiness(thrown: unknown): boolean {
  return thrown instanceof BusinessError || (thrown instanceof Error && 'business' in thrown && thrown.business === true);
}

export function thrownBy(thrown: unknown): { readonly error: ErrorRecord; readonly business: boolean } {
  return { error: portable(recordError(thrown)), business: isBusiness(thrown) };
}

/** Errors travel in events as results do: what is too long is cut off, data that is too much or no JSON is left out. */
function portable({ name, message, data }: ErrorRecord): ErrorRecord {
  const short = { name: String(name).slice(0, MAX_ERROR_NAME), message: String(message).slice(0, MAX_ERROR_MESSAGE) };
  if (data === undefined) return short;
  try {
    const text = JSON.stringify(data);
    return text === undefined || text.length > MAX_ERROR_DATA ? short : { ...short, data: JSON.parse(text) };
  } catch {
    return short;
  }
}

/** Copies, as a remote participant would get them; the first is checked and may be changed by the action's schema. */
async function argumentsOf(action: ActionDefinition, { args }: CommandMessage): Promise<unknown[]> {
  const copies = JSON.parse(JSON.stringify(args)) as unknown[];
  if (action.input) copies[0] = await checked(action.input, copies[0], 'InvalidInput');
  return copies;
}

function laterFor({ action, purpose, taskToken }: CommandMessage): 'later' {
  if (taskToken !== undefined) return 'later';
  const why = purpose === 'compensation' ? 'a compensation is answered at once' : 'the step has no `callback`';
  throw Object.assign(new Error(`${action} answers later, and ${why}`), { name: 'NotDeferrable' });
}

function textOf(result: unknown): string | undefined {
  if (result === undefined) return undefined;
  const text = JSON.stringify(result);
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) {
    throw named('ResultTooLarge', `the result is ${bytes} bytes of JSON, the limit is ${MAX_RESULT_BYTES}; answer a reference instead`);
  }
  return text;
}

async function checked(schema: StandardSchema, value: unknown, error: string): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues) throw named(error, describeIssues(result.issues));
  return result.value;
}

function named(name: string, message: string): BusinessError {
  const error = new BusinessError(message);
  error.name = name;
  return error;
}
