/** What the compiler holds of steps that wait. */
import type { StandardSchema } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { SagaSignal, SagaStep, SagaTimer } from './decorators.js';
import { participant } from './participant-proxy.js';
import type { SagaContext, SagaRef, SignalsOf } from './typing.js';

interface Order {
  readonly id: string;
  readonly shipAt: number;
}
interface Shop {
  charge(id: string): Promise<{ paidAt: number }>;
}
const shop = participant<Shop>('shop');

export class Timers {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order.id);
  }
  @SagaTimer({ for: '3d', after: 'charge', when: (order: Order) => order.shipAt > 0 })
  coolOff() {}
  @SagaTimer({ after: 'charge' })
  untilDate(_order: Order, { results }: SagaContext<Timers, 'charge'>) {
    return new Date(results.charge.paidAt);
  }
  @SagaTimer()
  milliseconds(order: Order) {
    return order.shipAt;
  }
  // @ts-expect-error a text is no time: write { for: '3d' }
  @SagaTimer()
  text() {
    return '3d';
  }
  // @ts-expect-error nothing says how long
  @SagaTimer()
  empty() {}
  // @ts-expect-error a duration without a unit
  @SagaTimer({ for: '3' })
  unitless() {}
  // @ts-expect-error after a step that is not there
  @SagaTimer({ for: '3d', after: 'chrge' })
  misspelt() {}
  // @ts-expect-error the result of a step that it does not come after may be absent
  @SagaTimer()
  unsure(_order: Order, { results }: SagaContext<Timers, 'charge'>) {
    return results.charge.paidAt;
  }
  // @ts-expect-error an async timer
  @SagaTimer()
  async later(order: Order) {
    return new Date(order.shipAt);
  }
}

const charged = defineSaga<Order>({ name: 'order', version: 1 }).step('charge', (order) => shop.charge(order.id));
charged
  .wait('coolOff', '3d')
  .step('tell', { after: 'coolOff', run: (order, { results }) => shop.charge(order.id + results.charge.paidAt) });
charged.wait('until', { until: (_, { results }) => new Date(results.charge.paidAt) });
charged.wait('coolOff', { after: [], for: '3d', when: (order) => order.shipAt > 0 });
// @ts-expect-error a duration without a unit
charged.wait('coolOff', '3');
// @ts-expect-error step 'charge' is defined twice
charged.wait('charge', '3d');
// @ts-expect-error after a step that is not there
charged.wait('coolOff', { for: '3d', after: 'chrge' });
// @ts-expect-error neither how long nor until when
charged.wait('coolOff', { after: 'charge' });
// @ts-expect-error beside `charge`, not after it: there may be no result yet
charged.wait('until', { after: [], until: (_, { results }) => results.charge.paidAt });

// ── signals ──

interface Approval {
  readonly approved: boolean;
}
declare const approvalSchema: StandardSchema<unknown, Approval>;
declare function signal<R extends SagaRef, N extends keyof SignalsOf<R> & string>(
  saga: R,
  id: string,
  name: N,
  payload: SignalsOf<R>[N],
): Promise<void>;

export class Signals {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order.id);
  }
  @SagaSignal({ after: 'charge', when: (order: Order) => order.shipAt > 0, schema: approvalSchema, timeout: '3d', onTimeout: 'skip' })
  approval(decision: Approval, { results }: SagaContext<Signals, 'charge'>) {
    return { by: results.charge.paidAt, decision };
  }
  @SagaStep({ after: 'approval' })
  tell(order: Order, { results }: SagaContext<Signals>) {
    return shop.charge(order.id + results.approval?.by);
  }
  // @ts-expect-error the schema gives another payload
  @SagaSignal({ schema: approvalSchema })
  otherPayload(decision: string) {
    return decision;
  }
  // @ts-expect-error an async method
  @SagaSignal()
  async later(decision: Approval) {
    return decision;
  }
  // @ts-expect-error a method that asks somebody
  @SagaSignal()
  asks(decision: Approval) {
    return shop.charge(String(decision.approved));
  }
  // @ts-expect-error after a step that is not there
  @SagaSignal({ after: 'chrge' })
  misplaced(decision: Approval) {
    return decision;
  }
  // @ts-expect-error neither fails nor is skipped
  @SagaSignal({ onTimeout: 'retry' })
  retried(decision: Approval) {
    return decision;
  }
}

await signal(Signals, '1', 'approval', { approved: true });
// @ts-expect-error a payload of another type
await signal(Signals, '1', 'approval', { approved: 'yes' });
// @ts-expect-error a signal that no method takes
await signal(Signals, '1', 'aproval', { approved: true });
// @ts-expect-error a step that asks a participant takes no signal
await signal(Signals, '1', 'charge', { approved: true });

const built = charged
  .signal('approval', { schema: approvalSchema, receive: (decision, { results }) => decision.approved && results.charge.paidAt })
  .signal('note', { receive: (text: string) => text.length, onTimeout: 'skip', timeout: '1d' })
  .signal('plain', { schema: approvalSchema, when: (order) => order.shipAt > 0 })
  .step('tell', (order, { results }) => {
    const known: number | false = results.approval;
    // @ts-expect-error it may have been skipped at its timeout
    results.note.toFixed();
    // @ts-expect-error it may have been skipped by its guard
    results.plain.approved;
    return shop.charge(`${order.id}${known}${results.note?.toFixed()}${results.plain?.approved}`);
  })
  .done();
await signal(built, '1', 'approval', { approved: true });
await signal(built, '1', 'note', 'text');
// @ts-expect-error a payload of another type
await signal(built, '1', 'note', 7);
// @ts-expect-error a signal that is not there
await signal(built, '1', 'aproval', { approved: true });
// @ts-expect-error a step takes no signal
await signal(built, '1', 'tell', undefined);
// @ts-expect-error step 'charge' is defined twice
charged.signal('charge');
// @ts-expect-error after a step that is not there
charged.signal('approval', { after: 'chrge' });
