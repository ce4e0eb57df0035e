import { whoAmI, type Me } from "../api/account";
import { Keys } from "../api/keys";
import { deleteRoom, leaveRoom, myRoomIds, myRooms } from "../api/rooms";
import { Connection, type Link } from "../connection/connection";
import type { Device } from "../connection/device";
import type { Incoming } from "../protocol/incoming";
import { Kind } from "../protocol/message";
import { OutboxStorage } from "../room/outboxStorage";
import { Room } from "../room/room";
import type { RoomEntry, RoomState } from "../room/state";
import { Store } from "../store/store";
import { Previews } from "./previews";

/** A listing older than this is fetched anew when the page is looked at again. */
const LISTING_FRESH_MS = 20_000;
/** The same when the connection stands again: the first connect finds a listing that was just fetched. */
const LISTING_AT_CONNECT_MS = 3_000;
/**
 * While the page is looked at, it asks this often whether it is in other rooms than it knows: the protocol has no frame
 * that says one was invited.
 */
const INVITATIONS_EVERY_MS = 8_000;

/** What the screens of a logged-in user show. */
export interface SessionState {
  readonly link: Link;
  /** The most recently used first; null: not known yet. */
  readonly rooms: readonly RoomState[] | null;
  /** The listing could not be had. */
  readonly listingFailed: boolean;
}

export interface SessionEvents {
  /** The login is over: back to the entry page. */
  loginEnded(): void;
  /** The user is not in this room any more, and it was not his own doing. */
  roomEnded(room: RoomState, code: number): void;
}

/** Everything of one logged-in user: the connection, his rooms, and the state that the screens follow. */
export class Session {
  readonly state = new Store<SessionState>({ link: { phase: "connecting" }, rooms: null, listingFailed: false });
  /** What was begun in each room and not sent, for as long as the session lasts. */
  readonly drafts = new Map<number, string>();
  /** Of money that was asked to move. */
  readonly keys = new Keys();
  readonly #connection: Connection;
  readonly #storage: OutboxStorage;
  readonly #rooms = new Map<number, Room>();
  readonly #previews = new Previews();
  #shown = 0;
  #listedAtMs = -LISTING_FRESH_MS;
  #dirty = false;
  #clock: ReturnType<typeof setInterval> | undefined;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #askedForRoomsAtMs = 0;
  /** The room that the user is leaving or deleting, so that its end is no news to him. */
  #leaving = 0;

