import { logOut, whoAmI, type Me } from "../api/account";
import { claimDevice, type Device } from "../connection/device";
import { ErrorCode } from "../protocol/errorCode";
import type { RoomState } from "../room/state";
import { Store } from "../store/store";
import { Session } from "./session";

/** Where the page stands as a whole. */
export type AppState =
  | { readonly phase: "checking" }
  | { readonly phase: "unreachable" }
  /** Nobody is logged in; `ended`: somebody was, until the server ended it. */
  | { readonly phase: "entry"; readonly ended: boolean }
  | { readonly phase: "session"; readonly session: Session };

/** Something to tell the user in passing. */
export interface Notice {
  readonly id: number;
  readonly what: "roomDeleted" | "notAMember";
  readonly room: string;
}

/** The whole page: who is logged in, and the session while somebody is. */
export class App {
  readonly state = new Store<AppState>({ phase: "checking" });
  readonly notices = new Store<readonly Notice[]>([]);
  #device: Promise<Device> | null = null;
  #nextNotice = 1;

  /** Asks the server who is logged in and shows what follows from it. */
  async begin(ended = false): Promise<void> {
    this.state.set({ phase: "checking" });
    try {
      const me = await whoAmI();
      if (me === null) this.state.set({ phase: "entry", ended });
      else await this.#enter(me);
    } catch {
      this.state.set({ phase: "unreachable" });
    }
  }

  async leave(): Promise<void> {
    const { value } = this.state;
    if (value.phase !== "session") return;
    value.session.stop(true);
    try {
      await logOut();
    } finally {
      await this.begin();
    }
  }

  dismiss(id: number): void {
    this.notices.set(this.notices.value.filter((notice) => notice.id !== id));
  }

  async #enter(me: Me): Promise<void> {
    const session = new Session(me, await this.#claimDevice(), {
      loginEnded: () => void this.begin(true),
      roomEnded: (room, code) => this.#roomEnded(room, code),
    });
    this.state.set({ phase: "session", session });
    session.start();
  }

  /** This tab's device; one whose counters are not kept ended with the session that had them. */
  async #claimDevice(): Promise<Device> {
    const held = await this.#device;
    if (held === null || held.lasting === null) this.#device = claimDevice(lastingStorage());
    return (await this.#device) as Device;
  }

  #roomEnded(room: RoomState, code: number): void {
    const what = code === ErrorCode.RoomDeleted ? "roomDeleted" : "notAMember";
    this.notices.set([...this.notices.value, { id: this.#nextNotice++, what, room: room.name }]);
  }
}

function lastingStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
