import { type SagaDefinition, SkaldError, type Target } from '@skald/kernel';
import type { Sagas } from './sagas.js';
import type { Intervention, TargetIntervention } from './steering.js';
import type { Tasks } from './tasks.js';

/** What can be asked of an application from outside it, by name, with arguments that are JSON. */
export interface OperationCall {
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Same id, same operation: a repeat gets the first answer. */
  readonly request: string;
}

/** What an operation has at hand. */
export interface OperationPorts {
  readonly sagas: Sagas;
  readonly tasks: Tasks;
  readonly definitions: readonly SagaDefinition[];
}

type Operation = (ports: OperationPorts, read: Arguments, request: string) => Promise<unknown>;

/** The arguments of a call; a wrong one throws a `TypeError` that names it. */
class Arguments {
  constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  text(name: string): string {
    const value = this.values[name];
    if (typeof value === 'string' && value !== '') return value;
    throw new TypeError(`${name}: a text is wanted, and not ${JSON.stringify(value)}`);
  }

  optionalText(name: string): string | undefined {
    return this.values[name] === undefined ? undefined : this.text(name);
  }

  optionalNumber(name: string): number | undefined {
    const value = this.values[name];
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    throw new TypeError(`${name}: a whole number is wanted, and not ${JSON.stringify(value)}`);
  }

  json(name: string): unknown {
    return this.values[name];
  }
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  start: async ({ sagas, definitions }, read, request) => {
    // Carried out again after a crash it must be the same saga.
    const id = read.optionalText('id') ?? request;
    const definition = definitionNamed(definitions, read.text('saga'), read.optionalNumber('version'));
    const { sagaId, existing } = await sagas.start(definition, read.json('input'), { id });
    return { sagaId, existing };
  },
  signal: async ({ sagas }, read, request) => {
    const by = read.optionalText('by');
    const id = read.optionalText('id') ?? request;
    await sagas.signal(read.text('sagaId'), read.text('signal'), read.json('payload'), { id, ...(by !== undefined && { by }) });
  },
  cancel: ({ sagas }, read, request) => sagas.cancel(read.text('sagaId'), intervention(read, request)),
  retry: ({ sagas }, read, request) => sagas.retry(read.text('sagaId'), onTarget(read, request)),
  skip: ({ sagas }, read, request) => sagas.skip(read.text('sagaId'), onTarget(read, request)),
  succeed: ({ sagas }, read, request) => {
    const result = read.json('result');
    return sagas.succeed(read.text('sagaId'), { ...onTarget(read, request), ...(result !== undefined && { result }) });
  },
  fail: ({ sagas }, read, request) => sagas.fail(read.text('sagaId'), onTarget(read, request)),
  patch: ({ sagas }, read, request) => {
    const args = read.json('args') as readonly unknown[];
    return sagas.patch(read.text('sagaId'), { ...onTarget(read, request), args });
  },
  deadline: ({ sagas }, read, request) => {
    return sagas.deadline(read.text('sagaId'), { ...intervention(read, request), until: read.optionalNumber('until') ?? null });
  },
  'start-again': async ({ sagas }, read) => {
    const id = read.optionalText('id');
    const input = read.json('input');
    const options = { by: read.text('by'), reason: read.text('reason') };
    const more = { ...(id !== undefined && { id }), ...(input !== undefined && { input }) };
    const { sagaId, existing } = await sagas.startAgain(read.text('sagaId'), { ...options, ...more });
    return { sagaId, existing };
  },
  move: ({ sagas }, read, request) => {
    const until = read.optionalNumber('until') ?? 0;
    return sagas.move(read.text('sagaId'), read.text('step'), { ...intervention(read, request), until });
  },
  suspend: ({ sagas }, read, request) => sagas.suspend(read.text('sagaId'), intervention(read, request)),
  resume: ({ sagas }, read, request) => sagas.resume(read.text('sagaId'), intervention(read, request)),
  task: ({ tasks }, read) => {
    const token = read.text('token');
    switch (read.text('action')) {
      case 'complete':
        return tasks.complete(token, read.json('result'));
      case 'fail':
        return tasks.fail(token, { name: read.text('name'), message: read.text('message') });
      case 'heartbeat':
        return tasks.heartbeat(token);
      default:
        throw new TypeError('action: complete, fail or heartbeat is wanted');
    }
  },
  terminate: ({ sagas }, read, request) => sagas.terminate(read.text('sagaId'), intervention(read, request)),
};

/**
 * Carries out a call as the method of that name of `sagas` would. Rejects with what that rejects with, with `unknown-operation` (an error's
 * name), or with a `TypeError` for wrong arguments.
 */
export async function callOperation(ports: OperationPorts, call: OperationCall): Promise<unknown> {
  const operation = Object.hasOwn(OPERATIONS, call.operation) ? OPERATIONS[call.operation] : undefined;
  if (!operation) {
    const known = Object.keys(OPERATIONS).join(', ');
    throw Object.assign(new Error(`This application knows no operation ${call.operation}; it knows ${known}.`), {
      name: 'unknown-operation',
    });
  }
  return operation(ports, new Arguments(call.arguments), call.request);
}

function intervention(read: Arguments, request: string): Intervention {
  return { by: read.text('by'), reason: read.text('reason'), request };
}

function onTarget(read: Arguments, request: string): TargetIntervention {
  const seen = read.optionalNumber('seen');
  return { ...intervention(read, request), target: read.text('target') as Target, ...(seen !== undefined && { seen }) };
}

/** The newest version, where none is named. */
function definitionNamed(definitions: readonly SagaDefinition[], name: string, version: number | undefined): SagaDefinition {
  const fitting = definitions.filter((one) => one.name === name && (version === undefined || one.version === version));
  const newest = fitting.toSorted((a, b) => b.version - a.version)[0];
  if (newest) return newest;
  if (version !== undefined) throw new SkaldError('saga-not-registered', { saga: name, version });
  const known = [...new Set(definitions.map((one) => one.name))].join(', ') || 'none';
  throw Object.assign(new Error(`There is no saga ${name} here; there is ${known}.`), { name: 'unknown-saga' });
}
