import { Kind, Role, type Message } from "../protocol/message";
import type { MemberEntry } from "../protocol/incoming";

/** The members of a room as a screen shows them. A new object whenever something changed. */
export interface PeopleView {
  /** By user id; those who left stay, so that their messages keep a name. */
  readonly members: ReadonlyMap<number, MemberEntry>;
  /** Whether the whole list is known; read counts are shown only then. */
  readonly loaded: boolean;
  /** How many present members other than its sender have not read `message`. */
  unreadOf(message: Message): number;
}

/** Who is in a room and how far each has read it: the list as loaded, kept current by the room's events and marks. */
export class People {
  #members = new Map<number, MemberEntry>();
  #loaded = false;
  #view: PeopleView | null = null;

  get loaded(): boolean {
    return this.#loaded;
  }

  get view(): PeopleView {
    return (this.#view ??= viewOf(new Map(this.#members), this.#loaded));
  }

  /** A page of the list came; `last`: none follows. Marks only rise, so a page older than a live mark does no harm. */
  page(entries: readonly MemberEntry[], last: boolean): void {
    for (const entry of entries) {
      const readMark = Math.max(entry.readMark, this.#members.get(entry.user)?.readMark ?? 0);
      this.#members.set(entry.user, { ...entry, readMark });
    }
    if (last) this.#loaded = true;
    this.#view = null;
  }

  readMark(user: number, upTo: number): void {
    const entry = this.#members.get(user);
    if (entry === undefined || entry.readMark >= upTo) return;
    this.#put({ ...entry, readMark: upTo });
  }

  /** Takes over what a message says about members; any message is also read by its sender. */
  message(message: Message): void {
    this.readMark(message.sender, message.id);
    const user = message.reference;
    const entry = this.#members.get(user);
    if (message.kind === Kind.MemberJoined) {
      const readMark = Math.max(message.id, entry?.readMark ?? 0);
      const name = message.text || (entry?.name ?? "");
      this.#put({ user, name, role: Role.Member, readMark, left: false, office: Role.Member });
    } else if (message.kind === Kind.MemberLeft || message.kind === Kind.MemberRemoved) {
      if (entry !== undefined) this.#put({ ...entry, left: true, office: Role.Member });
    } else if (message.kind === Kind.RoleChanged && entry !== undefined) {
      this.#put({ ...entry, role: message.role });
    } else if (message.kind === Kind.OfficeChanged && entry !== undefined) {
      this.#put({ ...entry, office: message.role });
    }
  }

  #put(entry: MemberEntry): void {
    this.#members.set(entry.user, entry);
    this.#view = null;
  }
}

function viewOf(members: ReadonlyMap<number, MemberEntry>, loaded: boolean): PeopleView {
  const marks: number[] = [];
  for (const member of members.values()) if (!member.left) marks.push(member.readMark);
  marks.sort((a, b) => a - b);
  return {
    members,
    loaded,
    unreadOf(message) {
      const sender = members.get(message.sender);
      const senderCounted = sender !== undefined && !sender.left && sender.readMark < message.id;
      return below(marks, message.id) - (senderCounted ? 1 : 0);
    },
  };
}

/** How many of the rising `marks` lie below `id`. */
function below(marks: readonly number[], id: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
