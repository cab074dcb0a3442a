import { mapIdOf, type SagaEvent } from '@skald/kernel';

/**
 * What an event does to the work it belongs to: `mark` is drawn in that work's lane. What waits for a time, a signal or an answer by token
 * does so no longer when the saga turns back; an answer that was asked for still comes.
 */
interface Move {
  readonly work: string;
  readonly does: 'asks' | 'waits' | 'ends';
}

/**
 * Draws what runs side by side as columns, as histories of branches are drawn: a step, and later its compensation, has a lane from its first
 * request to its last word. The items of a map share the map's: there may be a hundred at once.
 */
export class Lanes {
  private readonly lanes: (Lane | undefined)[] = [];

  /** The lanes as they are at this event, with `mark` in its own; `next` is the event after it. */
  draw(event: SagaEvent, next: SagaEvent | undefined, mark: string): string {
    const move = moveOf(event, next);
    const own = move ? this.laneOf(move.work) : undefined;
    const drawn = this.lanes.map((lane) => (lane === undefined ? ' ' : lane === own ? mark : '│'));
    const text = own === undefined ? `${drawn.join(' ')}${drawn.length > 0 ? ' ' : ''}${mark}` : drawn.join(' ');
    if (own && move) this.move(own, move);
    else if (event.type === 'CompensationStarted' || event.type === 'SagaTerminated') this.turnBack();
    return text;
  }

  private laneOf(work: string): Lane {
    const name = mapIdOf(work) ?? work;
    const taken = this.lanes.find((lane) => lane?.name === name);
    if (taken) return taken;
    const lane = { name, works: new Map<string, Move['does']>() };
    const free = this.lanes.indexOf(undefined);
    this.lanes[free >= 0 ? free : this.lanes.length] = lane;
    return lane;
  }

  private move(lane: Lane, { work, does }: Move): void {
    if (does === 'ends') lane.works.delete(work);
    else lane.works.set(work, does);
    this.close(lane);
  }

  private turnBack(): void {
    for (const lane of this.lanes) {
      if (!lane) continue;
      for (const [work, does] of lane.works) if (does === 'waits') lane.works.delete(work);
      this.close(lane);
    }
  }

  private close(lane: Lane): void {
    if (lane.works.size > 0) return;
    this.lanes[this.lanes.indexOf(lane)] = undefined;
    while (this.lanes.length > 0 && this.lanes.at(-1) === undefined) this.lanes.pop();
  }
}

interface Lane {
  readonly name: string;
  /** What is under way in it. */
  readonly works: Map<string, Move['does']>;
}

function moveOf(event: SagaEvent, next: SagaEvent | undefined): Move | undefined {
  switch (event.type) {
    case 'StepRequested':
    case 'StepSealRequested':
      return { work: event.data.step, does: 'asks' };
    case 'TimerSet':
    case 'SignalAwaited':
    case 'SignalDiscarded':
    case 'MapStarted':
    case 'StepDeferred':
    case 'HeartbeatReceived':
    case 'StepRetryScheduled':
      return { work: event.data.step, does: 'waits' };
    case 'TimerFired':
    case 'MapCompleted':
    case 'MapFailed':
      return { work: event.data.step, does: 'ends' };
    case 'StepFailed':
    case 'StepTimedOut':
      return { work: event.data.step, does: goesOn(event.data.step, next) ? 'asks' : 'ends' };
    case 'StepSealFailed':
      return { work: event.data.step, does: event.data.retryAt === undefined ? 'ends' : 'asks' };
    case 'StepFailureCaught':
      // The lane of an item is there still; that of another step ended with its failure.
      return mapIdOf(event.data.step) === undefined ? undefined : { work: event.data.step, does: 'ends' };
    case 'StepSucceeded':
    case 'StepSealed':
    case 'StepSkipped':
      return { work: event.data.step, does: 'ends' };
    case 'CompensationRequested':
      return { work: `undo ${event.data.step}`, does: 'asks' };
    case 'CompensationFailed':
      return { work: `undo ${event.data.step}`, does: event.data.retryAt === undefined ? 'ends' : 'asks' };
    case 'CompensationSucceeded':
      return { work: `undo ${event.data.step}`, does: 'ends' };
    default:
      return undefined;
  }
}

function goesOn(step: string, next: SagaEvent | undefined): boolean {
  return (next?.type === 'StepRetryScheduled' || next?.type === 'StepSealRequested') && next.data.step === step;
}
