/**
 * What is wrong with a definition, before any saga of it is started. A definition with an error must not be registered; a warning is for
 * its author. Of the saga's methods only its own compensations are called, each without the result of what it undoes.
 */
import { isAttributeName, MAX_ATTRIBUTES } from '../deciding/attributes.js';
import type { CommandStep, MapStep, SagaDefinition, SignalStep, StepDefinition, TimerStep } from '../definition/definition.js';
import type { RetryPolicy } from '../definition/retry.js';
import { isReservedName } from '../stream-names.js';
import { lintCatches } from './lint-catches.js';
import { lintChoices } from './lint-choices.js';
import { lintCompensations } from './lint-compensations.js';
import { lintExpress } from './lint-express.js';
import { lintMap } from './lint-map.js';
import { lintOrder } from './lint-order.js';

export type LintRule =
  | 'saga-name'
  | 'saga-version'
  | 'saga-deadline'
  | 'saga-limits'
  | 'no-steps'
  | 'attributes'
  | 'step-id'
  | 'duplicate-step'
  | 'unknown-dependency'
  | 'own-dependency'
  | 'cycle'
  | 'many-pivots'
  | 'compensated-pivot'
  | 'compensation-past-pivot'
  | 'step-beside-pivot'
  | 'guarded-pivot'
  | 'attempts'
  | 'jitter'
  | 'delay'
  | 'timeout'
  | 'callback'
  | 'unknown-child'
  | 'child-with-pivot'
  | 'compensation-needs-result'
  | 'child-as-compensation'
  | 'limited-recursion'
  | 'retry-names'
  | 'retry-for-ever'
  | 'timer'
  | 'signal-name'
  | 'signal-past-pivot'
  | 'signal-timeout'
  | 'waits-for-ever'
  | 'alternative'
  | 'never-chosen'
  | 'optional'
  | 'alternative-pivot'
  | 'express'
  | 'choice'
  | 'branch'
  | 'empty-branch'
  | 'concurrency'
  | 'tolerate'
  | 'map-pivot';

