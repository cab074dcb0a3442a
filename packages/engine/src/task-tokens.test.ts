import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { TaskTokens, taskOfToken } from './task-tokens.js';

const CLAIM = { sagaId: 'order-é 1', incarnation: 'k3v9q', step: 'scan', round: 2 };
const ASKED = { participant: 'lab', action: 'scan' };
const tokens = new TaskTokens(['a secret of some length']);

describe('A task token', () => {
  const token = tokens.sign(CLAIM, ASKED);

  it('N2: is the same whenever it is made, says where to ask, and what it stands for to whoever knows the secret', () => {
    expect(tokens.sign({ ...CLAIM }, ASKED)).toBe(token);
    expect(taskOfToken(token)).toEqual({ sagaId: 'order-é 1', ...ASKED });
    expect(tokens.verify(token)).toEqual(CLAIM);
    expect(token).toMatch(/^[\w-]+\.[\w-]{43}$/);
  });

  it('N1: is refused when any of its characters is another, or one is missing, or one is added', () => {
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(tokens.verify(`${token.slice(0, at)}${other}${token.slice(at + 1)}`)).toBeUndefined();
      expect(tokens.verify(`${token.slice(0, at)}${token.slice(at + 1)}`)).toBeUndefined();
    }
    for (const more of ['=', ' ', '.', 'A', '\n']) expect(tokens.verify(`${token}${more}`)).toBeUndefined();
  });

  it('N1: is refused where another secret made it, or the same secret something else', () => {
    const [claim = ''] = token.split('.');
    expect(new TaskTokens(['another secret of some length']).verify(token)).toBeUndefined();
    expect(tokens.verify(`${claim}.${Buffer.alloc(32).toString('base64url')}`)).toBeUndefined();
    expect(tokens.verify(`${claim}.`)).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    42,
    '',
    '.',
    'a.b.c',
    'x'.repeat(10_000),
    `${Buffer.from('{}').toString('base64url')}.AAAA`,
    `${Buffer.from('["",1,2,3]').toString('base64url')}.A`,
  ])('is no token: %s', (value) => {
    expect(tokens.verify(value as string)).toBeUndefined();
    expect(() => taskOfToken(value as string)).toThrow(expect.objectContaining({ code: 'task-token-invalid' }));
  });

  it('of an earlier secret is known for as long as that secret is named', () => {
    const next = new TaskTokens(['the secret from now on', 'a secret of some length']);
    expect(next.verify(token)).toEqual(CLAIM);
    expect(next.sign(CLAIM, ASKED)).not.toBe(token);
    expect(next.verify(next.sign(CLAIM, ASKED))).toEqual(CLAIM);
    expect(new TaskTokens(['the secret from now on']).verify(token)).toBeUndefined();
  });

  it('that was made before tokens said who was asked is good all the same', () => {
    const claim = Buffer.from(JSON.stringify(Object.values(CLAIM))).toString('base64url');
    const signature = createHmac('sha256', 'a secret of some length').update(`skald task token 1 ${claim}`).digest('base64url');
    const older = `${claim}.${signature}`;
    expect([tokens.verify(older), taskOfToken(older)]).toEqual([CLAIM, { sagaId: 'order-é 1' }]);
  });

  it('is not made with a secret that could be guessed', () => {
    expect(() => new TaskTokens(['a secret of some length', 'short'])).toThrow(expect.objectContaining({ code: 'task-secret' }));
  });
});
