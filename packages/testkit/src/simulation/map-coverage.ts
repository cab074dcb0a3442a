import type { SagaEvent } from '@skald/kernel';
import { type Coverage, count } from './coverage.js';

/** How often the hard cases of maps were reached. */
export function countMaps(coverage: Coverage, history: readonly SagaEvent[]): void {
  const maps = new Map<string, 'begun' | 'failed' | 'completed'>();
  const lost = new Set<string>();
  let turned = false;
  for (const event of history) {
    if (event.type === 'CompensationStarted') {
      turned = true;
      if ([...maps.values()].includes('begun')) count(coverage, `map stopped: ${event.data.reason.type}`);
    }
    if (event.type === 'MapStarted') {
      maps.set(event.data.step, 'begun');
      count(coverage, event.data.count === 0 ? 'map without items' : 'map begun');
    }
    if (event.type === 'MapCompleted') {
      maps.set(event.data.step, 'completed');
      count(coverage, [...lost].some((item) => mapIdOf(item) === event.data.step) ? 'map completed without some' : 'map completed');
    }
    if (event.type === 'MapFailed') {
      maps.set(event.data.step, 'failed');
      count(coverage, 'map failed');
    }
    const item = itemOf(event);
    if (item !== undefined && mapIdOf(item) !== undefined) countItem(coverage, event, item, lost, turned);
    else if (event.type === 'StepFailureCaught' && maps.has(event.data.step)) count(coverage, 'map caught');
    else if (event.type === 'OperatorIntervened' && maps.has(item ?? '')) count(coverage, `operator: ${event.data.action} map`);
  }
}

function countItem(coverage: Coverage, event: SagaEvent, item: string, lost: Set<string>, turned: boolean): void {
  switch (event.type) {
    case 'StepFailureCaught':
      lost.add(item);
      return count(coverage, 'item let go');
    case 'StepSucceeded':
      return lost.has(item) ? count(coverage, 'success of an item that was let go') : undefined;
    case 'SagaSuspended':
      return count(coverage, `item waits for a person${event.data.target.startsWith('step:') ? '' : ' on its way back'}`);
    case 'OperatorIntervened':
      return count(coverage, `operator: ${event.data.action} item`);
    case 'CompensationRequested':
      return turned ? undefined : count(coverage, 'item undone, and the saga goes on');
  }
}

function itemOf({ data }: SagaEvent): string | undefined {
  const { step, target } = data as { readonly step?: string; readonly target?: string };
  return step ?? target?.slice(target.indexOf(':') + 1);
}

function mapIdOf(item: string): string | undefined {
  return item.includes('/') ? item.slice(0, item.indexOf('/')) : undefined;
}
