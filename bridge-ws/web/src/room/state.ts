import type { Message, Role } from "../protocol/message";
import type { Outgoing } from "./outbox";
import type { PeopleView } from "./people";
import type { Upload } from "./uploads";

/** What REST lists of a room of the user's. */
export interface RoomEntry {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly role: Role;
  readonly private: boolean;
  readonly members: number;
  readonly readMark: number;
  /** Capped, see UNREAD_MAX. */
  readonly unread: number;
  readonly newestId: number;
}

export type Load = "idle" | "loading" | "failed";

/** A message to bring into sight; `turn` rises, so that the same one can be wanted twice. */
export interface Target {
  readonly id: number;
  readonly turn: number;
}

/** A room as a screen shows it: values that never change, replaced whenever the room does. */
export interface RoomState extends RoomEntry {
  /** Whether what is shown is all there is: not while connecting, opening or filling a gap. */
  readonly current: boolean;
  readonly messages: readonly Message[];
  /** The run that ends at the newest; other than `messages` while `past`. */
  readonly live: readonly Message[];
  readonly withdrawn: ReadonlySet<number>;
  /** Nothing lies before the first of `messages`. */
  readonly atStart: boolean;
  readonly older: Load;
  /** `messages` end before the newest: the user was led to an old message. */
  readonly past: boolean;
  readonly newer: Load;
  readonly target: Target | null;
  /** Messages that are quoted and not among `messages`. */
  readonly quotes: ReadonlyMap<number, Message>;
  /** The newest notice that the user has not read, as far as is loaded. */
  readonly notice: Message | null;
  readonly outgoing: readonly Outgoing[];
  /** Files on their way. */
  readonly uploads: readonly Upload[];
  readonly people: PeopleView;
  readonly online: ReadonlySet<number>;
  /** User ids. */
  readonly typing: readonly number[];
}
