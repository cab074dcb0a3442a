/**
 * Participants as the protocol asks for them, with a fence each, in which every outcome is a choice.
 *
 * Invariants, reported as violations
 * P1  Under one key an effect is made at most once, but for an external action whose run was interrupted.
 * P2  No action starts once its step was undone, whatever the key.
 * P3  No action starts after its time, by the clock of its participant, nor by more than that is slow.
 */
import type { CommandMessage, Outcome, OwedCommand, Reply } from '@skald/kernel';
import type { Choices } from './choices.js';
import { type Coverage, count } from './coverage.js';
import { ModelChildren } from './model-children.js';
import { type KeyRecord, LEASE, newRecord, type Run } from './model-fence.js';
import { type OutsideTask, taskOf } from './outside-tasks.js';
import type { Scenario } from './scenario.js';

type Probed = 'happened' | 'did not' | 'cannot tell' | 'fails';

interface Failure {
  readonly type: 'failed';
  readonly kind: 'business' | 'technical';
  readonly error: { readonly name: string; readonly message: string };
  readonly effect: 'none' | 'unknown';
}

const DECLINED: Failure = { type: 'failed', kind: 'business', error: { name: 'Declined', message: 'no' }, effect: 'none' };
const ROLLED_BACK: Failure = { type: 'failed', kind: 'technical', error: { name: 'Reset', message: 'rolled back' }, effect: 'none' };
const RESET: Failure = { type: 'failed', kind: 'technical', error: { name: 'Reset', message: 'connection reset' }, effect: 'unknown' };

const INTERRUPTED: Failure = { type: 'failed', kind: 'technical', error: { name: 'Expired', message: 'interrupted' }, effect: 'unknown' };

/** Participants' clocks are ahead or behind by so much. */
const MOST_SKEW = 40;

const ACTION_ENDS = ['ends', 'declines', 'is rolled back', 'is reset', 'ends unheard', 'ends, and its answer is lost'] as const;
const ACTION_WEIGHTS = [4, 2, 1, 1, 1, 1];
const RUN_ENDS = ['ends', 'declines', 'is lost', 'is reset', 'dies'] as const;
const RUN_WEIGHTS = [4, 1, 1, 1, 1];

export class ModelParticipants {
  readonly keys = new Map<string, KeyRecord>();
  readonly runs: (Run & { readonly command: CommandMessage })[] = [];
  /** Tokens that were handed to somebody outside. */
  readonly tasks: OutsideTask[] = [];
  readonly children = new ModelChildren();
  readonly violations: string[] = [];
  readonly probes: Coverage = {};
  /** Steps of which a compensation has run. */
  readonly undone = new Set<string>();
  /** Keys of actions that started though their step was undone, by step: allowed only where an operator had his say. */
  readonly lateStarts = new Map<string, string>();
  /** From here on participants work as they should: no crashes, no resets, no forgetting. */
  fair = false;
  #tokens = 0;

  constructor(
    private readonly scenario: Scenario,
    private readonly choices: Choices,
  ) {}

  /** A participant takes a command. No answer: it is at work, busy, or the answer is lost. */
  take(command: OwedCommand, now: number): Reply | undefined {
    const record = this.#record(command);
    if (command.child) {
      if (command.operation === 'compensation') this.undone.add(command.step);
      return answer(command, this.children.take(command, record));
    }
    if (!this.fair && this.choices.pick(64) === 63) record.forgotten = true;
    const outcome = record.forgotten ? ({ type: 'unknowable' } as const) : this.#perform(command, record, now);
    return outcome && answer(command, outcome);
  }

