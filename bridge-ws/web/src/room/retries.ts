/** Wait before asking again where the server refused without saying for how long. */
const LEAST_MS = 1_500;

/** What a room does again later, and must not once its connection or itself is gone. */
export class Retries {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  later(waitMs: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        act();
      },
      Math.max(waitMs, LEAST_MS),
    );
    this.#timers.add(timer);
  }

  forget(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
