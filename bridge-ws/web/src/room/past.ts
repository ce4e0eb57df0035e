import type { HistoryPage } from "../protocol/incoming";
import type { Message } from "../protocol/message";

/** Messages of a past run; what lies beyond on the other side is let go of and can be loaded again. */
const RUN_MAX = 1_000;

/** One unbroken run of messages somewhere in the past, with newer ones after it that are not loaded. */
export class PastRun {
  #messages: readonly Message[];
  #atStart: boolean;

  constructor(messages: readonly Message[], atStart: boolean) {
    this.#messages = messages;
    this.#atStart = atStart;
  }

  /** Ids rising, at least one. A new array whenever it changed. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  get atStart(): boolean {
    return this.#atStart;
  }

  get oldestId(): number {
    return this.#messages[0]?.id ?? 0;
  }

  get newestId(): number {
    return this.#messages.at(-1)?.id ?? 0;
  }

  has(id: number): boolean {
    return this.#messages.some((message) => message.id === id);
  }

  /** The page before the run came. */
  prepend({ messages, more }: HistoryPage): void {
    const older = messages.filter((message) => message.id < this.oldestId);
    this.#messages = [...older, ...this.#messages].slice(0, RUN_MAX);
    this.#atStart = !more;
  }

  /** The page after the run came. */
  append({ messages }: HistoryPage): void {
    const newer = messages.filter((message) => message.id > this.newestId);
    const all = [...this.#messages, ...newer];
    this.#messages = all.slice(-RUN_MAX);
    this.#atStart &&= all.length <= RUN_MAX;
  }
}
