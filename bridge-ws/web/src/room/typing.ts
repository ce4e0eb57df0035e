/** A TYPING says "now"; it is believed for this long, and repeated by the typist a little more often. */
export const TYPING_SHOWN_MS = 5_000;
export const TYPING_EVERY_MS = 3_000;

/** Who is typing in a room. */
export class Typing {
  readonly #until = new Map<number, number>();
  #view: readonly number[] | null = null;

  /** User ids, in the order in which they began. A new array whenever it changed. */
  get users(): readonly number[] {
    return (this.#view ??= [...this.#until.keys()]);
  }

  began(user: number, nowMs: number): void {
    if (!this.#until.has(user)) this.#view = null;
    this.#until.set(user, nowMs + TYPING_SHOWN_MS);
  }

  ended(user: number): void {
    if (this.#until.delete(user)) this.#view = null;
  }

  /** Forgets whose time is over; true where that changed something. */
  expire(nowMs: number): boolean {
    const before = this.#until.size;
    for (const [user, until] of this.#until) if (until <= nowMs) this.ended(user);
    return this.#until.size !== before;
  }

  clear(): void {
    this.#until.clear();
    this.#view = null;
  }
}
