import { type Clock, type Delivery, type InboxMessage, isSagaStream, SkaldError } from '@skald/kernel';
import type { Activated, Activation } from './activation.js';
import type { Observer } from './observer.js';
import { takeDropped } from './payloads/dropped-turn.js';
import type { Programs } from './programs.js';
import { type SetAside, tellsOfAnEffect } from './set-aside.js';
import type { TaskTokens } from './task-tokens.js';
import { type Turn, TurnFailed, type TurnInput, takeTurn } from './turn.js';
import { isAsking, refuse, refuseToBegin, takeFact, takeFault, takeFaultFirst, takeShortened } from './turn-fallbacks.js';

type Deliveries = readonly Delivery<InboxMessage>[];

export interface DecidingPorts {
  readonly clock: Clock;
  readonly programs: Programs;
  readonly observer: Required<Observer>;
  readonly tokens?: TaskTokens | undefined;
}

/** Makes the turns of a batch: finds the state of each saga, and a way out where a decision cannot be carried out. */
export class Deciding {
  constructor(
    private readonly activation: Activation,
    /** Sagas of which something may be stored that is not known here. */
    private readonly unsure: ReadonlySet<string>,
    /** Sagas that cannot go on, and why: their next decision says so. */
    private readonly refused: Map<string, unknown>,
    private readonly aside: SetAside,
    private readonly ports: DecidingPorts,
  ) {}

  /** `dropped`: sagas whose payloads nobody can read any more. */
  async decideAll(groups: ReadonlyMap<string, Deliveries>, dropped: ReadonlySet<string> = new Set()): Promise<Turn[]> {
    const now = this.ports.clock.now();
    const turns: Turn[] = [];
    for (const [sagaId, deliveries] of groups) {
      try {
        const turn = dropped.has(sagaId)
          ? takeDropped({ sagaId, deliveries, now, activated: await this.reload(sagaId) }, this.ports.observer)
          : await this.decideOne(sagaId, deliveries, now);
        turns.push(turn);
      } catch (error) {
        const reason = error instanceof TurnFailed ? error.cause : error;
        if (reason === error && !isUnreadable(error)) throw error;
        // It stops its own saga only: the stream is as it was.
        this.ports.observer.troubled('nothing can be decided for a saga; its input is dropped', reason, sagaId);
        this.activation.drop(sagaId);
        const input = { sagaId, deliveries, now, activated: this.activation.fresh(sagaId) };
        turns.push(isUnreadable(reason) ? this.unread(input, reason) : refuse(input, 1, reason));
      }
    }
    return turns;
  }

  /** Callers are told, and what is asked for again is dropped. */
  private unread(input: TurnInput, reason: unknown): Turn {
    const kept = input.deliveries.filter(tellsOfAnEffect);
    for (const delivery of kept) this.aside.add(delivery);
    const others = input.deliveries.filter((delivery) => !kept.includes(delivery));
    return refuse({ ...input, deliveries: others }, others.length, reason);
  }

  private async decideOne(sagaId: string, deliveries: Deliveries, now: number): Promise<Turn> {
    const reason = this.refused.get(sagaId);
    if (this.refused.delete(sagaId)) return takeFaultFirst({ sagaId, deliveries, now, activated: await this.reload(sagaId) }, reason);
    const cached = this.activation.cached(sagaId);
    if (!cached) return this.take({ sagaId, deliveries, now, activated: await this.activate(sagaId, deliveries) });
    const turn = await this.take({ sagaId, deliveries, now, activated: cached });
    // The expected revision guards what is appended; what is only answered or dropped must not be decided on a stale state either.
    if (turn.write || !(await this.activation.isStale(sagaId, turn.activated))) return turn;
    return this.take({ sagaId, deliveries, now, activated: await this.reload(sagaId) });
  }

  /** A start is decided as if nothing were stored; the append says whether that is so. Everything else reads first. */
  private async activate(sagaId: string, deliveries: Deliveries): Promise<Activated> {
    const isStart = deliveries[0]?.message.input.type === 'start';
    return isStart && isSagaStream(sagaId) && !this.unsure.has(sagaId) ? this.activation.fresh(sagaId) : this.activation.load(sagaId);
  }

  private reload(sagaId: string): Promise<Activated> {
    this.activation.drop(sagaId);
    return this.activation.load(sagaId);
  }

  private async take(input: TurnInput): Promise<Turn> {
    const { observer } = this.ports;
    try {
      return takeTurn(input, this.ports);
    } catch (failed) {
      if (!(failed instanceof TurnFailed)) throw failed;
      const { sagaId, deliveries } = input;
      const again = { ...input, activated: await this.reload(sagaId) };
      if (failed.index > 0) {
        // Those before it first; it is the next batch's then.
        const turn = await this.take({ ...again, deliveries: deliveries.slice(0, failed.index) });
        return { ...turn, rest: [...turn.rest, ...deliveries.slice(failed.index)] };
      }
      observer.troubled('a decision cannot be carried out', failed.cause, sagaId);
      return this.suspend(again, failed.cause);
    }
  }

  /** Records as much as can be recorded. */
  private async suspend(input: TurnInput, error: unknown): Promise<Turn> {
    let reason = error;
    let { activated } = input;
    for (const without of ['compensations', 'everything'] as const) {
      try {
        return takeFact({ ...input, activated }, without, reason, this.ports);
      } catch (failed) {
        if (!(failed instanceof TurnFailed)) throw failed;
        reason = failed.cause;
        activated = await this.reload(input.sagaId);
      }
    }
    return this.withoutFact({ ...input, activated }, reason);
  }

  /** It is the input itself that is too much. */
  private async withoutFact(input: TurnInput, reason: unknown): Promise<Turn> {
    const [first] = input.deliveries;
    if (first && isAsking(first)) return refuse(input, 1, reason);
    try {
      return refuseToBegin(input, reason) ?? takeShortened(input, reason, this.ports) ?? takeFault(input, reason);
    } catch (failed) {
      if (!(failed instanceof TurnFailed)) throw failed;
      return takeFault({ ...input, activated: await this.reload(input.sagaId) }, failed.cause);
    }
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof SkaldError && (error.code === 'history-unreadable' || error.code === 'payload-unreadable');
}

/** Of each saga, in the order in which they came. */
export function bySaga(batch: Deliveries): ReadonlyMap<string, Delivery<InboxMessage>[]> {
  const groups = new Map<string, Delivery<InboxMessage>[]>();
  for (const delivery of batch) {
    const { sagaId } = delivery.message;
    const group = groups.get(sagaId);
    if (group) group.push(delivery);
    else groups.set(sagaId, [delivery]);
  }
  return groups;
}
