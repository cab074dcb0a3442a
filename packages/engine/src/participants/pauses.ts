import type { Clock } from '@skald/kernel';

/** Waits before something is tried again, which all end when nothing is to be tried any more. */
export class Pauses {
  private readonly ends = new Set<() => void>();
  private stopped = false;

  constructor(private readonly clock: Clock) {}

  /** Answers whether to go on. */
  async pause(milliseconds: number): Promise<boolean> {
    if (this.stopped) return false;
    let end = () => {};
    await new Promise<void>((resolve) => {
      const cancel = this.clock.at(this.clock.now() + milliseconds, resolve);
      end = () => {
        cancel();
        resolve();
      };
      this.ends.add(end);
    });
    this.ends.delete(end);
    return !this.stopped;
  }

  stop(): void {
    this.stopped = true;
    for (const end of this.ends) end();
  }
}