  constructor(
    readonly me: Me,
    private readonly device: Device,
    private readonly events: SessionEvents,
  ) {
    this.#storage = new OutboxStorage(device.lasting, me.id, device.id, () => device.spend());
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.#connection = new Connection(`${scheme}://${location.host}/ws`, device.id, {
      link: (link) => this.state.set({ ...this.state.value, link }),
      online: () => this.#online(),
      offline: () => this.#offline(),
      frame: (frame) => this.#frame(frame),
      drained: () => this.#publish(),
      unwelcome: () => void this.#checkLogin(),
      loginEnded: () => this.#end(),
    });
  }

  start(): void {
    addEventListener("online", this.reconnect);
    document.addEventListener("visibilitychange", this.#lookedAt);
    this.#clock = setInterval(() => this.#tick(), 1_000);
    this.#connection.connect();
    void this.refresh();
  }

  /** Whether it was ended, by the user or by the server. */
  get isOver(): boolean {
    return this.state.value.link.phase === "stopped";
  }

  /** Ends everything. `forget`: what is on its way is not to be found by the next user of this browser. */
  stop(forget: boolean): void {
    removeEventListener("online", this.reconnect);
    document.removeEventListener("visibilitychange", this.#lookedAt);
    clearInterval(this.#clock);
    clearTimeout(this.#refreshTimer);
    this.#connection.stop();
    for (const room of this.#rooms.values()) room.dispose();
    if (forget) this.#storage.forgetTexts();
  }

  /** Connects now instead of when the wait is over. */
  readonly reconnect = (): void => this.#connection.connect();

  /** Fetches the listing; rooms that are new are opened, rooms that are gone are let go of. */
  async refresh(): Promise<void> {
    const startedAtMs = performance.now();
    this.#listedAtMs = startedAtMs;
    try {
      const entries = await myRooms();
      // Of two listings under way only the later one counts: the earlier may lack a room that was just joined.
      if (this.#listedAtMs !== startedAtMs) return;
      this.#listed(entries);
      this.state.set({ ...this.state.value, listingFailed: false });
    } catch {
      if (this.#listedAtMs !== startedAtMs) return;
      this.#listedAtMs = -LISTING_FRESH_MS;
      this.state.set({ ...this.state.value, listingFailed: true });
    }
  }

  room(id: number): Room | undefined {
    return this.#rooms.get(id);
  }

  /** Puts a room on the screen; 0: none. */
  show(id: number): void {
    if (id === this.#shown) return;
    this.#rooms.get(this.#shown)?.hide();
    this.#shown = id;
    const room = this.#rooms.get(id);
    room?.show();
    if (room !== undefined && !room.isOpen && this.#connection.isOnline) room.open();
  }

  leave(id: number): Promise<void> {
    return this.#part(id, leaveRoom);
  }

  /** Deletes a room for everybody. */
  delete(id: number): Promise<void> {
    return this.#part(id, deleteRoom);
  }

  async #part(id: number, act: (room: number) => Promise<void>): Promise<void> {
    this.#leaving = id;
    try {
      await act(id);
    } finally {
      this.#leaving = 0;
    }
    this.#forget(id);
    this.#publish();
  }

  #online(): void {
    for (const room of this.#rooms.values()) room.open();
    if (this.#listingIsOlderThan(LISTING_AT_CONNECT_MS)) void this.refresh();
  }

  /** However many rooms ask for it in one turn, the listing is fetched once. */
  #refreshSoon(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => void this.refresh(), 0);
  }

  #listingIsOlderThan(ms: number): boolean {
    return performance.now() - this.#listedAtMs > ms;
  }

  #offline(): void {
    this.#previews.clear();
    for (const room of this.#rooms.values()) room.lost();
    this.#publish();
  }

  #frame(frame: Incoming): void {
    if ("room" in frame) this.#rooms.get(frame.room)?.frame(frame);
    else if (frame.op === "Error") console.warn(`the server reports ${frame.code}: ${frame.message}`);
  }

  #listed(entries: readonly RoomEntry[]): void {
    const listed = new Set(entries.map((entry) => entry.id));
    for (const id of this.#rooms.keys()) if (!listed.has(id)) this.#forget(id);
    for (const entry of entries) {
      const known = this.#rooms.get(entry.id);
      if (known === undefined) this.#add(entry);
      else known.listed(entry);
    }
    this.#dirty = true;
    this.#publish();
  }

  #add(entry: RoomEntry): void {
    const room = new Room(entry, {
      line: this.#connection,
      me: this.me.id,
      device: this.device.id,
      storage: this.#storage,
      changed: () => this.#touch(),
      ended: (ended, code) => this.#roomEnded(ended, code),
      wantsListing: () => this.#refreshSoon(),
      wantsPreview: (wanting) => this.#previews.want(wanting),
      tooMany: (wanting) => this.#makePlace(wanting),
    });
    this.#rooms.set(entry.id, room);
    if (entry.id === this.#shown) room.show();
    if (this.#connection.isOnline) room.open();
  }

  #roomEnded(room: Room, code: number): void {
    if (!this.#isOwnDoing(room)) this.events.roomEnded(room.state, code);
    this.#forget(room.id);
    this.#publish();
  }

  /** Whether the user left by himself, here or in another tab. */
  #isOwnDoing(room: Room): boolean {
    const last = room.state.messages.at(-1);
    return room.id === this.#leaving || (last?.kind === Kind.MemberLeft && last.reference === this.me.id);
  }

  #forget(id: number): void {
    this.#rooms.get(id)?.dispose();
    this.#rooms.delete(id);
    this.#dirty = true;
  }

  /** The room on the screen is followed before others; of those the one that was quiet longest makes place. */
  #makePlace(room: Room): void {
    if (room.id !== this.#shown) return;
    const followed = [...this.#rooms.values()].filter((other) => other.isOpen && other !== room);
    const quietest = followed.sort((a, b) => a.newestId - b.newestId)[0];
    if (quietest === undefined) return;
    quietest.close();
    room.open();
  }

  /** A refused login and a dead server look the same to a WebSocket; HTTP can tell them apart. */
  async #checkLogin(): Promise<void> {
    try {
      if ((await whoAmI()) === null) this.#end();
    } catch {
      // No answer at all: the connection goes on trying by itself.
    }
  }

  #end(): void {
    this.stop(false);
    this.events.loginEnded();
  }

  readonly #lookedAt = (): void => {
    if (document.visibilityState !== "visible") return;
    this.#connection.connect();
    if (this.#listingIsOlderThan(LISTING_FRESH_MS)) void this.refresh();
  };

  #tick(): void {
    const nowMs = Date.now();
    for (const room of this.#rooms.values()) room.expireTyping(nowMs);
    this.#publish();
    if (document.visibilityState === "visible") void this.#lookForInvitations();
  }

  async #lookForInvitations(): Promise<void> {
    const nowMs = performance.now();
    const isDue = nowMs - Math.max(this.#listedAtMs, this.#askedForRoomsAtMs) > INVITATIONS_EVERY_MS;
    if (!isDue || !this.#connection.isOnline) return;
    this.#askedForRoomsAtMs = nowMs;
    try {
      const ids = await myRoomIds();
      if (ids.some((id) => !this.#rooms.has(id))) await this.refresh();
    } catch {
      // Asked again soon; what is wrong with the server shows elsewhere.
    }
  }

  /** Marks the state for redrawing: once for a whole piece of the stream, or at the end of this turn. */
  #touch(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => this.#publish());
  }

  #publish(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    const rooms = [...this.#rooms.values()].sort((a, b) => b.newestId - a.newestId || b.id - a.id);
    this.state.set({ ...this.state.value, rooms: rooms.map((room) => room.state) });
  }
}
