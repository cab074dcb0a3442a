import type { Client } from '@skald/engine';
import { type Operator, type OperatorAction, SkaldError, type Target } from '@skald/kernel';

/** Who does something to a saga, and why; recorded with it. */
export interface Intervention {
  readonly by: string;
  readonly reason: string;
  /** Same id, same action: a repeat gets the first answer. Default: a new unique id. */
  readonly request?: string;
}

export interface TargetIntervention extends Intervention {
  readonly target: Target;
  /** Revision at which the target was parked, or began to wait, as `actions` shows it; the action is refused when that is no longer so. */
  readonly seen?: number;
}

/** Largest arguments of a patch, in bytes of JSON: what a command may carry besides is the saga's own doing. */
const MAX_ARGS_BYTES = 200 * 1024;

/**
 * What a person can do to a saga. Everything resolves once it is stored, and rejects with `saga-not-found`, `saga-ended`, `not-parked`,
 * `target-moved` or `action-not-possible`, whose details say what is possible (as `Sagas.actions` does).
 */
export class Steering {
  constructor(protected readonly ports: { readonly client: Client }) {}

  /** Turns the saga back before its pivot. Rejects with `past-pivot`, `already-compensating`, `saga-ended`, `saga-not-found`. */
  async cancel(sagaId: string, { by, reason, request }: Intervention): Promise<{ readonly pending: boolean }> {
    const { client } = this.ports;
    const answer = await client.ask(sagaId, { type: 'cancel', request: request ?? client.newRequest(), reason, by });
    return { pending: answer.pending ?? false };
  }

  /** Asks a parked step or compensation again, or lets a program that threw go on. */
  retry(sagaId: string, intervention: TargetIntervention): Promise<void> {
    return this.intervene(sagaId, 'retry', intervention);
  }

  /**
   * Asks a parked step or compensation again, with other arguments: all of them. A step is asked under a new key; where its outcome is unknown
   * the present one is closed first, and what had happened after all is not asked again. A compensation is done once at most, with the arguments
   * before or with these. Rejects with `invalid-arguments` besides.
   */
  async patch(sagaId: string, intervention: TargetIntervention & { readonly args: readonly unknown[] }): Promise<void> {
    return this.intervene(sagaId, 'patch', intervention, { args: argumentsOf(sagaId, intervention.args) });
  }

  /** Goes on as if the parked step or compensation were settled; what it did, if anything, stays. */
  skip(sagaId: string, intervention: TargetIntervention): Promise<void> {
    return this.intervene(sagaId, 'skip', intervention);
  }

  /** The parked step or compensation did happen, with this result. */
  succeed(sagaId: string, intervention: TargetIntervention & { readonly result?: unknown }): Promise<void> {
    return this.intervene(sagaId, 'succeed', intervention, { result: intervention.result });
  }

  /** The parked pivot did not happen, and never will. */
  fail(sagaId: string, intervention: TargetIntervention): Promise<void> {
    return this.intervene(sagaId, 'fail', intervention);
  }

  /** A step that waits shall wait until `until` (a date, or epoch milliseconds) instead; a time in the past: no longer. */
  async move(
    sagaId: string,
    step: string,
    { until, ...intervention }: Omit<TargetIntervention, 'target'> & { readonly until: Date | number },
  ): Promise<void> {
    return this.intervene(sagaId, 'move', { ...intervention, target: `step:${step}` }, { dueAt: timeOf(until) });
  }

  /**
   * The saga's deadline, before it has passed, shall be `until` (a date, or epoch milliseconds) instead; `null`: none any more; a time in the past:
   * now. Commands that are under way say the deadline before: what expires by that is asked again.
   */
  async deadline(sagaId: string, { until, ...intervention }: Intervention & { readonly until: Date | number | null }): Promise<void> {
    return this.intervene(sagaId, 'deadline', intervention, until === null ? {} : { dueAt: timeOf(until) });
  }

  /** Nothing new is requested until `resume`; timers stand still. */
  suspend(sagaId: string, intervention: Intervention): Promise<void> {
    return this.intervene(sagaId, 'suspend', intervention);
  }

  resume(sagaId: string, intervention: Intervention): Promise<void> {
    return this.intervene(sagaId, 'resume', intervention);
  }

  /** Ends the saga as it stands; nothing is undone. */
  terminate(sagaId: string, intervention: Intervention): Promise<void> {
    return this.intervene(sagaId, 'terminate', intervention);
  }

  private async intervene(
    sagaId: string,
    action: OperatorAction,
    intervention: Intervention & Partial<TargetIntervention>,
    more: Pick<Operator, 'result' | 'dueAt' | 'args'> = {},
  ): Promise<void> {
    const { client } = this.ports;
    const { by, reason, request, target, seen } = intervention;
    await client.ask(sagaId, {
      type: 'operator',
      request: request ?? client.newRequest(),
      action,
      by,
      reason,
      ...(target !== undefined && { target }),
      ...(seen !== undefined && { seen }),
      ...more,
    });
  }
}

function timeOf(until: Date | number): number {
  const time = Math.max(0, Math.ceil(Number(until)));
  if (!Number.isSafeInteger(time)) throw new SkaldError('invalid-duration', { field: 'until', value: String(until) });
  return time;
}

/** As they will be read again. */
function argumentsOf(sagaId: string, args: readonly unknown[]): readonly unknown[] {
  const refuse = (problem: string, cause?: unknown) => new SkaldError('invalid-arguments', { sagaId, problem }, { cause });
  if (!Array.isArray(args)) throw refuse('they are not a list');
  const text = textOf(args, (cause) => refuse('JSON cannot say them', cause));
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_ARGS_BYTES) throw refuse(`${bytes} bytes of JSON, the limit is ${MAX_ARGS_BYTES}`);
  return JSON.parse(text) as readonly unknown[];
}

function textOf(args: readonly unknown[], refuse: (cause: unknown) => SkaldError): string {
  try {
    return JSON.stringify(args);
  } catch (cause) {
    throw refuse(cause);
  }
}
