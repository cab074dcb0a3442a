import type { Clock } from '@skald/kernel';

/** Waits that end at once when everything is to end. */
export class Pauses {
  private readonly ending = new Set<() => void>();
  private over = false;

  constructor(private readonly clock: Clock) {}

  get isOver(): boolean {
    return this.over;
  }

  async wait(milliseconds: number): Promise<void> {
    if (this.over) return;
    let end = () => {};
    await new Promise<void>((resolve) => {
      const cancel = this.clock.at(this.clock.now() + milliseconds, resolve);
      end = () => {
        cancel();
        resolve();
      };
      this.ending.add(end);
    });
    this.ending.delete(end);
  }

  end(): void {
    this.over = true;
    for (const end of this.ending) end();
  }
}