  /** A run of an external action comes to its end, or its process dies. */
  finish(index: number, now: number): Reply | undefined {
    const [run] = this.runs.splice(index, 1);
    if (!run) return undefined;
    const { record, token, command } = run;
    const mine = record.fence.type === 'running' && record.fence.token === token;
    const how = this.fair ? 'ends' : RUN_ENDS[this.choices.weigh(RUN_WEIGHTS)];
    if (how === 'dies') return this.#die(record, mine);
    if (how === 'is lost' || how === 'is reset') return this.#lose(run, mine, how === 'is lost', now);
    if (how === 'declines') return this.#decline(record, mine, command);
    this.#apply(record);
    if (mine && this.#defers(command)) return answer(command, this.#handOut(command, record));
    const { fence } = record;
    if (mine || fence.type === 'sealed' || fence.type === 'running' || fence.type === 'failed') record.fence = { type: 'succeeded' };
    return answer(command, this.#success(command, fence.type === 'undone' ? fence.round : undefined));
  }

  #perform(command: CommandMessage, record: KeyRecord, now: number): Outcome | undefined {
    if (command.operation === 'seal') return this.#seal(command, record, now);
    if (command.operation === 'compensation') return this.#undo(command, record, now);
    return command.purpose === 'compensation' ? this.#ownUndo(command, record) : this.#act(command, record, now);
  }

  #act(command: CommandMessage, record: KeyRecord, now: number): Outcome | undefined {
    const { fence } = record;
    if (fence.type === 'succeeded') return this.#success(command);
    if (fence.type === 'deferred') return { type: 'deferred' };
    if (fence.type === 'failed') return DECLINED;
    if (fence.type === 'undone' || fence.type === 'sealed') return { type: 'refused', reason: fence.type };
    if (fence.type === 'running' && fence.leaseUntil > now) return undefined;
    const isOver =
      command.purpose === 'step' && command.validUntil !== undefined && now + this.scenario.skew * MOST_SKEW > command.validUntil;
    if (fence.type === 'running' && this.#canProbe(command)) {
      const found = this.#probe(record);
      if (found === 'happened') return this.#success(command);
      if (found !== 'did not') return found === 'cannot tell' && isOver ? INTERRUPTED : RESET;
    } else if (isOver && fence.type === 'running') return INTERRUPTED;
    if (isOver) {
      record.fence = { type: 'sealed', doubt: false };
      return { type: 'refused', reason: 'expired' };
    }
    if (now > (command.validUntil ?? now) + MOST_SKEW)
      this.violations.push(`P3 ${command.key} starts ${now - (command.validUntil ?? 0)} ms too late`);
    if (fence.type === 'nothing' && now > command.dueAt && this.choices.weigh([3, 1]) === 1) {
      record.fence = { type: 'sealed', doubt: false };
      return { type: 'refused', reason: 'expired' };
    }
    if (this.undone.has(command.step)) this.lateStarts.set(command.step, command.key);
    return this.#isExternal(command) ? this.#begin(command, record, now) : this.#actAtOnce(command, record);
  }

