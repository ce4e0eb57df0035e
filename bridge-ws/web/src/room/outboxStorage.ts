import type { Outgoing, OutboxRecord } from "./outbox";

/**
 * Where outboxes outlive a reload. Sequences count per user, device and room, and so does the key. The counter stays
 * when the user logs out; the messages do not.
 */
export class OutboxStorage {
  /** `storage` null: nothing is kept, for a device id that is not kept either. */
  constructor(
    private readonly storage: Storage | null,
    private readonly user: number,
    private readonly device: number,
  ) {}

  load(room: number): OutboxRecord | null {
    const kept = this.storage?.getItem(this.#key(room));
    if (kept === null || kept === undefined) return null;
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
      // Storage is full: a reload forgets what was on its way. Sequences stay safe, see firstSequence.
    }
  }

  /** Forgets the texts that were on their way, in every room; the counters stay. */
  forgetTexts(): void {
    const prefix = this.#key("");
    for (const key of Object.keys(this.storage ?? {})) {
      const room = Number(key.slice(prefix.length));
      if (!key.startsWith(prefix)) continue;
      const record = this.load(room);
      if (record !== null) this.save(room, { ...record, entries: [] });
    }
  }

  #key(room: number | ""): string {
    return `moim.outbox.${this.user}.${this.device}.${room}`;
  }
}

/**
 * The lowest sequence that a page loaded at `unixMs` gives out: seconds since 2025, good until 2161. A counter lost with
 * the storage would otherwise begin again, and the server take new messages for ones that it has.
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
