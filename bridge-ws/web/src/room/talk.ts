import type { Connection } from "../connection/connection";
import type { Answer } from "../connection/requests";
import type { HistoryPage } from "../protocol/incoming";
import { HISTORY_LIMIT_MAX } from "../protocol/limits";
import type { Message } from "../protocol/message";
import { historyAfterFrame, historyBeforeFrame } from "../protocol/outgoing";
import { MessageLog } from "./log";
import { PastRun } from "./past";
import type { Load, Target } from "./state";

/** Messages of one step through the history. */
export const STEP = 50;
/** Messages kept of a room that is not being read back; older ones are loaded again when wanted. */
const KEPT_MAX = 400;
/** Who reads back further than this looks at a run of the past, so that a screen never holds all of a long room. */
const READ_BACK_MAX = 1_000;

export interface TalkPorts {
  readonly room: number;
  readonly line: Pick<Connection, "request">;
  /** The stream stands: pages of history join on to it. */
  isLive(): boolean;
  /** Id of the newest message that the stream delivered. */
  lastSeen(): number;
  changed(): void;
}

/**
 * What is loaded of a room and what of it is looked at: the run that ends at the newest message, or a run of the past
 * to which a search or a quote led. A run of the past that is read on until it meets the newest becomes one with it.
 */
export class Talk {
  readonly log = new MessageLog();
  #past: PastRun | null = null;
  #older: Load = "idle";
  #newer: Load = "idle";
  #readingBack = false;
  /** The message to be led to as soon as the room is open; 0: none. */
  #sought = 0;
  #target: Target | null = null;
  /** Requests of an earlier connection, or about an earlier run, must not touch this one. */
  #run = 0;

  constructor(private readonly ports: TalkPorts) {}

