import { changeAccount, deleteAccount, logIn, logOut, whoAmI, type Me } from "../api/account";
import { claimDevice, type Device } from "../connection/device";
import { ErrorCode } from "../protocol/errorCode";
import type { RoomState } from "../room/state";
import { Store } from "../store/store";
import type { Outcome } from "./outcome";
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
  readonly what: "roomDeleted" | "notAMember" | "invited" | "accountChanged" | "tooManyFiles" | "oauth";
  /** The room's name, or the person's, or the outcome. */
  readonly name: string;
}

/** What the account is to be from here on. */
export interface AccountChange {
  readonly name: string;
  readonly email: string;
  /** Empty: as it is. */
  readonly newPassword: string;
}

/** The whole page: who is logged in, and the session while somebody is. */
export class App {
  readonly state = new Store<AppState>({ phase: "checking" });
  readonly notices = new Store<readonly Notice[]>([]);
  /** What is left to tell of a login by a provider. */
  readonly outcome: Store<Outcome | null>;
  #device: Promise<Device> | null = null;
  #nextNotice = 1;
  /** The user ends his logins himself, so that their end is no news to him. */
  #endsLogins = false;

  /** `outcome`: how the login by a provider ended that the browser comes back from. */
  constructor(outcome: Outcome | null = null) {
    this.outcome = new Store(outcome);
  }

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

  /**
   * Changes the account. The server ends all logins with it; those of other browsers stay ended, this one logs in anew.
   * The password is tried first: a page left open must not be enough to take an account over. Empty: there is none.
   */
  async change(password: string, { name, email, newPassword }: AccountChange): Promise<void> {
    const me = this.#me();
    await this.#endingLogins(async () => {
      const next = newPassword === "" ? password : newPassword;
      if (password !== "") await logIn(me.email, password);
      await changeAccount(email, name, next);
      await logIn(email, next);
    });
    await this.begin();
    this.tell("accountChanged", name);
  }

  /** Deletes the account, after its password was tried where it has one. */
  async deleteAccount(password: string): Promise<void> {
    const me = this.#me();
    await this.#endingLogins(async () => {
      if (password !== "") await logIn(me.email, password);
      await deleteAccount();
    });
    await this.begin();
  }

  #me(): Me {
    const { value } = this.state;
    if (value.phase !== "session") throw new Error("nobody is logged in");
    return value.session.me;
  }

  /** Does what ends the logins; where it failed with the session already gone, the page finds out what is left. */
  async #endingLogins(act: () => Promise<void>): Promise<void> {
    const { value } = this.state;
    this.#endsLogins = true;
    try {
      await act();
      if (value.phase === "session") value.session.stop(true);
    } catch (fault) {
      if (value.phase === "session" && value.session.isOver) void this.begin(true);
      throw fault;
    } finally {
      this.#endsLogins = false;
    }
  }

  /** Something to tell the user in passing. */
  tell(what: Notice["what"], name: string): void {
    this.notices.set([...this.notices.value, { id: this.#nextNotice++, what, name }]);
  }

  dismiss(id: number): void {
    this.notices.set(this.notices.value.filter((notice) => notice.id !== id));
  }

  async #enter(me: Me): Promise<void> {
    const session = new Session(me, await this.#claimDevice(), {
      loginEnded: () => {
        if (!this.#endsLogins) void this.begin(true);
      },
      roomEnded: (room, code) => this.#roomEnded(room, code),
    });
    this.state.set({ phase: "session", session });
    const { value } = this.outcome;
    if (value !== null && value !== "in") this.tell("oauth", value);
    this.outcome.set(null);
    session.start();
  }

  /** This tab's device; one whose counters are not kept ended with the session that had them. */
  async #claimDevice(): Promise<Device> {
    const held = await this.#device;
    if (held === null || held.lasting === null) this.#device = claimDevice(lastingStorage());
    return (await this.#device) as Device;
  }

  #roomEnded(room: RoomState, code: number): void {
    this.tell(code === ErrorCode.RoomDeleted ? "roomDeleted" : "notAMember", room.name);
  }
}

function lastingStorage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
