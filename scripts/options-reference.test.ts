import { describe, expect, it } from '@jest/globals';
import { type OptionsInterface, optionsInterfaces, optionsOf, optionsReference, problems, renderOptions } from './options-reference.ts';
import { readText } from './repository.ts';

describe('The reference of options', () => {
  it('says what the code says (else run: node scripts/options-reference.ts)', () => {
    expect(readText(optionsReference)).toBe(renderOptions());
  });

  it('has every option of every exported interface, each with its default, and its unit where it is a number', () => {
    expect(problems()).toEqual([]);
  });

  it('reads an option from its declaration and its comment', () => {
    const retry = optionsOf('kernel/RetryOptions', optionsInterfaces());
    expect(retry.find(({ name }) => name === 'attempts')).toEqual({
      name: 'attempts',
      type: 'number',
      isOptional: true,
      text: 'Attempts in all, 1 to 1,000, or `Infinity`.',
      default: '3; 20 past the pivot and for compensations',
    });
  });

  it('has what an interface extends, whole, in part or without a part', () => {
    const all = optionsInterfaces();
    const names = (id: string) => optionsOf(id, all).map(({ name }) => name);
    expect(names('decorators/SagaStepOptions')).toEqual(expect.arrayContaining(['compensation', 'timeout', 'optional']));
    expect(names('app/ConnectOptions')).toEqual(expect.arrayContaining(['bus', 'answerTimeout', 'inboxBatch']));
    expect(names('app/ConnectOptions')).not.toContain('projection');
    expect(names('decorators/SagaSignalOptions').filter((name) => name === 'schema')).toHaveLength(1);
  });
});

describe('An option is refused', () => {
  const withOption = (option: Partial<OptionsInterface['own'][number]>): string[] => {
    const all = new Map(optionsInterfaces());
    const start = all.get('app/StartOptions');
    if (!start) throw new Error('there are no options of start');
    const own = [...start.own, { name: 'fresh', type: 'string', isOptional: true, text: 'Says it.', default: 'none', ...option }];
    return problems(all.set(start.id, { ...start, own }));
  };

  it.each([
    ['without a default', { default: undefined }, 'app/StartOptions.fresh has no default: end its comment with a sentence "Default …."'],
    ['without a word', { text: '', isOptional: false, default: undefined }, 'app/StartOptions.fresh says nothing of itself'],
    ['as a number of nothing', { type: 'number', text: 'How many.' }, 'app/StartOptions.fresh is a number, and does not say of what'],
  ])('%s', (_how, option, problem) => {
    expect(withOption(option)).toEqual([problem]);
  });

  it('and taken with all of that', () => {
    expect(withOption({ type: 'number', text: 'Milliseconds until it ends.' })).toEqual([]);
  });

  it('in an interface that is exported and has no section', () => {
    const fresh = { path: 'packages/decorators/src/fresh.ts', isExported: true, own: [], heritage: [] };
    const withInterface = (one: OptionsInterface) => problems(new Map(optionsInterfaces()).set(one.id, one));
    expect(withInterface({ ...fresh, id: 'decorators/StepOptions' })).toEqual([
      'decorators/StepOptions (packages/decorators/src/fresh.ts) has no section; add it to scripts/options-reference.ts',
    ]);
    expect(withInterface({ ...fresh, id: 'decorators/InnerOptions' })).toEqual([]);
  });
});
