/**
 * Task tokens: whoever holds one may say how a round of a step ended. They are made by the managers of sagas, passed on by participants as
 * they are, and looked at again by a manager before anything else sees what came with one.
 *
 * Invariants
 * N1  A token is made with a secret that only managers have: nobody else makes one, or makes another out of one.
 * N2  It is the same for the same round, whichever manager makes it and how often.
 * N3  Its signature is compared in constant time, over the very characters of the claim.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SkaldError, type TaskClaim, type TokenOf } from '@skald/kernel';

const MIN_SECRET = 16;
const MAX_TOKEN = 4_000;
/** Tells a signature of this kind from any other that is made with the same secret. */
const PURPOSE = 'skald task token 1 ';

/** The saga that waits, and who was asked for what; tokens that were made before they said so do not. */
export interface SaidTask {
  readonly sagaId: string;
  readonly participant?: string;
  readonly action?: string;
}

export class TaskTokens {
  /** `secrets`: the first signs, all verify, so that one can be replaced by another. Throws `task-secret`. */
  constructor(private readonly secrets: readonly [string, ...(readonly string[])]) {
    const short = secrets.find((secret) => typeof secret !== 'string' || secret.length < MIN_SECRET);
    if (short === undefined) return;
    const remedy = `Give at least ${MIN_SECRET} characters that nobody can guess; 32 random bytes are usual.`;
    throw new SkaldError('task-secret', { problem: 'a secret is too short', remedy });
  }

  readonly sign: TokenOf = ({ sagaId, incarnation, step, round }, { participant, action }) => {
    const claim = Buffer.from(JSON.stringify([sagaId, incarnation, step, round, participant, action])).toString('base64url');
    return `${claim}.${signature(claim, this.secrets[0]).toString('base64url')}`;
  };

  /** What the token stands for; undefined where it was not made here. */
  verify(token: string): TaskClaim | undefined {
    const [claim, signed] = partsOf(token);
    if (claim === undefined || signed === undefined) return undefined;
    const given = Buffer.from(signed, 'base64url');
    // Base64url has several texts for some bytes: only the one that was given out is a token.
    if (given.toString('base64url') !== signed) return undefined;
    const isOurs = this.secrets.map((secret) => isEqual(given, signature(claim, secret))).includes(true);
    return isOurs ? read(claim)?.claim : undefined;
  }
}

/** What a token says that it is for. Not verified: it shows where to ask, and what for. Throws `task-token-invalid`. */
export function taskOfToken(token: string): SaidTask {
  const [claim] = partsOf(token);
  const said = claim === undefined ? undefined : read(claim);
  if (said === undefined) throw new SkaldError('task-token-invalid', { problem: 'it is not one' });
  const { participant, action } = said;
  return { sagaId: said.claim.sagaId, ...(participant !== undefined && { participant }), ...(action !== undefined && { action }) };
}

function partsOf(token: unknown): readonly (string | undefined)[] {
  const parts = typeof token === 'string' && token.length <= MAX_TOKEN ? token.split('.') : [];
  return parts.length === 2 ? parts : [];
}

function signature(claim: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(PURPOSE).update(claim).digest();
}

function isEqual(given: Buffer, own: Buffer): boolean {
  return given.length === own.length && timingSafeEqual(given, own);
}

function read(text: string): (Omit<SaidTask, 'sagaId'> & { readonly claim: TaskClaim }) | undefined {
  try {
    const [sagaId, incarnation, step, round, participant, action] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    const isClaim =
      typeof sagaId === 'string' && typeof incarnation === 'string' && typeof step === 'string' && Number.isSafeInteger(round);
    if (!isClaim || sagaId.length === 0) return undefined;
    const claim = { sagaId, incarnation, step, round: round as number };
    return typeof participant === 'string' && typeof action === 'string' ? { claim, participant, action } : { claim };
  } catch {
    return undefined;
  }
}
