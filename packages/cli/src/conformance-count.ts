import type { Conformance } from '@skald/audit';
import { EXIT, type ExitCode } from './exit-codes.js';

/** What can come of a history: unreadable are those in the wrong key or shape, encrypted those without a codec, dropped those that nobody can read. */
type Outcome = 'conforms' | 'differs' | 'unreadable' | 'encrypted' | 'key-dropped';

const WORDS: Readonly<Record<Exclude<Outcome, 'conforms' | 'differs'>, string>> = {
  unreadable: 'unreadable',
  encrypted: 'unreadable: encrypted, and no codec is given',
  'key-dropped': 'unreadable: key dropped',
};

export class ConformanceCount {
  private readonly outcomes = new Map<Outcome, number>();
  private decisions = 0;

  /** Whether it conforms; null where that cannot be told. */
  add(result: Conformance): boolean | null {
    const outcome = outcomeOf(result);
    this.outcomes.set(outcome, this.of(outcome) + 1);
    if ('replay' in result) this.decisions += result.replay.decisions;
    return outcome === 'conforms' ? true : outcome === 'differs' ? false : null;
  }

  /** A key that was dropped is no fault, unless that very saga was asked for. */
  exitCode(isOne: boolean): ExitCode {
    if (this.of('differs') + this.of('unreadable') > 0) return EXIT.found;
    return this.of('encrypted') > 0 || (isOne && this.of('key-dropped') > 0) ? EXIT.failed : EXIT.done;
  }

  summary(): string {
    const sagas = this.of('conforms') + this.of('differs');
    const said = `${this.decisions} decisions of ${sagas} ${sagas === 1 ? 'saga' : 'sagas'} replayed`;
    const differ = this.of('differs');
    const end = differ > 0 ? `: ${differ} of them would not come out as recorded` : sagas > 0 ? ': all come out as recorded' : '';
    const rest = (['unreadable', 'encrypted', 'key-dropped'] as const).flatMap((outcome) => {
      const histories = this.of(outcome);
      return histories === 0 ? [] : [`${histories} ${histories === 1 ? 'history' : 'histories'} ${WORDS[outcome]}`];
    });
    return `${[`${said}${end}`, ...rest].join('; ')}.`;
  }

  private of(outcome: Outcome): number {
    return this.outcomes.get(outcome) ?? 0;
  }
}

function outcomeOf(result: Conformance): Outcome {
  if ('replay' in result) return result.replay.difference ? 'differs' : 'conforms';
  return result.problem === 'not-deployed' ? 'differs' : result.problem;
}
