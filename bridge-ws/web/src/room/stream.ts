import type { Message } from "../protocol/message";

/** What a room's stream asks of its surroundings. */
export interface StreamPort {
  /** The next message of the room, each once, in order. */
  deliver(message: Message): void;
  /** Messages above this id are missing: ask for the history after it. */
  askAfter(id: number): void;
  /** What was delivered before does not join on to what comes now; start over from the newest. */
  restarted(): void;
}

/** Live messages held back while a gap is filled; beyond this they are dropped and asked for like the gap itself. */
const HELD_MAX = 512;

/**
 * A room's messages without gap or duplicate, whatever connections break in between. Each message names the one before
 * it; where that is not the last one seen, the room's history is asked for what lies between.
 */
export class RoomStream {
  #phase: "closed" | "opening" | "live" | "filling" = "closed";
  #lastSeen = 0;
  /** While filling: the id to reach. */
  #target = 0;
  #held: Message[] = [];

  constructor(private readonly port: StreamPort) {}

  get phase(): "closed" | "opening" | "live" | "filling" {
    return this.#phase;
  }

  /** Id of the last message delivered, or of the newest when the room was opened first; 0: none. */
  get lastSeen(): number {
    return this.#lastSeen;
  }

  /** OPEN is being sent; gives the id to send with it. */
  opening(): number {
    this.#phase = "opening";
    this.#held = [];
    this.#target = 0;
    return this.#lastSeen;
  }

  /** OPENED came. What was missed follows it, as messages or as a gap. */
  opened(newestId: number): void {
    if (this.#phase !== "opening") return;
    this.#phase = "live";
    if (this.#lastSeen === 0) {
      this.#lastSeen = newestId;
      this.port.restarted();
    }
  }

  /** A MESSAGE came. */
  message(message: Message): void {
    if (this.#phase === "closed" || this.#phase === "opening" || message.id <= this.#lastSeen) return;
    if (this.#phase === "filling") this.#hold(message);
    else if (message.prevId === this.#lastSeen) this.#deliver(message);
    else this.#missing(message);
  }

  /** A GAP came: messages up to `newestId` were left out. */
  gap(newestId: number): void {
    if (this.#phase === "closed" || newestId <= this.#lastSeen) return;
    if (this.#lastSeen === 0) {
      this.#lastSeen = newestId;
      this.port.restarted();
      return;
    }
    this.#target = Math.max(this.#target, newestId);
    this.#fill();
  }

  /** A page of the history asked for by `askAfter` came, ids rising. */
  page(messages: readonly Message[]): void {
    if (this.#phase !== "filling") return;
    for (const message of messages) {
      if (message.id > this.#lastSeen) this.#deliver(message);
    }
    if (this.#lastSeen < this.#target) {
      if (messages.length > 0) {
        this.port.askAfter(this.#lastSeen);
        return;
      }
      // The server has nothing more although it spoke of more: asking again would go on for ever.
      this.#lastSeen = this.#target;
    }
    this.#phase = "live";
    this.#target = 0;
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.message(message);
  }

  /** The page could not be had yet; asks for it once more, unless the gap is gone. */
  askAgain(): void {
    if (this.#phase === "filling") this.port.askAfter(this.#lastSeen);
  }

  /** The connection or the following ended. What was delivered stays; the next OPEN resumes after it. */
  closed(): void {
    this.#phase = "closed";
    this.#held = [];
    this.#target = 0;
  }

  /** The server does not know the last id seen (it was restored from an older state): start from nothing. */
  forget(): void {
    this.closed();
    this.#lastSeen = 0;
  }

  #missing(message: Message): void {
    if (this.#lastSeen === 0) {
      this.port.restarted();
      this.#deliver(message);
      return;
    }
    this.#target = Math.max(this.#target, message.prevId);
    this.#fill();
    this.#hold(message);
  }

  #fill(): void {
    if (this.#phase === "filling") return;
    this.#phase = "filling";
    this.port.askAfter(this.#lastSeen);
  }

  #hold(message: Message): void {
    if (this.#held.length < HELD_MAX) this.#held.push(message);
    else this.#target = Math.max(this.#target, message.id);
  }

  #deliver(message: Message): void {
    this.#lastSeen = message.id;
    this.port.deliver(message);
  }
}
