import type { Histories, OrderEnd } from './saga-ends.js';
import type { ShopDatabases } from './shop.js';

export interface Audit {
  readonly everySagaEnded: boolean;
  readonly everyStreamObeysTheLaws: boolean;
  /** Captured is what completed orders come to, to the cent and order by order; nothing stays authorized. */
  readonly moneyMatches: boolean;
  /** What is left and what was shipped is what was there at the start, for each sku; nothing stays reserved. */
  readonly stockMatches: boolean;
  /** The order service says of each order what its saga says. */
  readonly ordersMatch: boolean;
  readonly noEffectTwice: boolean;
}

export interface AuditReport {
  readonly audit: Audit;
  /** Money kept, in cents. */
  readonly charged: number;
  /** What does not hold, one sentence each. */
  readonly findings: readonly string[];
}

export interface Expectation {
  /** Number of orders that were given. */
  readonly orders: number;
  readonly stock: ReadonlyMap<string, number>;
}

type Check = keyof Audit;
type Find = (check: Check, finding: string) => void;
type Row = Readonly<Record<string, unknown>>;

/** Compares what the event store says with what the three services have in their own databases. */
export function audit(histories: Histories, databases: ShopDatabases, expected: Expectation): AuditReport {
  const findings: string[] = [];
  const failed = new Set<Check>();
  const find: Find = (check, finding) => {
    failed.add(check);
    findings.push(`${check}: ${finding}`);
  };
  checkEnds(histories, expected, find);
  for (const broken of histories.brokenLaws) find('everyStreamObeysTheLaws', broken);
  checkOrders(histories, databases, find);
  const charged = checkMoney(histories, databases, find);
  checkReservations(histories, databases, find);
  checkStock(histories, databases, expected, find);
  const holds = (check: Check) => !failed.has(check);
  return {
    audit: {
      everySagaEnded: holds('everySagaEnded'),
      everyStreamObeysTheLaws: holds('everyStreamObeysTheLaws'),
      moneyMatches: holds('moneyMatches'),
      stockMatches: holds('stockMatches'),
      ordersMatch: holds('ordersMatch'),
      noEffectTwice: holds('noEffectTwice'),
    },
    charged,
    findings,
  };
}

function checkEnds({ ends }: Histories, { orders }: Expectation, find: Find): void {
  if (ends.size !== orders) find('everySagaEnded', `${orders} orders, ${ends.size} sagas`);
  for (const [orderId, { status }] of ends) {
    if (status === 'running' || status === 'compensating' || status === 'suspended')
      find('everySagaEnded', `order ${orderId} is ${status}`);
  }
}

const isKept = (end: OrderEnd | undefined): boolean => end?.status === 'completed';

function checkOrders({ ends }: Histories, { orders }: ShopDatabases, find: Find): void {
  const rows = byOrder(orders.prepare('SELECT order_id, state, changes, total FROM orders').all());
  for (const [orderId, end] of ends) {
    const row = rows.get(orderId);
    const should = isKept(end) ? 'confirmed' : 'rejected';
    if (row?.['state'] !== should) find('ordersMatch', `order ${orderId} is ${row?.['state'] ?? 'absent'}, its saga ${end.status}`);
    if (row && row['total'] !== end.order.total)
      find('ordersMatch', `order ${orderId} is of ${row['total']}, its saga of ${end.order.total}`);
    if (row && row['changes'] !== 2) find('noEffectTwice', `order ${orderId} was changed ${row['changes']} times, not twice`);
  }
  for (const orderId of rows.keys()) if (!ends.has(orderId)) find('ordersMatch', `order ${orderId} has no saga`);
}

function checkMoney({ ends }: Histories, { payments }: ShopDatabases, find: Find): number {
  const rows = byOrder(payments.prepare('SELECT order_id, amount, state, screened, changes FROM payments').all());
  let charged = 0;
  let due = 0;
  for (const [orderId, end] of ends) {
    const row = rows.get(orderId);
    if (isKept(end)) due += end.order.total;
    if (isKept(end) && row?.['state'] !== 'captured') find('moneyMatches', `order ${orderId} is completed and not paid`);
    if (!row) continue;
    const { state, amount, changes, screened } = row;
    if (state === 'captured') charged += Number(amount);
    if (state === 'authorized') find('moneyMatches', `the payment of order ${orderId} is authorized, and neither captured nor voided`);
    if (state === 'captured' && !isKept(end)) find('moneyMatches', `order ${orderId} is paid and ${end.status}`);
    if (amount !== end.order.total) find('moneyMatches', `order ${orderId} comes to ${end.order.total} and its payment to ${amount}`);
    if (Number(changes) !== 2 + Number(screened)) find('noEffectTwice', `the payment of order ${orderId} was changed ${changes} times`);
  }
  for (const orderId of rows.keys()) if (!ends.has(orderId)) find('moneyMatches', `the payment of order ${orderId} has no saga`);
  if (charged !== due) find('moneyMatches', `${charged} captured, completed orders come to ${due}, in cents`);
  return charged;
}

function checkReservations({ ends }: Histories, { inventory }: ShopDatabases, find: Find): void {
  const rows = byOrder(inventory.prepare('SELECT order_id, state, changes FROM reservations').all());
  for (const [orderId, end] of ends) {
    const { state, changes } = rows.get(orderId) ?? {};
    const should = isKept(end) ? 'shipped' : 'released';
    if (state !== should && (state !== undefined || isKept(end)))
      find('stockMatches', `the goods of order ${orderId} are ${state ?? 'nowhere'}, its saga is ${end.status}`);
    if (changes !== undefined && changes !== 2) find('noEffectTwice', `the reservation of order ${orderId} was changed ${changes} times`);
  }
  for (const orderId of rows.keys()) if (!ends.has(orderId)) find('stockMatches', `the reservation of order ${orderId} has no saga`);
}

function checkStock({ ends }: Histories, { inventory }: ShopDatabases, { stock }: Expectation, find: Find): void {
  const gone = new Map<string, number>();
  for (const end of ends.values()) {
    if (!isKept(end)) continue;
    for (const { sku, quantity } of end.order.lines) gone.set(sku, (gone.get(sku) ?? 0) + quantity);
  }
  const rows = inventory.prepare('SELECT sku, available, reserved, shipped FROM stock').all();
  if (rows.length !== stock.size) find('stockMatches', `${stock.size} skus at the start, ${rows.length} now`);
  for (const { sku, available, reserved, shipped } of rows) {
    const first = stock.get(String(sku)) ?? 0;
    if (Number(available) + Number(shipped) !== first)
      find('stockMatches', `${sku}: ${available} left, ${shipped} shipped, ${first} at the start`);
    if (reserved !== 0) find('stockMatches', `${sku}: ${reserved} still reserved`);
    const sold = gone.get(String(sku)) ?? 0;
    if (shipped !== sold) find('noEffectTwice', `${sku}: ${shipped} shipped, completed orders come to ${sold}`);
  }
}

function byOrder(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [String(row['order_id']), row]));
}
