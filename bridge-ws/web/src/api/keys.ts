import { ApiError, newKey } from "./http";

/** Requests kept without an answer; of more, the oldest is forgotten. */
const KEPT_MAX = 100;

/**
 * Keys of requests to move money that the server has not said it carried out. What is asked once more, by the same
 * dialog or a later one, goes under the key that it had, so that it moves once though an answer was lost.
 */
export class Keys {
  readonly #unanswered = new Map<string, string>();

  /** Does `act` under the key of `what`, until it is done. */
  async once(what: string, act: (key: string) => Promise<void>): Promise<void> {
    const key = this.#unanswered.get(what) ?? newKey();
    this.#keep(what, key);
    try {
      await act(key);
    } catch (fault) {
      // A refusal leaves no key with the server, and tells nothing of an earlier try whose answer was lost: it stays.
      if (isDoneOtherwise(fault)) this.#unanswered.delete(what);
      throw fault;
    }
    this.#unanswered.delete(what);
  }

  #keep(what: string, key: string): void {
    this.#unanswered.set(what, key);
    if (this.#unanswered.size <= KEPT_MAX) return;
    const [oldest] = this.#unanswered.keys();
    if (oldest !== undefined) this.#unanswered.delete(oldest);
  }
}

/** Whether an earlier try was carried out, which differed in what its key does not tell of, such as a note. */
export function isDoneOtherwise(fault: unknown): boolean {
  return fault instanceof ApiError && fault.fault === "KeyReused";
}
