import type { Connection } from "../connection/connection";
import type { Answer } from "../connection/requests";
import type { Kind, Message } from "../protocol/message";
import { sendFrame } from "../protocol/outgoing";
import { Outbox, type Outgoing } from "./outbox";
import { firstSequence, type OutboxStorage } from "./outboxStorage";
import { Retries } from "./retries";

export interface SenderPorts {
  readonly line: Pick<Connection, "request">;
  readonly storage: OutboxStorage;
  /** What is on its way, or how far it is, has changed. */
  changed(): void;
}

/** Brings what the user says in a room to the server, each message once, whatever breaks in between. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #retries = new Retries();
  #open = false;
  #paused = false;
  /** The room shows everything up to this id, or has let go of it. */
  #seen = 0;

  constructor(
    private readonly room: number,
    private readonly ports: SenderPorts,
  ) {
    const { storage } = ports;
    this.#outbox = new Outbox(storage.load(room), (record) => storage.save(room, record));
    this.#outbox.skipTo(firstSequence(Date.now()));
  }

  /** Messages on their way, oldest first. A new array whenever it changed. */
  get entries(): readonly Outgoing[] {
    return this.#outbox.entries;
  }

  /** `reference`: of a reply, what it answers; else 0. */
  say(text: string, kind: Kind, reference: number): void {
    this.#outbox.submit(text, kind, reference);
    this.#sendWaiting();
  }

  retry(key: string): void {
    this.#outbox.retry(key);
    this.#sendWaiting();
  }

  discard(key: string): void {
    this.#outbox.discard(key);
    this.ports.changed();
  }

  /** The room is open and stands at that id: what waits may go. */
  opened(lastSeen: number): void {
    this.#open = true;
    this.#seen = lastSeen;
    this.#sendWaiting();
  }

  /** The connection is gone, and with it the answers. */
  lost(): void {
    this.#open = false;
    this.#paused = false;
    this.#retries.forget();
    this.#outbox.connectionLost();
    this.ports.changed();
  }

  /** The room shows a message; `own`: it is this device's. What it shows is on its way no more. */
  delivered(message: Message, own: boolean): void {
    this.#seen = message.id;
    if (own) this.#outbox.delivered(message.sequence);
    this.#outbox.deliveredUpTo(message.id);
  }

  #sendWaiting(): void {
    if (this.#open && !this.#paused) {
      for (const entry of this.#outbox.takeSendable()) {
        this.ports.line.request(
          (id) => sendFrame({ ...entry, room: this.room }, id),
          (answer) => this.#answered(entry, answer),
        );
      }
    }
    this.ports.changed();
  }

  #answered(entry: Outgoing, answer: Answer): void {
    if (answer === null) return;
    if (answer.op === "Ack") {
      this.#outbox.acknowledged(answer.sequence, answer.id);
      this.#outbox.deliveredUpTo(this.#seen);
    } else if (answer.op === "Error" || answer.op === "Busy") {
      const code = answer.op === "Busy" ? "busy" : answer.code;
      if (this.#outbox.refused(entry.sequence, code, answer.message) === "wait") this.#pause(answer.retryAfterMs);
    }
    this.#sendWaiting();
  }

  #pause(waitMs: number): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#retries.later(waitMs, () => {
      this.#paused = false;
      this.#sendWaiting();
    });
  }
}