export interface Finding {
  readonly saga: string;
  readonly step?: string;
  readonly rule: LintRule;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A finding before it is known whose it is. */
export interface Remark {
  readonly step?: string;
  readonly rule: LintRule;
  readonly severity?: 'warning';
  readonly message: string;
  readonly fix: string;
}

const MAX_ATTEMPTS = 1_000;
/** More would not fit one write of those who hold a slot. */
const MOST_RUNNING = 10_000;

/** Everything that is wrong, the saga's own first, then step by step. Empty: it can run. */
export function lint(definition: SagaDefinition): Finding[] {
  const remarks = [
    ...lintSaga(definition),
    ...definition.steps.flatMap((step) => lintStep(step, definition)),
    ...lintOrder(definition.steps),
    ...lintCatches(definition.steps),
    ...lintExpress(definition),
    ...lintChoices(definition.steps),
    ...lintCompensations(definition),
  ];
  return remarks.map((remark) => ({ saga: definition.name, severity: 'error', ...remark }));
}

function lintSaga({ name, version, deadline, limits, steps, attributes = {} }: SagaDefinition): Remark[] {
  const remarks: Remark[] = [];
  if (!/^[A-Za-z0-9_.]{1,64}$/.test(name)) {
    const fix = 'Use 1 to 64 letters, digits, "_" and "."; a "-" would end the name in the saga’s stream.';
    remarks.push({ rule: 'saga-name', message: `"${name}" cannot be the name of a saga`, fix });
  } else if (isReservedName(name)) {
    remarks.push({ rule: 'saga-name', message: `streams of "${name}" hold what Skald itself records`, fix: 'Choose another name.' });
  }
  if (!Number.isSafeInteger(version) || version < 1) {
    remarks.push({ rule: 'saga-version', message: `version ${version} is not a whole number from 1`, fix: 'Count versions 1, 2, 3.' });
  }
  if (deadline !== undefined && !(deadline >= 1)) {
    remarks.push({ rule: 'saga-deadline', message: `a deadline of ${deadline} ms is over at the start`, fix: 'Give it time, or none.' });
  }
  remarks.push(...lintAttributes(Object.keys(attributes)));
  const { running = 1 } = limits ?? {};
  if (!Number.isSafeInteger(running) || running < 1 || running > MOST_RUNNING) {
    const fix = `Let 1 to ${MOST_RUNNING} of them run at the same time, or set no limit.`;
    remarks.push({ rule: 'saga-limits', message: `a limit of ${running} cannot be kept`, fix });
  }
  if (steps.length === 0) remarks.push({ rule: 'no-steps', message: 'it has no steps', fix: 'Give it at least one step.' });
  return remarks;
}

function lintAttributes(names: readonly string[]): Remark[] {
  const wrong = names.filter((name) => !isAttributeName(name));
  const fix = 'Name attributes with letters, digits, "_" and "$", up to 64; begin with a letter.';
  const remarks: Remark[] = wrong.map((name) => ({
    rule: 'attributes',
    message: `"${name}" cannot be the name of a search attribute`,
    fix,
  }));
  if (names.length > MAX_ATTRIBUTES) {
    const message = `it has ${names.length} search attributes, the limit is ${MAX_ATTRIBUTES}`;
    remarks.push({ rule: 'attributes', message, fix: 'Keep those that people search by.' });
  }
  return remarks;
}

function lintStep(step: StepDefinition, definition: SagaDefinition): Remark[] {
  const remarks = [...lintId(step.id), ...lintKind(step, definition)];
  return remarks.map((remark) => ({ step: step.id, ...remark }));
}

function lintKind(step: StepDefinition, definition: SagaDefinition): Remark[] {
  switch (step.kind) {
    case 'command':
      return lintCommand(step, definition);
    case 'timer':
      return lintTimer(step, definition);
    case 'signal':
      return lintSignal(step, definition);
    case 'choice':
      return [];
    case 'map':
      return [...lintCommand(step, definition), ...lintMap(step)];
  }
}

function lintSignal({ signal, timeout, onTimeout }: SignalStep, { deadline }: SagaDefinition): Remark[] {
  const remarks: Remark[] = [];
  if (!/^[A-Za-z_$][\w$]{0,99}$/.test(signal)) {
    const fix = 'Use letters, digits, "_" and "$", up to 100; begin with a letter.';
    remarks.push({ rule: 'signal-name', message: `"${signal}" cannot be the name of a signal`, fix });
  }
  if (timeout !== undefined && !(timeout >= 1)) {
    remarks.push({ rule: 'signal-timeout', message: `timeout is ${timeout} ms`, fix: 'Give the signal time to come, or no timeout.' });
  }
  if (timeout === undefined && (onTimeout === 'skip' || deadline === undefined)) {
    const message = onTimeout === 'skip' ? 'it is skipped on a timeout, and has none' : 'it may wait for ever';
    remarks.push({ rule: 'waits-for-ever', severity: 'warning', message, fix: 'Give it a timeout, or the saga a deadline.' });
  }
  return remarks;
}

function lintTimer({ time }: TimerStep, { deadline }: SagaDefinition): Remark[] {
  if (typeof time !== 'number') return [];
  if (!(time >= 1)) return [{ rule: 'timer', message: `it waits for ${time} ms`, fix: 'Give it a time, or take the step away.' }];
  if (deadline === undefined || time < deadline) return [];
  const message = `it waits for ${time} ms, and the deadline is after ${deadline} ms`;
  return [{ rule: 'timer', severity: 'warning', message, fix: 'Let it come after the pivot, wait less, or give the saga more time.' }];
}

function lintCommand(step: CommandStep | MapStep, { deadline }: SagaDefinition): Remark[] {
  const remarks: Remark[] = [
    ...lintTimes(step),
    ...lintCallback(step, deadline),
    ...lintRetry(step.retry, 'retry'),
    ...lintRetry(step.compensationRetry, 'compensationRetry'),
  ];
  if (step.retry.attempts === 0 && deadline === undefined) {
    const fix = 'Give the saga a deadline, or the step a last attempt.';
    remarks.push({ rule: 'retry-for-ever', severity: 'warning', message: 'it is tried for ever, and nothing ends that', fix });
  }
  return remarks;
}

function lintId(id: string): Remark[] {
  if (/^[A-Za-z_$][\w$]{0,99}$/.test(id) && !(id in {})) return [];
  const fix = 'Name it as a method could be named: letters, digits, "_" and "$", up to 100, and nothing every object has.';
  return [{ rule: 'step-id', message: `"${id}" cannot be the id of a step`, fix }];
}

function lintTimes({ timeout, compensationTimeout }: CommandStep | MapStep): Remark[] {
  const remarks: Remark[] = [];
  for (const [field, time] of Object.entries({ timeout, compensationTimeout })) {
    if (time >= 1) continue;
    remarks.push({ rule: 'timeout', message: `${field} is ${time} ms`, fix: 'Give an attempt time to be answered; the default is 60s.' });
  }
  return remarks;
}

function lintCallback({ callback }: Pick<CommandStep, 'callback'>, deadline: number | undefined): Remark[] {
  if (!callback) return [];
  const { timeout, heartbeat } = callback;
  if (!(timeout >= 1) || (heartbeat !== undefined && !(heartbeat >= 1))) {
    const message = `callback gives it ${timeout >= 1 ? `${heartbeat} ms between heartbeats` : `${timeout} ms`}`;
    return [{ rule: 'callback', message, fix: 'Give whoever has the task token time to answer.' }];
  }
  if (heartbeat !== undefined && heartbeat >= timeout) {
    const message = `a heartbeat is due after ${heartbeat} ms, and its time is up after ${timeout} ms`;
    return [{ rule: 'callback', severity: 'warning', message, fix: 'Ask for heartbeats more often, or for none.' }];
  }
  if (deadline === undefined || timeout < deadline) return [];
  const message = `it may be answered after ${timeout} ms, and the deadline is after ${deadline} ms`;
  return [{ rule: 'callback', severity: 'warning', message, fix: 'Wait less, or give the saga more time.' }];
}

/** Without end is written as 0 attempts; 0 attempts as less than that. */
function lintRetry({ attempts, delay, maxDelay, jitter, on, never }: RetryPolicy, field: string): Remark[] {
  const remarks: Remark[] = [];
  if (!Number.isSafeInteger(attempts) || attempts < 0 || attempts > MAX_ATTEMPTS) {
    const message = `${field}.attempts is ${attempts === -1 ? 0 : attempts}`;
    remarks.push({ rule: 'attempts', message, fix: `Give 1 to ${MAX_ATTEMPTS} attempts, the first included, or Infinity.` });
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    remarks.push({ rule: 'jitter', message: `${field}.jitter is ${jitter}`, fix: 'Give a share of the delay: 0 to 1.' });
  }
  if (delay > maxDelay) {
    const fix = 'Raise maxDelay or shorten the delay.';
    remarks.push({ rule: 'delay', message: `${field}.delay of ${delay} ms is longer than its maxDelay of ${maxDelay} ms`, fix });
  }
  for (const name of on ?? []) {
    if (!never?.includes(name)) continue;
    remarks.push({ rule: 'retry-names', message: `${field} names ${name} both in "on" and in "never"`, fix: 'Keep it in one of them.' });
  }
  return remarks;
}
