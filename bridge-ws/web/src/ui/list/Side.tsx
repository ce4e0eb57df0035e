import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import type { DialogName } from "../Shell";
import { Avatar } from "../parts/Avatar";
import { Button, IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Wordmark } from "../parts/Wordmark";
import { SWITCH_SHORTCUT } from "../shortcut";
import { SearchSide } from "../search/SearchSide";
import { LinkDot } from "./LinkDot";
import { RoomRow } from "./RoomRow";
import "./side.css";

/** The left side: who we are, our rooms, and the ways to more of them. */
export function Side({
  rooms,
  shown,
  open,
  searched,
  search,
}: {
  rooms: readonly RoomState[] | null;
  shown: number;
  open: (dialog: DialogName) => void;
  /** The room whose messages are searched, 0: all rooms; null: the rooms are listed. */
  searched: number | null;
  search: (room: number | null) => void;
}): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const { me } = session;
  return (
    <div className="side">
      <header className="side-head">
        <Wordmark height={32} label={strings.appName} />
        <LinkDot />
        <span className="side-tools">
          <IconButton
            icon="search"
            label={strings.search.open}
            aria-pressed={searched !== null}
            onClick={() => search(searched === null ? 0 : null)}
          />
          <IconButton icon="contacts" label={strings.list.contacts} onClick={() => open("contacts")} />
          <IconButton icon="compass" label={strings.list.find} onClick={() => open("find")} />
          <IconButton icon="create" label={strings.list.create} onClick={() => open("create")} />
        </span>
      </header>
      {searched !== null ? (
        <SearchSide key={searched} room={searched} close={() => search(null)} />
      ) : (
        <>
          <button type="button" className="side-switch" onClick={() => open("switch")}>
            <Icon name="jump" size={16} />
            <span>{strings.list.switchRoom}</span>
            <kbd>{SWITCH_SHORTCUT}</kbd>
          </button>
          <nav className="side-rooms scroll" aria-label={strings.list.rooms}>
            <RoomList rooms={rooms} shown={shown} open={open} />
          </nav>
        </>
      )}
      <button type="button" className="side-me" aria-haspopup="dialog" onClick={() => open("menu")}>
        <Avatar user={me.id} name={me.name} size={36} />
        <span className="side-me-text">
          <span className="side-me-name">{strings.menu.account(me.name)}</span>
          <span className="side-me-mail">{me.email}</span>
        </span>
        <Icon name="menu" size={18} />
        <span className="hidden-text">{strings.list.menu}</span>
      </button>
    </div>
  );
}

function RoomList({
  rooms,
  shown,
  open,
}: {
  rooms: readonly RoomState[] | null;
  shown: number;
  open: (dialog: DialogName) => void;
}): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const failed = useStore(session.state, (state) => state.listingFailed);
  if (rooms === null) {
    return failed ? (
      <div className="side-empty" role="alert">
        <p>{strings.list.failed}</p>
        <Button onClick={() => void session.refresh()}>{strings.retry}</Button>
      </div>
    ) : (
      <p className="side-empty">{strings.loading}</p>
    );
  }
  if (rooms.length === 0) {
    return (
      <div className="side-empty">
        <h2>{strings.list.emptyTitle}</h2>
        <p>{strings.list.emptyText}</p>
        <Button look="main" onClick={() => open("create")}>
          {strings.list.create}
        </Button>
        <Button onClick={() => open("find")}>{strings.list.find}</Button>
      </div>
    );
  }
  return (
    <ul>
      {rooms.map((room) => (
        <RoomRow key={room.id} room={room} isShown={room.id === shown} />
      ))}
    </ul>
  );
}