  #actAtOnce(command: CommandMessage, record: KeyRecord): Outcome | undefined {
    const how = ACTION_ENDS[this.choices.weigh(ACTION_WEIGHTS)];
    if (how === 'declines') {
      record.fence = { type: 'failed' };
      return DECLINED;
    }
    if (!this.fair && how === 'is rolled back') return ROLLED_BACK;
    if (!this.fair && how === 'is reset') return RESET;
    this.#apply(record);
    const outcome = this.#defers(command) ? this.#handOut(command, record) : this.#success(command);
    if (outcome.type === 'succeeded') record.fence = { type: 'succeeded' };
    if (!this.fair && how === 'ends unheard') return undefined;
    if (!this.fair && how === 'ends, and its answer is lost') return RESET;
    return outcome;
  }

  #defers({ step }: CommandMessage): boolean {
    const defined = this.scenario.definition.steps.find(({ id }) => id === step);
    return defined?.kind === 'command' && defined.callback !== undefined && this.choices.pick(4) < 3;
  }

  #handOut(command: CommandMessage, record: KeyRecord): Outcome {
    record.fence = { type: 'deferred' };
    this.tasks.push(taskOf(command, record));
    return { type: 'deferred' };
  }

  #begin(command: CommandMessage, record: KeyRecord, now: number): undefined {
    if (record.fence.type === 'running') record.interrupted = !this.#canProbe(command);
    this.#tokens += 1;
    record.fence = { type: 'running', token: this.#tokens, leaseUntil: now + LEASE };
    this.runs.push({ record, token: this.#tokens, command });
  }

  /** The process dies. While it still held the key, it may have had its effect; later the fence would not have let it go on. */
  #die(record: KeyRecord, mine: boolean): undefined {
    record.interrupted = true;
    if (mine && this.choices.pick(2) === 1) this.#apply(record);
  }

  /** The foreign system's answer is lost; the key is free again, and in doubt. */
  #lose({ record, token, command }: Run & { readonly command: CommandMessage }, mine: boolean, effect: boolean, now: number): Reply {
    record.interrupted = true;
    if (mine && effect) this.#apply(record);
    if (mine) record.fence = { type: 'running', token, leaseUntil: now };
    return answer(command, RESET);
  }

  #decline(record: KeyRecord, mine: boolean, command: CommandMessage): Reply | undefined {
    if (!mine) return undefined;
    // Another run was interrupted, and may have had its effect or be about to: this one's failure is not the key's.
    if (record.interrupted) {
      record.fence = { type: 'running', token: 0, leaseUntil: 0 };
      return answer(command, RESET);
    }
    record.fence = { type: 'failed' };
    return answer(command, DECLINED);
  }

  #apply(record: KeyRecord): void {
    record.applied += 1;
    record.standing += 1;
    if (record.applied > 1 && !record.interrupted) this.violations.push(`P1 ${record.key} had its effect ${record.applied} times`);
  }

  #undo(command: CommandMessage, record: KeyRecord, now: number): Outcome | undefined {
    const { fence } = record;
    if (fence.type === 'running' && fence.leaseUntil > now) return undefined;
    if (fence.type === 'undone' && fence.round >= command.undoRound) return { type: 'undone', executed: fence.executed };
    const how = this.fair ? 0 : this.choices.weigh([6, 1, 1]);
    if (how === 1) return RESET;
    if (fence.type === 'running') record.interrupted = true;
    const nothing = fence.type === 'nothing' || fence.type === 'failed' || (fence.type === 'sealed' && !fence.doubt);
    const executed = !nothing && this.#compensable(command);
    if (executed) record.standing = 0;
    record.fence = { type: 'undone', round: command.undoRound, executed };
    this.undone.add(command.step);
    return how === 2 ? undefined : { type: 'undone', executed };
  }

  /** The saga's own compensation: an action of another participant, which undoes all that stands of the step. Its failures are never final. */
  #ownUndo(command: CommandMessage, record: KeyRecord): Outcome | undefined {
    if (record.fence.type === 'succeeded') return { type: 'succeeded' };
    const how = this.fair ? 0 : this.choices.weigh([5, 1, 1, 1]);
    if (how === 1) return RESET;
    if (how === 2) return DECLINED;
    record.fence = { type: 'succeeded' };
    for (const action of this.keys.values()) if (action.step === command.step) action.standing = 0;
    this.undone.add(command.step);
    return how === 3 ? undefined : { type: 'succeeded' };
  }

  #seal(command: CommandMessage, record: KeyRecord, now: number): Outcome | undefined {
    const { fence } = record;
    if (!this.fair && this.choices.weigh([5, 1]) === 1) return RESET;
    switch (fence.type) {
      case 'succeeded':
        return this.#success(command);
      case 'failed':
        return DECLINED;
      case 'deferred':
        record.fence = { type: 'sealed', doubt: true };
        break;
      case 'running':
        if (fence.leaseUntil > now) return undefined;
        if (this.#canProbe(command)) {
          const found = this.#probe(record);
          if (found === 'happened') return this.#success(command);
          if (found === 'fails') return RESET;
          if (found === 'did not') {
            record.fence = { type: 'sealed', doubt: false };
            break;
          }
        }
        record.interrupted = true;
        record.fence = { type: 'sealed', doubt: true };
        break;
      case 'nothing':
        record.fence = { type: 'sealed', doubt: false };
    }
    return { type: 'sealed', ...(record.fence.type === 'sealed' && record.fence.doubt && { doubt: true }) };
  }

  /** It never says that nothing happened while an interrupted run may still have its effect. */
  #probe(record: KeyRecord): Probed {
    const probed = this.#ask(record);
    count(this.probes, `probe: ${probed}`);
    return probed;
  }

  #ask(record: KeyRecord): Probed {
    const how = this.fair ? 0 : this.choices.weigh([6, 1, 1]);
    if (how === 1) return 'cannot tell';
    if (how === 2) return 'fails';
    if (record.applied > 0) {
      record.fence = { type: 'succeeded' };
      return 'happened';
    }
    return this.runs.some((run) => run.record === record) ? 'cannot tell' : 'did not';
  }

  #canProbe(command: CommandMessage): boolean {
    return this.scenario.steps.get(command.step)?.probe === true;
  }

  #success(command: CommandMessage, afterUndo?: number): Outcome {
    return {
      type: 'succeeded',
      result: command.step,
      ...(!this.#compensable(command) && { compensable: false }),
      ...(afterUndo !== undefined && { afterUndo }),
    };
  }

  #compensable(command: CommandMessage): boolean {
    return this.scenario.steps.get(command.step)?.compensable !== false;
  }

  #isExternal(command: CommandMessage): boolean {
    return this.scenario.steps.get(command.step)?.kind === 'external';
  }

  #record({ key, step, purpose, operation }: CommandMessage): KeyRecord {
    let record = this.keys.get(key);
    if (!record) {
      record = newRecord(key, purpose === 'compensation' && operation === 'action' ? '' : step);
      this.keys.set(key, record);
    }
    return record;
  }
}

function answer(command: CommandMessage, outcome: Outcome): Reply {
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = command;
  return { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome };
}
