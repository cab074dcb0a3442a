import type { SagaEvent } from '@skald/kernel';

/** What an event does to the work it belongs to: `mark` is drawn in that work's lane. */
interface Move {
  readonly work: string;
  readonly does: 'begins' | 'goes on' | 'ends';
}

/**
 * Draws what runs side by side as columns, as histories of branches are drawn: a step, and later its compensation, has a lane from its first
 * request to its last word.
 */
export class Lanes {
  private readonly lanes: (string | undefined)[] = [];

  /** The lanes as they are at this event, with `mark` in its own; `next` is the event after it. */
  draw(event: SagaEvent, next: SagaEvent | undefined, mark: string): string {
    const move = moveOf(event, next);
    const own = move ? this.laneOf(move.work) : undefined;
    const drawn = this.lanes.map((work, at) => (at === own ? mark : work === undefined ? ' ' : '│'));
    const text = own === undefined ? `${drawn.join(' ')}${drawn.length > 0 ? ' ' : ''}${mark}` : drawn.join(' ');
    if (move?.does === 'ends' && own !== undefined) this.free(own);
    return text;
  }

  private laneOf(work: string): number {
    const taken = this.lanes.indexOf(work);
    if (taken >= 0) return taken;
    const free = this.lanes.indexOf(undefined);
    const lane = free >= 0 ? free : this.lanes.length;
    this.lanes[lane] = work;
    return lane;
  }

  private free(lane: number): void {
    this.lanes[lane] = undefined;
    while (this.lanes.length > 0 && this.lanes.at(-1) === undefined) this.lanes.pop();
  }
}

function moveOf(event: SagaEvent, next: SagaEvent | undefined): Move | undefined {
  switch (event.type) {
    case 'StepRequested':
      return { work: event.data.step, does: event.data.opens ? 'begins' : 'goes on' };
    case 'TimerSet':
    case 'SignalAwaited':
    case 'MapStarted':
      return { work: event.data.step, does: 'begins' };
    case 'TimerFired':
    case 'MapCompleted':
    case 'MapFailed':
      return { work: event.data.step, does: 'ends' };
    case 'SignalDiscarded':
    case 'StepDeferred':
    case 'HeartbeatReceived':
    case 'StepRetryScheduled':
    case 'StepSealRequested':
      return { work: event.data.step, does: 'goes on' };
    case 'StepFailed':
    case 'StepTimedOut':
      return { work: event.data.step, does: goesOn(event.data.step, next) ? 'goes on' : 'ends' };
    case 'StepSealFailed':
      return { work: event.data.step, does: event.data.retryAt === undefined ? 'ends' : 'goes on' };
    case 'StepSucceeded':
    case 'StepSealed':
    case 'StepSkipped':
      return { work: event.data.step, does: 'ends' };
    case 'CompensationRequested':
      return { work: `undo ${event.data.step}`, does: event.data.attempt === 1 ? 'begins' : 'goes on' };
    case 'CompensationFailed':
      return { work: `undo ${event.data.step}`, does: event.data.retryAt === undefined ? 'ends' : 'goes on' };
    case 'CompensationSucceeded':
      return { work: `undo ${event.data.step}`, does: 'ends' };
    default:
      return undefined;
  }
}

function goesOn(step: string, next: SagaEvent | undefined): boolean {
  return (next?.type === 'StepRetryScheduled' || next?.type === 'StepSealRequested') && next.data.step === step;
}
