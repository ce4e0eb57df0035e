import type { Incoming } from "../protocol/incoming";

/** What came of a request; null: the connection broke first, the outcome is unknown. */
export type Answer = Incoming | null;
export type OnAnswer = (answer: Answer) => void;

/**
 * Requests without an answer yet. Answers are handed over synchronously, in the order of the stream: what follows an
 * OPENED in the same WebSocket message must meet a room that has already seen its OPENED.
 */
export class Requests {
  #next = 1;
  readonly #waiting = new Map<number, OnAnswer>();

  /** Registers a request and gives its id, never 0. */
  add(onAnswer: OnAnswer): number {
    const id = this.#next;
    this.#next = id === 0xffff_ffff ? 1 : id + 1;
    this.#waiting.set(id, onAnswer);
    return id;
  }

  /** Hands `frame` to the request that it answers; false where it answers none. */
  settle(frame: Incoming): boolean {
    const onAnswer = this.#waiting.get(frame.request);
    if (onAnswer === undefined) return false;
    this.#waiting.delete(frame.request);
    onAnswer(frame);
    return true;
  }

  /** Tells every waiting request that its connection is gone. */
  loseAll(): void {
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const onAnswer of lost) onAnswer(null);
  }
}
