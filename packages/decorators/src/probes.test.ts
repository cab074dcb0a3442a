import { describe, expect, test } from '@jest/globals';
import type { Probed } from '@skald/kernel';
import { Participant, Probe, Saga, SagaStep } from './decorators.js';
import { participantDefinitionOf } from './participant-definition.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';

/** As someone writes it whose compiler does not look. */
const unchecked = Probe as unknown as (action: string) => MethodDecorator;
const unknown = { happened: 'unknown' } as const;

@Participant('payment')
class PaymentService {
  @SagaStep({ compensation: 'refund' })
  async charge(_id: string): Promise<string> {
    return 'p';
  }
  async refund(_id: string): Promise<void> {}
  @Probe('charge')
  async wasCharged(_id: string): Promise<Probed<string>> {
    return unknown;
  }
}

const refused = (target: new () => object): unknown => {
  Participant('wrong')(target as never);
  return () => participantDefinitionOf(target);
};

describe('A probe', () => {
  test('belongs to the action that it names, also on a subclass', () => {
    const { actions } = participantDefinitionOf(PaymentService);
    expect(actions.get('charge')).toEqual({ compensation: 'refund', probe: 'wasCharged' });
    class Double extends PaymentService {}
    expect(participantDefinitionOf(Double).actions.get('charge')).toEqual({ compensation: 'refund', probe: 'wasCharged' });
  });

  test('is refused where it could not be asked', () => {
    class Itself {
      @unchecked('pay')
      async pay(): Promise<Probed<never>> {
        return unknown;
      }
    }
    expect(refused(Itself)).toThrow('"pay" would probe itself');
    class Twice extends PaymentService {
      @Probe('charge')
      async isCharged(_id: string): Promise<Probed<string>> {
        return unknown;
      }
    }
    expect(refused(Twice)).toThrow('"charge" has two probes, "wasCharged" and "isCharged"');
    class Hidden extends PaymentService {
      @Probe('charge')
      async _wasCharged(_id: string): Promise<Probed<string>> {
        return unknown;
      }
    }
    expect(refused(Hidden)).toThrow('@Probe stands on "_wasCharged"');
  });

  test('is refused on a saga, and as an option of an action', () => {
    const payment = participant<PaymentService>('payment');
    class Misplaced {
      @SagaStep({ onUnknown: 'probe' })
      charge(id: string) {
        return payment.charge(id);
      }
      @unchecked('charge')
      async wasCharged(_id: string): Promise<never> {
        throw new Error('never called');
      }
    }
    Saga({ name: 'misplaced', version: 1 })(Misplaced as never);
    expect(() => definitionOf(Misplaced, () => new Misplaced())).toThrow(
      'wasCharged is a probe of charge; a probe stands on a participant',
    );
    class Unsure {
      @SagaStep({ onUnknown: 'probe' })
      async charge(_id: string): Promise<void> {}
    }
    expect(refused(Unsure)).toThrow('"charge" has options of a saga\'s step: onUnknown');
  });
});
