import type { Outgoing, OutboxRecord } from "./outbox";

/**
 * Where outboxes outlive a reload. Sequences count per user, device and room, and so does the key. The counter stays
 * when the user logs out; the messages do not.
 */
export class OutboxStorage {
  /** What only this session knows: rooms come and go in it, and their counters must not begin again. */
  readonly #unkept = new Map<number, OutboxRecord>();

  /**
   * `storage` null: records last as long as the session, for a device id that does the same. `unkept` is told when
   * storage refuses a record: the device id must not be used again after this session.
   */
  constructor(
    private storage: Storage | null,
    private readonly user: number,
    private readonly device: number,
    private readonly unkept: () => void,
  ) {}

  load(room: number): OutboxRecord | null {
    if (this.storage === null) return this.#unkept.get(room) ?? null;
    const kept = this.storage.getItem(this.#key(room));
    if (kept === null) return null;
    try {
      return readRecord(JSON.parse(kept));
    } catch {
      return null;
    }
  }

  save(room: number, record: OutboxRecord): void {
    try {
      this.storage?.setItem(this.#key(room), JSON.stringify(record));
    } catch {
      this.#giveUp();
    }
    if (this.storage === null) this.#unkept.set(room, record);
  }

  /** Forgets the texts that were on their way, in every room; the counters stay. */
  forgetTexts(): void {
    const prefix = this.#key("");
    for (const key of Object.keys(this.storage ?? {})) {
      if (!key.startsWith(prefix)) continue;
      const room = Number(key.slice(prefix.length));
      const record = this.load(room);
      if (record !== null) this.save(room, { ...record, entries: [] });
    }
  }

  /**
   * Storage is full. A reload would find counters below sequences that were used by then, and the server would take new
   * messages for old ones; therefore the device ends with this session, and a reload forgets what was on its way.
   */
  #giveUp(): void {
    this.unkept();
    for (const key of Object.keys(this.storage ?? {})) {
      const [app, kind, user, device, room] = key.split(".");
      if (app !== "moim" || kind !== "outbox" || Number(device) !== this.device) continue;
      const record = Number(user) === this.user ? this.load(Number(room)) : null;
      if (record !== null) this.#unkept.set(Number(room), record);
      this.storage?.removeItem(key);
    }
    this.storage = null;
  }

  #key(room: number | ""): string {
    return `moim.outbox.${this.user}.${this.device}.${room}`;
  }
}

/**
 * The lowest sequence that a page loaded at `unixMs` gives out: seconds since 2025, good until 2161. Above what was used
 * before only where that was less than one a second: a help where the user edited a record, not what makes sequences
 * safe. That is the counter, and the end of the device where it cannot be kept.
 */
export function firstSequence(unixMs: number): number {
  return Math.max(1, Math.floor((unixMs - Date.UTC(2025, 0, 1)) / 1000));
}

/** A record as kept, or null where it is not one: storage is the user's to edit. */
function readRecord(kept: unknown): OutboxRecord | null {
  if (typeof kept !== "object" || kept === null) return null;
  const { next, entries } = kept as Partial<OutboxRecord>;
  if (typeof next !== "number" || !Number.isInteger(next) || next < 1 || !Array.isArray(entries)) return null;
  return { next, entries: entries.filter(isOutgoing) };
}

function isOutgoing(entry: unknown): entry is Outgoing {
  if (typeof entry !== "object" || entry === null) return false;
  const { key, sequence, text, state, resend } = entry as Partial<Outgoing>;
  const isText = typeof key === "string" && typeof text === "string" && typeof state === "string";
  return isText && Number.isInteger(sequence) && typeof resend === "boolean";
}
