import type { Json } from '../json.js';

type Members = Readonly<Record<string, Json | undefined>>;

/**
 * How two descriptions of a saga (`describeDefinition`) differ, a sentence each; empty when they are the same saga. A definition that was
 * changed under the same version is refused with these.
 */
export function diffDefinitions(before: Json, after: Json): string[] {
  const { steps: stepsBefore, ...sagaBefore } = membersOf(before);
  const { steps: stepsAfter, ...sagaAfter } = membersOf(after);
  return [...diffMembers('', sagaBefore, sagaAfter), ...diffSteps(byId(stepsBefore), byId(stepsAfter))];
}

function diffSteps(before: ReadonlyMap<string, Members>, after: ReadonlyMap<string, Members>): string[] {
  const differences: string[] = [];
  for (const [id, step] of before) {
    const now = after.get(id);
    if (now) differences.push(...diffMembers(`step ${id}: `, step, now));
    else differences.push(`step ${id} is gone`);
  }
  for (const id of after.keys()) if (!before.has(id)) differences.push(`step ${id} is new`);
  const order = [...before.keys()].filter((id) => after.has(id)).join(', ');
  const orderNow = [...after.keys()].filter((id) => before.has(id)).join(', ');
  if (order !== orderNow) differences.push(`the steps were in the order ${order}, and are in the order ${orderNow}`);
  return differences;
}

function diffMembers(prefix: string, before: Members, after: Members): string[] {
  const differences: string[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = before[name];
    const is = after[name];
    if (isMembers(was) && isMembers(is)) differences.push(...diffMembers(`${prefix}${name}.`, was, is));
    else if (text(was) !== text(is)) differences.push(`${prefix}${name} was ${text(was)}, and is ${text(is)}`);
  }
  return differences;
}

function text(value: Json | undefined): string {
  return value === undefined ? 'not there' : JSON.stringify(value);
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function membersOf(value: Json): Members {
  return isMembers(value) ? value : {};
}

function byId(steps: Json | undefined): ReadonlyMap<string, Members> {
  const list = Array.isArray(steps) ? (steps as readonly Json[]) : [];
  return new Map(list.map((step) => [String(membersOf(step)['id']), membersOf(step)]));
}
