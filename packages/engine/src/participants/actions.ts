import {
  BusinessError,
  type CommandMessage,
  describeIssues,
  type ErrorRecord,
  recordError,
  SkaldError,
  type StandardSchema,
} from '@skald/kernel';
import { within } from './command-context.js';

/** One action of a participant: how it is undone and what it takes and gives. */
export interface ActionDefinition {
  /** Method that undoes it: called with the action's input and its result, which is undefined where it is not known. */
  readonly compensation?: string;
  readonly input?: StandardSchema;
  readonly output?: StandardSchema;
}

export interface ParticipantDefinition {
  readonly name: string;
  readonly actions: ReadonlyMap<string, ActionDefinition>;
}

/** Largest result of an action, in bytes of JSON: results travel in events. */
const MAX_RESULT_BYTES = 200 * 1024;

/** Calls a participant's methods with copies of what came, so that embedded and remote participants see the same. */
export class Actions {
  constructor(
    readonly definition: ParticipantDefinition,
    private readonly instance: object,
  ) {}

  isCompensable(action: string): boolean {
    return this.definition.actions.get(action)?.compensation !== undefined;
  }

  run(command: CommandMessage): Promise<string | undefined> {
    return within(command, async () => {
      const action = this.definition.actions.get(command.action);
      if (!action) throw this.unknown(command.action);
      const args = copy(command.args);
      if (action.input) args[0] = await checked(action.input, args[0], 'InvalidInput');
      let result = await this.method(command.action)(...args);
      if (action.output) result = await checked(action.output, result, 'InvalidOutput');
      return textOf(result);
    });
  }

  /** False where the action has nothing to undo. */
  undo(command: CommandMessage, result: string | undefined): Promise<boolean> {
    return within(command, async () => {
      const compensation = this.definition.actions.get(command.action)?.compensation;
      if (compensation === undefined) return false;
      await this.method(compensation)(copy(command.args)[0], result === undefined ? undefined : JSON.parse(result));
      return true;
    });
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

/** A thrown value is a business error when it says so. */
export function isBusiness(thrown: unknown): boolean {
  return thrown instanceof BusinessError || (thrown instanceof Error && 'business' in thrown && thrown.business === true);
}

export function thrownBy(thrown: unknown): { readonly error: ErrorRecord; readonly business: boolean } {
  return { error: recordError(thrown), business: isBusiness(thrown) };
}

function copy(args: readonly unknown[]): unknown[] {
  return JSON.parse(JSON.stringify(args)) as unknown[];
}

function textOf(result: unknown): string | undefined {
  if (result === undefined) return undefined;
  const text = JSON.stringify(result);
  if (text !== undefined && text.length > MAX_RESULT_BYTES) {
    throw named('ResultTooLarge', `the result is ${text.length} bytes of JSON, the limit is ${MAX_RESULT_BYTES}; answer a reference instead`);
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
