import { uploadFile } from "../api/files";
import type { Connection } from "../connection/connection";
import type { Answer } from "../connection/requests";
import { ErrorCode, endsMembership } from "../protocol/errorCode";
import type { Incoming, Opened } from "../protocol/incoming";
import { HISTORY_LIMIT_MAX, LIST_LIMIT_MAX, UNREAD_MAX } from "../protocol/limits";
import { Kind, type Message } from "../protocol/message";
import * as outgoing from "../protocol/outgoing";
import type { OutboxStorage } from "./outboxStorage";
import { People } from "./people";
import { Quotes } from "./quotes";
import { OwnReadMark } from "./readMark";
import { Retries } from "./retries";
import { Sender } from "./sender";
import type { RoomEntry, RoomState } from "./state";
import { RoomStream } from "./stream";
import { firstPage, STEP, Talk } from "./talk";
import { Uploads } from "./uploads";
import { TYPING_EVERY_MS, Typing } from "./typing";

/** What a room needs from the session around it. */
export interface RoomPorts {
  readonly line: Pick<Connection, "request" | "post">;
  /** The user's id. */
  readonly me: number;
  readonly device: number;
  readonly storage: OutboxStorage;
  /** Something that `state` shows has changed. */
  changed(room: Room): void;
  /** The user is no member any more, or the room is gone. */
  ended(room: Room, code: number): void;
  /** The room has talk, but none of it is loaded yet. */
  wantsPreview(room: Room): void;
  /** The room's stream does not tell all that the listing does: a fresh listing is wanted. */
  wantsListing(): void;
  /** The server follows no further room for this session. */
  tooMany(room: Room): void;
}

/** One room of the user's: its stream, what is loaded of it, and what is on its way to it. */
export class Room {
  #entry: RoomEntry;
  #unread: number;
  /** Up to this id `#unread` has counted: a message that the listing counted must not be counted again. */
  #countedUpTo: number;
  #shown = false;
  /** The room was changed while it was not on the screen; what it is about now is in the listing alone. */
  #descriptionIsOld = false;
  #online: ReadonlySet<number> = new Set();
  #peopleAsked = false;
  /** Newest id when the room was opened last. */
  #openedAtId = 0;
  #typingSentAtMs = -TYPING_EVERY_MS;
  #view: RoomState | null = null;
  readonly #stream: RoomStream;
  readonly #talk: Talk;
  readonly #quotes = new Quotes((id) => this.#askQuoted(id));
  readonly uploads: Uploads;
  readonly #people = new People();
  readonly #typing = new Typing();
  readonly #retries = new Retries();
  readonly #sender: Sender;
  readonly #mark: OwnReadMark;