  get messages(): readonly Message[] {
    return (this.#past ?? this.log).messages;
  }

  get atStart(): boolean {
    return (this.#past ?? this.log).atStart;
  }

  get isPast(): boolean {
    return this.#past !== null;
  }

  get older(): Load {
    return this.#older;
  }

  get newer(): Load {
    return this.#newer;
  }

  get target(): Target | null {
    return this.#target;
  }

  append(message: Message): void {
    this.log.append(message);
    if (!this.#readingBack || this.isPast) this.log.trim(KEPT_MAX);
  }

  /** What comes next does not join on to what was loaded. */
  restarted(): void {
    this.log.clear(this.ports.lastSeen() === 0);
    this.#leavePast();
  }

  /** The connection is gone, and with it the answers. */
  lost(): void {
    this.#run++;
    if (this.#older === "loading") this.#older = "idle";
    if (this.#newer === "loading") this.#newer = "idle";
  }

  /** While the user reads back, nothing that is loaded is let go of. */
  readingBack(on: boolean): void {
    this.#readingBack = on;
    if (!on) this.log.trim(KEPT_MAX);
  }

  /** Loads the page before what is looked at; `done` is called however it ends, with whether a page came. */
  loadOlder(limit: number, done: (came: boolean) => void): void {
    if (this.#older === "loading" || this.atStart || !this.ports.isLive()) {
      done(false);
      return;
    }
    this.#older = "loading";
    const run = this.#run;
    this.#ask(
      (id) => historyBeforeFrame(this.ports.room, (this.#past ?? this.log).oldestId, limit, id),
      (page, failed) => {
        if (run === this.#run) {
          this.#older = failed ? "failed" : "idle";
          if (page !== null) this.#prepend(page);
          this.ports.changed();
        }
        done(page !== null);
      },
    );
    this.ports.changed();
  }

  /** Loads the page after a run of the past. */
  loadNewer(): void {
    const past = this.#past;
    if (past === null || this.#newer === "loading" || !this.ports.isLive()) return;
    this.#newer = "loading";
    const run = this.#run;
    this.#ask(
      (id) => historyAfterFrame(this.ports.room, past.newestId, STEP, id),
      (page, failed) => {
        if (run !== this.#run) return;
        this.#newer = failed ? "failed" : "idle";
        if (page !== null) this.#append(past, page);
        this.ports.changed();
      },
    );
    this.ports.changed();
  }

  /** Leads to a message, wherever in the room it is. */
  seek(id: number): void {
    this.#sought = id;
    this.pursue();
  }

  /** Goes on with what was sought before the room was open. */
  pursue(): void {
    const id = this.#sought;
    if (id === 0 || !this.ports.isLive()) return;
    this.#sought = 0;
    if (this.log.oldestId !== 0 && id >= this.log.oldestId) {
      this.#leavePast();
      this.#aim(id);
    } else if (this.#past?.has(id) === true) this.#aim(id);
    else this.#loadAround(id);
  }

  /** Back to the newest. */
  toPresent(): void {
    this.#leavePast();
    this.ports.changed();
  }

  /** Asks for both sides of a message; shown once both are there, so that nothing moves under the eyes. */
  #loadAround(id: number): void {
    const run = ++this.#run;
    let before: HistoryPage | null = null;
    let after: HistoryPage | null = null;
    this.#older = "loading";
    const both = (failed: boolean): void => {
      if (run !== this.#run) return;
      if (failed) this.#older = "failed";
      else if (before !== null && after !== null) {
        this.#older = "idle";
        this.#past = new PastRun([...before.messages], !before.more);
        this.log.learn(before.messages);
        this.#append(this.#past, after);
        this.#aim(before.messages.at(-1)?.id ?? id);
      }
      this.ports.changed();
    };
    this.#ask(
      (request) => historyBeforeFrame(this.ports.room, id + 1, STEP, request),
      (page, failed) => {
        before = page;
        if (page !== null || failed) both(failed);
        else this.#sought = id;
      },
    );
    this.#ask(
      (request) => historyAfterFrame(this.ports.room, id, STEP, request),
      (page, failed) => {
        after = page;
        if (page !== null || failed) both(failed);
        else this.#sought = id;
      },
    );
    this.ports.changed();
  }

  #prepend(page: HistoryPage): void {
    this.log.learn(page.messages);
    if (this.#past !== null) {
      this.#past.prepend(page);
      return;
    }
    this.log.prepend(page.messages, page.more, this.ports.lastSeen());
    if (!this.#readingBack || this.log.messages.length <= READ_BACK_MAX) return;
    this.#past = new PastRun(this.log.messages.slice(0, READ_BACK_MAX), this.log.atStart);
    this.log.trim(KEPT_MAX);
  }

  #append(past: PastRun, page: HistoryPage): void {
    this.log.learn(page.messages);
    past.append(page);
    const meets = this.log.oldestId !== 0 && past.newestId >= this.log.oldestId;
    if (!meets && page.more) return;
    this.log.prepend(past.messages, !past.atStart, this.ports.lastSeen());
    this.#past = null;
  }

  #leavePast(): void {
    if (this.#past === null) return;
    this.#past = null;
    this.#run++;
    this.#older = "idle";
    this.#newer = "idle";
  }

  #aim(id: number): void {
    this.#target = { id, turn: (this.#target?.turn ?? 0) + 1 };
    this.ports.changed();
  }

  /** Asks for a page of history; `failed` where the server refused, null with false where the connection broke. */
  #ask(
    encode: Parameters<TalkPorts["line"]["request"]>[0],
    onPage: (page: HistoryPage | null, failed: boolean) => void,
  ): void {
    this.ports.line.request(encode, (answer: Answer) => {
      if (answer?.op === "HistoryPage") onPage(answer, false);
      else onPage(null, answer !== null);
    });
  }
}

/** How many messages a first look at a room with that many unread wants. */
export function firstPage(unread: number): number {
  return Math.min(HISTORY_LIMIT_MAX, Math.max(STEP, unread + 20));
}
