import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import type { LogRecord } from './log-record.js';
import { invalidArgument } from './rpc-errors.js';

/** How many events the server looks at in one page. */
export const PAGE = 32;

export interface EventFilter {
  passes(record: LogRecord): boolean;
  /** Events considered in one page of a filtered read. */
  readonly window: number;
  /** Events considered between checkpoints. */
  readonly checkpointInterval: number;
}

/** Absent where the request has none: then every event passes and there are no checkpoints. */
export function filterOf(options: Pb.ReadReq.Options): EventFilter | undefined {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const window = filter.hasMax() ? filter.getMax() : PAGE;
  const multiplier = filter.getCheckpointintervalmultiplier();
  const byStream = filter.getStreamIdentifier();
  const byType = filter.getEventType();
  const expression = byStream ?? byType;
  if (!expression) throw invalidArgument('a filter without an expression');
  if (options.hasSubscription() && multiplier === 0) throw invalidArgument('checkpointIntervalMultiplier must not be 0');
  const subjectOf = (record: LogRecord): string => (byStream ? record.stream : record.type);
  const test = expressionOf(expression);
  return { window, checkpointInterval: multiplier * window, passes: (record) => test(subjectOf(record)) };
}

function expressionOf(expression: Pb.ReadReq.Options.FilterOptions.Expression): (subject: string) => boolean {
  const regex = expression.getRegex();
  if (regex !== '') {
    // .NET's syntax there, JavaScript's here: what filters use is common to both.
    const compiled = new RegExp(regex, 'u');
    return (subject) => compiled.test(subject);
  }
  const prefixes = expression.getPrefixList();
  return (subject) => prefixes.some((prefix) => subject.startsWith(prefix));
}