  constructor(
    entry: RoomEntry,
    private readonly ports: RoomPorts,
  ) {
    this.#entry = entry;
    this.#unread = entry.unread;
    this.#countedUpTo = entry.newestId;
    this.#stream = new RoomStream({
      deliver: (message) => this.#deliver(message),
      askAfter: (id) => this.#askAfter(id),
      restarted: () => this.#talk.restarted(),
    });
    this.#talk = new Talk({
      room: entry.id,
      line: ports.line,
      isLive: () => this.#stream.phase === "live",
      lastSeen: () => this.#stream.lastSeen,
      changed: () => this.#changed(),
    });
    this.uploads = new Uploads(
      (file, sent) => uploadFile(entry.id, file, sent),
      () => this.#changed(),
    );
    this.#sender = new Sender(entry.id, {
      line: ports.line,
      storage: ports.storage,
      changed: () => this.#changed(),
    });
    this.#mark = new OwnReadMark((upTo) => ports.line.post(outgoing.readFrame(entry.id, upTo)));
    this.#mark.confirmed(entry.readMark);
  }

  get id(): number {
    return this.#entry.id;
  }

  get newestId(): number {
    return Math.max(this.#entry.newestId, this.#stream.lastSeen);
  }

  get isOpen(): boolean {
    return this.#stream.phase !== "closed";
  }

  /** The room as it stands. The same object until something changes. */
  get state(): RoomState {
    return (this.#view ??= {
      ...this.#entry,
      newestId: this.newestId,
      readMark: this.#mark.upTo,
      unread: this.#unread,
      current: this.#stream.phase === "live",
      messages: this.#talk.messages,
      live: this.#talk.log.messages,
      withdrawn: this.#talk.log.withdrawn,
      atStart: this.#talk.atStart,
      older: this.#talk.older,
      past: this.#talk.isPast,
      newer: this.#talk.newer,
      target: this.#talk.target,
      quotes: this.#quotes.view,
      notice: this.#unreadNotice(),
      outgoing: this.#sender.entries,
      uploads: this.uploads.entries,
      people: this.#people.view,
      online: this.#online,
      typing: this.#typing.users,
    });
  }

  /** Takes over what a fresh listing says, unless the room's own stream has counted on since. */
  listed(entry: RoomEntry): void {
    if (entry.newestId >= this.#stream.lastSeen && entry.readMark >= this.#mark.upTo) {
      this.#unread = entry.unread;
      this.#countedUpTo = entry.newestId;
    }
    this.#entry = { ...entry, newestId: Math.max(entry.newestId, this.#entry.newestId) };
    this.#changed();
  }

  /** Follows the room from where it was last seen. */
  open(): void {
    const lastSeen = this.#stream.opening();
    this.#request(
      (id) => outgoing.openFrame(this.id, lastSeen, id),
      (answer) => this.#openAnswered(answer),
    );
    this.#changed();
  }

  /** Stops following, to make place for another room. */
  close(): void {
    this.#stream.closed();
    this.#request(
      (id) => outgoing.closeFrame(this.id, id),
      () => {},
    );
    this.#changed();
  }

  /** The connection is gone. */
  lost(): void {
    this.#stream.closed();
    this.#sender.lost();
    this.#online = new Set();
    this.#typing.clear();
    this.#peopleAsked = false;
    this.#retries.forget();
    this.#talk.lost();
    this.#quotes.lost();
    this.#changed();
  }

  /** Ends all of the room's timers; it must not be used afterwards. */
  dispose(): void {
    this.#mark.stop();
    this.#retries.forget();
    this.#sender.lost();
    this.#quotes.lost();
    this.uploads.cancelAll();
  }

  /** A frame of this room that answers no request. */
  frame(frame: Incoming): void {
    switch (frame.op) {
      case "Message":
        this.#stream.message(frame.message);
        break;
      case "Gap":
        this.#stream.gap(frame.newestId);
        break;
      case "ReadMark":
        this.#readMark(frame.user, frame.upTo);
        break;
      case "Typing":
        if (frame.user !== this.ports.me) this.#typing.began(frame.user, Date.now());
        break;
      case "Presence":
        this.#presence(frame.user, frame.online);
        break;
      case "Closed":
        this.#closed(frame.code);
        break;
      default:
        return;
    }
    this.#changed();
  }

  /** The room is on the screen: its talk and members are wanted. */
  show(): void {
    this.#shown = true;
    if (this.#descriptionIsOld) this.#wantDescription();
    this.#want();
  }

  hide(): void {
    this.#shown = false;
    this.readingBack(false);
    this.#talk.toPresent();
  }

  /** While the user reads back, nothing that is loaded is let go of. */
  readingBack(on: boolean): void {
    this.#talk.readingBack(on);
  }

  /** Says something; `reference`: of a reply, what it answers; else 0. */
  say(text: string, kind: Kind = Kind.Talk, reference = 0): void {
    this.#typingSentAtMs = -TYPING_EVERY_MS;
    this.#sender.say(text, kind, reference);
  }

  /** Leads to a message, wherever in the room it is; `state.target` names it once it is loaded. */
  seek(id: number): void {
    this.#talk.seek(id);
  }

  /** Back from a run of the past to the newest. */
  toPresent(): void {
    this.#talk.toPresent();
  }

  /** A message that is quoted and not loaded is wanted. */
  quote(id: number): void {
    if (this.#stream.phase === "live") this.#quotes.want(id);
  }

  retry(key: string): void {
    this.#sender.retry(key);
  }

  discard(key: string): void {
    this.#sender.discard(key);
  }

  /** The user has seen everything up to `id`. */
  read(id: number): void {
    if (!this.#mark.read(id)) return;
    this.#people.readMark(this.ports.me, id);
    this.#recount();
    this.#changed();
  }

  /** The user is typing; the others are told every few seconds. */
  type(): void {
    const now = performance.now();
    if (now - this.#typingSentAtMs < TYPING_EVERY_MS) return;
    this.#typingSentAtMs = now;
    this.ports.line.post(outgoing.typingFrame(this.id));
  }

  /** Forgets who stopped typing without saying so. */
  expireTyping(nowMs: number): void {
    if (this.#typing.expire(nowMs)) this.#changed();
  }

  /** Loads the page before what is looked at; `done` is called however it ends. */
  loadOlder(limit = STEP, done: () => void = () => {}): void {
    this.#talk.loadOlder(limit, (came) => {
      if (came) this.#want();
      done();
    });
  }

  /** Loads the page after a run of the past. */
  loadNewer(): void {
    this.#talk.loadNewer();
  }

  #openAnswered(answer: Answer): void {
    if (answer === null) return;
    if (answer.op === "Opened") this.#opened(answer);
    else if (answer.op === "Busy") this.#retries.later(answer.retryAfterMs, () => this.open());
    else if (answer.op === "Error") this.#openRefused(answer.code, answer.retryAfterMs);
    this.#changed();
  }

  #opened(opened: Opened): void {
    this.#entry = {
      ...this.#entry,
      name: opened.name || this.#entry.name,
      role: opened.role,
      members: opened.members,
      newestId: opened.newestId,
    };
    this.#openedAtId = opened.newestId;
    this.#online = new Set(opened.online);
    const isFirst = this.#stream.lastSeen === 0;
    this.#stream.opened(opened.newestId);
    if (isFirst && opened.newestId > this.#countedUpTo) this.ports.wantsListing();
    this.#confirmMark(opened.readMark);
    this.#sender.opened(this.#stream.lastSeen);
    if (this.#shown) this.#want();
    else if (this.#talk.log.oldestId === 0 && !this.#talk.log.atStart) this.ports.wantsPreview(this);
  }

  #openRefused(code: number, retryAfterMs: number): void {
    this.#stream.closed();
    if (code === ErrorCode.IdFromTheFuture) {
      this.#stream.forget();
      this.open();
    } else if (code === ErrorCode.TooManyRooms) this.ports.tooMany(this);
    else if (endsMembership(code)) this.ports.ended(this, code);
    else this.#retries.later(retryAfterMs, () => this.open());
  }

  #closed(code: number): void {
    this.#stream.closed();
    if (endsMembership(code)) this.ports.ended(this, code);
    else if (code !== 0) this.#retries.later(0, () => this.open());
  }

  /** Asks for what a room on the screen lacks. */
  #want(): void {
    if (!this.#shown || this.#stream.phase === "closed" || this.#stream.phase === "opening") return;
    if (!this.#peopleAsked) this.#loadPeople(0);
    this.#talk.pursue();
    if (!this.#talk.isPast && this.#talk.older === "idle" && this.#talk.messages.length < STEP) {
      this.loadOlder(firstPage(this.#unread));
    }
  }

  #loadPeople(after: number): void {
    this.#peopleAsked = true;
    this.#request(
      (id) => outgoing.membersFrame(this.id, after, LIST_LIMIT_MAX, id),
      (answer) => {
        if (answer === null) return;
        if (answer.op !== "MemberList") {
          this.#retries.later(0, () => this.#loadPeople(after));
          return;
        }
        const last = answer.members.at(-1);
        const more = answer.more && last !== undefined;
        this.#people.page(answer.members, !more);
        if (more) this.#loadPeople(last.user);
        this.#changed();
      },
    );
  }

  #deliver(message: Message): void {
    this.#talk.append(message);
    this.#people.message(message);
    this.#typing.ended(message.sender);
    this.#followRoom(message);
    const isMine = message.sender === this.ports.me;
    if (isMine) this.#mark.wrote(message.id);
    this.#count(message.id, isMine);
    this.#sender.delivered(message, isMine && message.device === this.ports.device);
  }

  /** Who says something has read what came before it. */
  #count(id: number, isMine: boolean): void {
    if (isMine) this.#unread = 0;
    else if (id > this.#countedUpTo) this.#unread = Math.min(this.#unread + 1, UNREAD_MAX);
    this.#countedUpTo = Math.max(this.#countedUpTo, id);
  }

  /** Keeps name, member count and the user's role current; what OPENED already told is not told again. */
  #followRoom(message: Message): void {
    if (message.id <= this.#openedAtId) return;
    const { kind, text, reference } = message;
    const joined = kind === Kind.MemberJoined ? 1 : 0;
    const left = kind === Kind.MemberLeft || kind === Kind.MemberRemoved ? 1 : 0;
    const name = kind === Kind.RoomChanged && text !== "" ? text : this.#entry.name;
    const role = kind === Kind.RoleChanged && reference === this.ports.me ? message.role : this.#entry.role;
    this.#entry = { ...this.#entry, name, role, members: Math.max(0, this.#entry.members + joined - left) };
    if (kind !== Kind.RoomChanged) return;
    this.#descriptionIsOld = true;
    if (this.#shown) this.#wantDescription();
  }

  /** Only who looks at the room asks: the members of a large one must not all ask at once. */
  #wantDescription(): void {
    this.#descriptionIsOld = false;
    this.ports.wantsListing();
  }

  #askQuoted(id: number): void {
    this.#request(
      (request) => outgoing.historyBeforeFrame(this.id, id + 1, 1, request),
      (answer) => {
        if (answer === null) return;
        const found = answer.op === "HistoryPage" ? answer.messages.find((message) => message.id === id) : undefined;
        if (found === undefined) {
          this.#quotes.missing();
          return;
        }
        this.#talk.log.learn([found]);
        this.#quotes.found(found);
        this.#changed();
      },
    );
  }

  #askAfter(after: number): void {
    this.#request(
      (id) => outgoing.historyAfterFrame(this.id, after, HISTORY_LIMIT_MAX, id),
      (answer) => {
        if (answer === null) return;
        if (answer.op === "HistoryPage") this.#stream.page(answer.messages);
        else this.#retries.later("retryAfterMs" in answer ? answer.retryAfterMs : 0, () => this.#stream.askAgain());
        this.#changed();
      },
    );
  }

  #readMark(user: number, upTo: number): void {
    this.#people.readMark(user, upTo);
    if (user === this.ports.me) this.#confirmMark(upTo);
  }

  #confirmMark(upTo: number): void {
    this.#mark.confirmed(upTo);
    this.#recount();
  }

  /** Counts the unread anew after the mark moved, as far as what is loaded tells. */
  #recount(): void {
    const mark = this.#mark.upTo;
    if (mark >= this.newestId) this.#unread = 0;
    else if (this.#talk.log.oldestId !== 0 && this.#talk.log.oldestId <= mark) {
      const after = this.#talk.log.messages.filter((message) => message.id > mark && message.sender !== this.ports.me);
      this.#unread = Math.min(after.length, UNREAD_MAX);
    }
  }

  #presence(user: number, online: boolean): void {
    const present = new Set(this.#online);
    if (online) present.add(user);
    else present.delete(user);
    this.#online = present;
    if (!online) this.#typing.ended(user);
  }

  #unreadNotice(): Message | null {
    const { messages, withdrawn } = this.#talk.log;
    for (let index = messages.length - 1; index >= 0; index--) {
      const message = messages[index];
      if (message === undefined || message.id <= this.#mark.upTo) return null;
      const isNotice = message.kind === Kind.Notice && message.sender !== this.ports.me;
      if (isNotice && !withdrawn.has(message.id)) return message;
    }
    return null;
  }

  #request(encode: (request: number) => outgoing.FrameBytes, onAnswer: (answer: Answer) => void): void {
    this.ports.line.request(encode, onAnswer);
  }

  #changed(): void {
    this.#view = null;
    this.ports.changed(this);
  }
}
