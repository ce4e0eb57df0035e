import { SENDS_IN_FLIGHT_MAX } from "../protocol/limits";
import type { Kind } from "../protocol/message";

/** Why the server did not take a message: a code of the protocol, or "busy". */
export interface Refusal {
  readonly code: number | "busy";
  readonly message: string;
}

/** One message on its way. */
export interface Outgoing {
  /** Stable through its whole way, retries included. */
  readonly key: string;
  readonly sequence: number;
  readonly text: string;
  readonly kind: Kind;
  readonly reference: number;
  readonly state: "waiting" | "sent" | "stored" | "refused";
  /** Once stored, its message id; else 0. */
  readonly id: number;
  readonly refusal: Refusal | null;
}

/** What outlives a reload. */
export interface OutboxRecord {
  readonly next: number;
  readonly entries: readonly Outgoing[];
}

/**
 * A room's messages between the keyboard and the server's promise. A sequence is used up by its first send: a send of
 * unknown outcome goes out again under the same one, a refused one only under a new one.
 */
export class Outbox {
  #next = 1;
  #entries: Outgoing[] = [];

  /** `save` must have stored the record when it returns: a sequence given out twice would swallow a message. */
  constructor(
    kept: OutboxRecord | null,
    private readonly save: (record: OutboxRecord) => void,
  ) {
    if (kept === null) return;
    this.#next = kept.next;
    this.#entries = kept.entries.map((entry) => (entry.state === "sent" ? { ...entry, state: "waiting" } : entry));
  }

  /** Messages on their way, oldest first. A new array whenever it changed. */
  get entries(): readonly Outgoing[] {
    return this.#entries;
  }

  submit(text: string, kind: Kind, reference: number): void {
    const sequence = this.#next++;
    const key = `${sequence}`;
    this.#set([...this.#entries, { key, sequence, text, kind, reference, state: "waiting", id: 0, refusal: null }]);
  }

  /** The entries to send now, in order, as many as may be in flight; they count as sent from here on. */
  takeSendable(): Outgoing[] {
    const inFlight = this.#entries.filter((entry) => entry.state === "sent").length;
    const taken = this.#entries
      .filter((entry) => entry.state === "waiting")
      .slice(0, Math.max(0, SENDS_IN_FLIGHT_MAX - inFlight));
    this.#change((entry) => (taken.includes(entry) ? { ...entry, state: "sent" } : entry));
    return taken;
  }

  /** ACK: the entry is stored; it stays until its message was seen in the room. */
  acknowledged(sequence: number, id: number): void {
    this.#change((entry) => (entry.sequence === sequence ? { ...entry, state: "stored", id, refusal: null } : entry));
  }

  /** The message itself came back, or everything up to `lastSeen` did: what is in the room is on its way no more. */
  delivered(sequence: number): void {
    this.#set(this.#entries.filter((entry) => entry.sequence !== sequence));
  }

  deliveredUpTo(lastSeen: number): void {
    this.#set(this.#entries.filter((entry) => entry.state !== "stored" || entry.id > lastSeen));
  }

  refused(sequence: number, refusal: Refusal): void {
    this.#change((entry) => (entry.sequence === sequence ? { ...entry, state: "refused", refusal } : entry));
  }

  /** Sends of unknown outcome wait to go out again under their sequences. */
  connectionLost(): void {
    this.#change((entry) => (entry.state === "sent" ? { ...entry, state: "waiting" } : entry));
  }

  /** Sends a refused entry again, under a new sequence and therefore behind the others. */
  retry(key: string): void {
    const entry = this.#entries.find((candidate) => candidate.key === key && candidate.state === "refused");
    if (entry === undefined) return;
    const others = this.#entries.filter((candidate) => candidate !== entry);
    this.#set([...others, { ...entry, sequence: this.#next++, state: "waiting", refusal: null }]);
  }

  discard(key: string): void {
    this.#set(this.#entries.filter((entry) => entry.key !== key || entry.state !== "refused"));
  }

  /** Goes on from at least `sequence`, where the server remembers more of this device than the device itself. */
  skipTo(sequence: number): void {
    if (sequence <= this.#next) return;
    this.#next = sequence;
    this.#set(this.#entries);
  }

  #change(each: (entry: Outgoing) => Outgoing): void {
    const changed = this.#entries.map(each);
    if (changed.some((entry, index) => entry !== this.#entries[index])) this.#set(changed);
  }

  #set(entries: Outgoing[]): void {
    this.#entries = entries;
    this.save({ next: this.#next, entries });
  }
}
