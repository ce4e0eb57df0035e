import type { Message } from "../protocol/message";

/** Quoted messages kept beside what is loaded, and asked for at once; the first to come makes place. */
const KEPT_MAX = 200;
/** One is asked for after the other, this far apart: pages of history count for much where a server counts requests. */
const EVERY_MS = 100;

/** Messages that are quoted and lie outside of what is loaded, each asked for once. */
export class Quotes {
  #kept: ReadonlyMap<number, Message> = new Map();
  #wanted: number[] = [];
  #asking = 0;
  readonly #missing = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ask` is answered by `found` or `missing`. */
  constructor(private readonly ask: (id: number) => void) {}

  get view(): ReadonlyMap<number, Message> {
    return this.#kept;
  }

  want(id: number): void {
    if (this.#kept.has(id) || this.#missing.has(id) || this.#asking === id || this.#wanted.includes(id)) return;
    this.#wanted = [...this.#wanted, id].slice(-KEPT_MAX);
    if (this.#timer === undefined && this.#asking === 0) this.#next();
  }

  found(message: Message): void {
    this.#kept = new Map([...this.#kept, [message.id, message] as const].slice(-KEPT_MAX));
    this.#answered();
  }

  /** The room has no such message, or refused to tell. */
  missing(): void {
    this.#missing.add(this.#asking);
    this.#answered();
  }

  /** The connection is gone: what it did not answer may be wanted again. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking = 0;
    this.#wanted = [];
    this.#missing.clear();
  }

  #answered(): void {
    this.#asking = 0;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, EVERY_MS);
  }

  #next(): void {
    const id = this.#wanted.shift();
    if (id === undefined) return;
    this.#asking = id;
    this.ask(id);
  }
}
