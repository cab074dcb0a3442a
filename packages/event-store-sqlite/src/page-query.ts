import type { AttributeFilter, IndexQuery, SagaStatus } from '@skald/kernel';

type Parameter = string | number;

/** A page of a list as SQL: `text` is the same for all queries of one shape, so that few statements are prepared. */
export interface PageQuery {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

/** Where a page goes on: after this moment and row. */
export interface PageEnd {
  readonly startedAt: number;
  readonly id: number;
}

/**
 * Each list is read from an index that has it in the order that is asked for, newest first, and of which the page's rows are read and not many
 * more. The first that fits: an attribute with a value, an error, a range of an attribute (whose entries are sorted), a status (one statement for each;
 * they are merged by the caller). Whatever else is asked is looked up row by row.
 */
export function pageQueries(
  query: Pick<IndexQuery, 'saga' | 'startedAfter' | 'startedBefore' | 'since' | 'error'>,
  statuses: readonly SagaStatus[],
  attributes: readonly AttributeFilter[],
  end: PageEnd,
  limit: number,
  columns: string,
): PageQuery[] {
  const exact = attributes.find((filter) => 'is' in filter);
  const driver = exact ?? (query.error === undefined ? attributes[0] : undefined);
  const common = [...conditionsOf(query), ...attributes.filter((filter) => filter !== driver).map(having)];
  if (!driver && query.error === undefined) {
    const index = query.saga === undefined ? 'sagas_by_status' : 'sagas_by_name';
    return statuses.map((status) => {
      const conditions = [{ text: 's.status = ?', parameters: [status] }, ...common, before('s.started_at', 's.id', end)];
      return page(columns, `sagas s INDEXED BY ${index}`, conditions, 's.started_at DESC, s.id DESC', limit);
    });
  }
  const marks = statuses.map(() => '?').join(', ');
  const conditions = [...common, { text: `s.status IN (${marks})`, parameters: statuses }];
  if (!driver) {
    const from = 'sagas s INDEXED BY sagas_by_error';
    return [page(columns, from, [...conditions, before('s.started_at', 's.id', end)], 's.started_at DESC, s.id DESC', limit)];
  }
  const from = 'saga_attributes a CROSS JOIN sagas s ON s.id = a.saga';
  const driven = [...valuesOf(driver), before('a.started_at', 'a.saga', end), ...conditions];
  return [page(columns, from, driven, 'a.started_at DESC, a.saga DESC', limit)];
}

/** Name of the error, as an expression that has an index. */
export const ERROR_NAME = "substr(error, 1, instr(error || ':', ':') - 1)";

interface Condition {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

function page(columns: string, from: string, conditions: readonly Condition[], order: string, limit: number): PageQuery {
  const where = conditions.map(({ text }) => text).join(' AND ');
  return {
    text: `SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT ?`,
    parameters: [...conditions.flatMap(({ parameters }) => parameters), limit],
  };
}

function before(startedAt: string, id: string, end: PageEnd): Condition {
  return { text: `(${startedAt}, ${id}) < (?, ?)`, parameters: [end.startedAt, end.id] };
}

function conditionsOf({
  saga,
  startedAfter,
  startedBefore,
  since,
  error,
}: Pick<IndexQuery, 'saga' | 'startedAfter' | 'startedBefore' | 'since' | 'error'>): Condition[] {
  const given: readonly (readonly [text: string, value: Parameter | undefined])[] = [
    ['s.saga = ?', saga],
    ['s.started_at >= ?', startedAfter],
    ['s.started_at < ?', startedBefore],
    ['s.since >= ?', since],
    [`s.error IS NOT NULL AND ${ERROR_NAME} = ?`, error],
  ];
  return given.flatMap(([text, value]) => (value === undefined ? [] : [{ text, parameters: [value] }]));
}

/** The sagas that have such an attribute. */
function having(filter: AttributeFilter): Condition {
  const conditions = valuesOf(filter);
  return {
    text: `s.id IN (SELECT a.saga FROM saga_attributes a WHERE ${conditions.map(({ text }) => text).join(' AND ')})`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

/** The entries of such an attribute. */
function valuesOf(filter: AttributeFilter): Condition[] {
  const conditions: Condition[] = [{ text: 'a.name = ? AND a.type = ?', parameters: [filter.name, filter.type] }];
  const add = (text: string, ...parameters: readonly Parameter[]) => conditions.push({ text, parameters });
  if ('is' in filter) add('a.value = ?', filter.is);
  else if ('prefix' in filter) {
    const { prefix } = filter;
    add('a.value >= ? AND a.value < ? || char(0x10ffff) AND substr(a.value, 1, length(?)) = ?', prefix, prefix, prefix, prefix);
  } else {
    if (filter.from !== undefined) add('a.value >= ?', filter.from);
    if (filter.to !== undefined) add('a.value < ?', filter.to);
  }
  return conditions;
}
