import { afterEach, describe, expect, it } from '@jest/globals';
import { brokers, closeAll, connect, uniquePrefix, until, whyNot } from './kafka-subject.contract.js';
import type { LogLine } from './log.js';

const QUICK = { sessionTimeout: 6_000, heartbeatInterval: 200, maxWaitTimeInMs: 50 };

(brokers ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('B24: A manager whose clock is wrong', () => {
  afterEach(closeAll);

  it('gets no part of the inbox; a participant may be as wrong as it likes', async () => {
    const bus = await connect(uniquePrefix('clock'), { now: () => Date.now() - 20_000 });
    await expect(bus.consume({ to: 'inbox' }, () => {})).rejects.toMatchObject({ code: 'clock-differs' });
    await bus.consume({ to: 'participant', participant: 'payment' }, () => {});
  });

  it('leaves its part to others, and has one again when the clock is right', async () => {
    const prefix = uniquePrefix('clock');
    let off = 0;
    const lines: LogLine[] = [];
    const options = { consumer: QUICK, clockCheckInterval: 200 };
    const [wrong, other] = [
      await connect(prefix, { ...options, now: () => Date.now() + off, log: (line) => void lines.push(line) }),
      await connect(prefix, options),
    ];
    const owned = { wrong: new Set<number>(), other: new Set<number>() };
    const owner = (own: Set<number>) => ({
      assigned: (partitions: readonly number[]) => partitions.forEach((one) => void own.add(one)),
      revoked: (partitions: readonly number[]) => partitions.forEach((one) => void own.delete(one)),
    });
    await wrong.consume({ to: 'inbox' }, () => {}, owner(owned.wrong));
    await other.consume({ to: 'inbox' }, () => {}, owner(owned.other));
    await until(() => owned.wrong.size === 2 && owned.other.size === 2);
    off = 3_000;
    await until(() => lines.some(({ level, about }) => level === 'warn' && Number(about['milliseconds']) > 1_000));
    expect(owned.wrong.size).toBe(2);
    off = 20_000;
    await until(() => owned.other.size === 4);
    expect(owned.wrong.size).toBe(0);
    off = 0;
    await until(() => owned.wrong.size === 2 && owned.other.size === 2);
  });
});
