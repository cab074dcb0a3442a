/** Who issues the cards: decides whether one may be charged. The demo's decides by the faults that were asked for. */
export abstract class CardIssuer {
  abstract declines(orderId: string, amount: number): boolean;
  abstract suspects(orderId: string): boolean;
}
