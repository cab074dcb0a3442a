/** The signals of a history: those that came, and those that no step has taken, in their order. */
export class SignalRecord {
  readonly #received = new Set<string>();
  readonly #kept = new Map<string, readonly string[]>();

  has(name: string, id: string): boolean {
    return this.#received.has(`${name} ${id}`);
  }

  keptOf(name: string): readonly string[] {
    return this.#kept.get(name) ?? [];
  }

  receive(name: string, id: string): void {
    this.#received.add(`${name} ${id}`);
    this.#kept.set(name, [...this.keptOf(name), id]);
  }

  /** Whichever it is: that it is the oldest, a law says. */
  take(name: string | undefined, id: string | undefined): void {
    if (name === undefined || id === undefined) return;
    const others = this.keptOf(name).filter((one) => one !== id);
    this.#kept.set(name, others);
  }
}
