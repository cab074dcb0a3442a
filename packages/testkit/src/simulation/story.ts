import type { World } from './world.js';

/** A run as a person reads it: the saga, what was recorded, what really stands, and which laws broke. */
export function describeWorld(world: World): string {
  const steps = world.scenario.definition.steps.map((step) => {
    const model = world.scenario.steps.get(step.id);
    const flags = [
      model?.kind,
      model?.probe && 'can be probed',
      step.kind === 'command' && step.onUnknown === 'probe' && 'probed when unknown',
      model?.own && 'own compensation',
      model?.compensable === false && 'nothing to undo',
      step.kind === 'command' && step.pivot && 'PIVOT',
      step.kind !== 'command' && (step.kind === 'choice' ? 'chooses' : 'waits'),
      step.branch,
      step.instead !== undefined && `instead of ${step.instead} on ${step.on?.join(' or ') ?? 'anything'}`,
      step.optional && `optional on ${step.optional === true ? 'anything' : step.optional.join(' or ')}`,
    ];
    return `  ${step.id} after [${step.after.join(' ')}] ${flags.filter(Boolean).join(', ')}`;
  });
  const events = world.history.map(({ type, at, data }, revision) => `  ${revision} @${at} ${type} ${JSON.stringify(data)}`);
  const keys = [...world.participants.keys.values()].map(
    ({ key, fence, applied, standing }) => `  ${key}: ${JSON.stringify(fence)}, ${applied} made, ${standing} standing`,
  );
  return [
    'saga',
    ...steps,
    'history',
    ...events,
    'participants',
    ...keys,
    'violations',
    ...world.violations.map((line) => `  ${line}`),
  ].join('\n');
}
