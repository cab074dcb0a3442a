import type { Place } from './limiter.js';

/** More are left out, the last come first; they are in the index. */
const LONGEST = 10_000;

/** Sagas that wait for a slot, the longest waiting first; kept in memory only. */
export class WaitingLine {
  readonly #places = new Map<string, Place>();
  /** In order; those that have left may still stand here. */
  #order: Place[] = [];

  constructor(private readonly longest = LONGEST) {}

  get size(): number {
    return this.#places.size;
  }

  has(sagaId: string): boolean {
    return this.#places.has(sagaId);
  }

  /** False where there was no room for somebody, who is left out. Of two lives of an id the later one waits. */
  add(place: Place): boolean {
    const { sagaId, since } = place;
    if (since <= (this.#places.get(sagaId)?.since ?? Number.NEGATIVE_INFINITY)) return true;
    this.#places.set(sagaId, place);
    this.#insert(place);
    if (this.#places.size <= this.longest) return true;
    this.#tidy();
    const last = this.#order.pop();
    if (last) this.#places.delete(last.sagaId);
    return false;
  }

  /** `since`: not where another life of the id waits, which was started later. */
  remove(sagaId: string, since = Number.POSITIVE_INFINITY): void {
    if ((this.#places.get(sagaId)?.since ?? since) > since) return;
    this.#places.delete(sagaId);
    if (this.#order.length > 2 * this.#places.size + 100) this.#tidy();
  }

  /** The first, up to so many; they stay in the line. */
  first(count: number): Place[] {
    const found: Place[] = [];
    for (const place of this.#order) {
      if (found.length >= count) break;
      if (this.#stands(place)) found.push(place);
    }
    return found;
  }

  /** Nearly all come in the order in which they were started. */
  #insert(place: Place): void {
    let at = this.#order.length;
    while (at > 0 && isLater(this.#order[at - 1], place)) at -= 1;
    this.#order.splice(at, 0, place);
  }

  #tidy(): void {
    this.#order = this.#order.filter((place) => this.#stands(place));
  }

  #stands(place: Place): boolean {
    return this.#places.get(place.sagaId) === place;
  }
}

function isLater(a: Place | undefined, b: Place): boolean {
  return a !== undefined && (a.since > b.since || (a.since === b.since && a.sagaId > b.sagaId));
}
