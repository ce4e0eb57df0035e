import { ErrorCode } from "../protocol/errorCode";
import { SENDS_IN_FLIGHT_MAX } from "../protocol/limits";
import type { Kind } from "../protocol/message";

/** Why the server did not take a message: a code of the protocol, or "busy". */
export interface Refusal {
  readonly code: number | "busy";
  readonly message: string;
  /** The refusal is of a resend: the first attempt may have arrived. */
  readonly uncertain: boolean;
}

/** What a refusal leaves to do: show it, send again at once, or send again after a while. */
export type AfterRefusal = "show" | "send" | "wait";

/** Refusals that speak of the moment alone. */
const PASSING: ReadonlySet<number | "busy"> = new Set([
  "busy",
  ErrorCode.RateLimited,
  ErrorCode.StorageFull,
  ErrorCode.StoreUnavailable,
  ErrorCode.Internal,
]);
/** How far a counter jumps that has fallen behind what the server remembers; sequences last for 4,000 such jumps. */
const JUMP = 1_000_000;

/** One message on its way. */
export interface Outgoing {
  /** Stable through its whole way, retries included. */
  readonly key: string;
  readonly sequence: number;
  readonly text: string;
  readonly kind: Kind;
  readonly reference: number;
  readonly state: "waiting" | "sent" | "stored" | "refused";
  /** It was sent before, and the connection broke before the answer. */
  readonly resend: boolean;
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
    this.#entries = kept.entries.map(ofUnknownOutcome);
  }

  /** Messages on their way, oldest first. A new array whenever it changed. */
  get entries(): readonly Outgoing[] {
    return this.#entries;
  }

  submit(text: string, kind: Kind, reference: number): void {
    const sequence = this.#next++;
    const key = `${sequence}`;
    const entry = {
      key,
      sequence,
      text,
      kind,
      reference,
      state: "waiting",
      resend: false,
      id: 0,
      refusal: null,
    } as const;
    this.#set([...this.#entries, entry]);
  }

  /**
   * The entries to send now, in order, as many as may be in flight; they count as sent from here on. Nothing new goes
   * out while a resend is unsettled, or the server might forget that it has it.
   */
  takeSendable(): Outgoing[] {
    const onTheWay = this.#entries.filter((entry) => entry.state === "sent" || entry.state === "waiting");
    const resends = onTheWay.filter((entry) => entry.resend);
    const inFlight = onTheWay.filter((entry) => entry.state === "sent").length;
    const taken = (resends.length > 0 ? resends : onTheWay)
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

  /** ERROR or BUSY to the send with that sequence. */
  refused(sequence: number, code: number | "busy", message: string): AfterRefusal {
    const entry = this.#entries.find((candidate) => candidate.sequence === sequence && candidate.state === "sent");
    if (entry === undefined) return "show";
    if (code === ErrorCode.SequenceTooOld) {
      // Of a resend this says that it was never stored; of a first send, that this device's counter fell behind.
      if (!entry.resend) this.#next = Math.max(this.#next, sequence + JUMP);
      this.#again(entry);
      return "send";
    }
    if (entry.resend && PASSING.has(code)) {
      this.#replace(entry, { ...entry, state: "waiting" });
      return "wait";
    }
    const refusal = { code, message, uncertain: entry.resend };
    this.#replace(entry, { ...entry, state: "refused", resend: false, refusal });
    return "show";
  }

  /** Sends of unknown outcome wait to go out again under their sequences. */
  connectionLost(): void {
    this.#change(ofUnknownOutcome);
  }

  /** Sends a refused entry again, under a new sequence and therefore behind the others. */
  retry(key: string): void {
    const entry = this.#entries.find((candidate) => candidate.key === key && candidate.state === "refused");
    if (entry !== undefined) this.#again(entry);
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

  #again(entry: Outgoing): void {
    const others = this.#entries.filter((candidate) => candidate !== entry);
    this.#set([...others, { ...entry, sequence: this.#next++, state: "waiting", resend: false, refusal: null }]);
  }

  #replace(entry: Outgoing, changed: Outgoing): void {
    this.#change((candidate) => (candidate === entry ? changed : candidate));
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

function ofUnknownOutcome(entry: Outgoing): Outgoing {
  return entry.state === "sent" ? { ...entry, state: "waiting", resend: true } : entry;
}
