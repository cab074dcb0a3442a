import type { MapState, SagaEvent, SagaState, StepState } from '@skald/kernel';
import { errorText, plain } from './plain-text.js';

export type MapEvent = Extract<SagaEvent, { readonly type: 'MapStarted' | 'MapCompleted' | 'MapFailed' }>;

export function mapping(event: MapEvent): { readonly mark: string; readonly tone: 'plain' | 'good' | 'bad'; readonly text: string } {
  const step = plain(event.data.step);
  switch (event.type) {
    case 'MapStarted': {
      const { count, concurrency, tolerated } = event.data;
      const atOnce = count > concurrency ? `, ${concurrency} at once` : '';
      const mayFail = tolerated > 0 ? `; ${tolerated} may fail` : '';
      return { mark: '●', tone: 'plain', text: `${step} has ${items(count)}${atOnce}${mayFail}` };
    }
    case 'MapCompleted':
      return { mark: '✔', tone: 'good', text: `${step} is through with all items` };
    case 'MapFailed':
      return { mark: '✘', tone: 'bad', text: `${step} failed: ${errorText(event.data.error)}` };
  }
}

function items(count: number): string {
  return count === 1 ? '1 item' : `${count === 0 ? 'no' : count} items`;
}

/** Where a map stands. */
export function mapText({ count, settled, lost, atWork }: MapState): string {
  const through = `: ${settled} of ${items(count)} through`;
  return `${through}${lost > 0 ? `, ${lost} of them failed and let go` : ''}${atWork > 0 ? `, ${atWork} at work` : ''}`;
}

/** Of so many items only those are shown that something is to be said about. */
const FEW = 20;

export function isShown(state: SagaState, { id, status, undo, attempt, round }: StepState): boolean {
  const map = id.includes('/') ? state.maps.get(id.slice(0, id.indexOf('/'))) : undefined;
  if (!map || map.count <= FEW) return true;
  const smooth = (status === 'succeeded' && undo?.status !== 'backoff') || status === 'requested';
  return !smooth || attempt > 1 || round > 1 || state.parked.has(`compensation:${id}`);
}
