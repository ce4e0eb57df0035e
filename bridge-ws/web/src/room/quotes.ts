import type { Message } from "../protocol/message";

/** Quoted messages kept beside what is loaded; the one that was put in first makes place. */
const KEPT_MAX = 200;

/** Messages that are quoted and lie outside of what is loaded, each asked for once. */
export class Quotes {
  #kept: ReadonlyMap<number, Message> = new Map();
  readonly #asked = new Set<number>();

  get view(): ReadonlyMap<number, Message> {
    return this.#kept;
  }

  /** Whether it is to be asked for now. */
  wants(id: number): boolean {
    if (this.#asked.has(id)) return false;
    this.#asked.add(id);
    return true;
  }

  put(message: Message): void {
    const kept = [...this.#kept, [message.id, message] as const].slice(-KEPT_MAX);
    this.#kept = new Map(kept);
  }

  /** The connection is gone: what it did not answer may be asked for again. */
  lost(): void {
    this.#asked.clear();
    for (const id of this.#kept.keys()) this.#asked.add(id);
  }
}
