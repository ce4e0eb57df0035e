import { useCallback, useEffect, useState, type ReactNode } from "react";
import { useStrings } from "../i18n/language";
import { useStore } from "../store/store";
import type { Contact } from "../api/contacts";
import { useSession } from "./context";
import { useRaisedNotices } from "./desktopNotices";
import { ContactsDialog } from "./dialogs/ContactsDialog";
import { CreateRoomDialog } from "./dialogs/CreateRoomDialog";
import { FindRoomDialog } from "./dialogs/FindRoomDialog";
import { MenuDialog } from "./dialogs/MenuDialog";
import { DeleteAccountDialog, ProfileDialog } from "./dialogs/ProfileDialog";
import { SwitchDialog } from "./dialogs/SwitchDialog";
import { Side } from "./list/Side";
import { NoRoom } from "./list/NoRoom";
import { Announcer } from "./room/Announcer";
import { RoomPane } from "./room/RoomPane";
import { goToList, useRoute } from "./route";
import { isShortcutKey } from "./shortcut";
import "./shell.css";

export type DialogName = "create" | "find" | "switch" | "menu" | "contacts" | "profile" | "deleteAccount";

/** The screen of a logged-in user: rooms on the left, one of them on the right; one of both on a phone. */
export function Shell(): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const route = useRoute();
  const rooms = useStore(session.state, (state) => state.rooms);
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const [searched, setSearched] = useState<number | null>(null);
  const [guest, setGuest] = useState<Contact | null>(null);
  const room = rooms?.find((candidate) => candidate.id === route);
  const closeDialog = useCallback(() => {
    setDialog(null);
    setGuest(null);
  }, []);

  useEffect(() => session.show(route), [session, route]);
  useTitle(strings.appName, rooms?.filter((each) => each.unread > 0).length ?? 0);
  useRaisedNotices(rooms, session.me.id);
  useShortcut(useCallback(() => setDialog("switch"), []));

  return (
    <div className={room === undefined ? "shell" : "shell has-room"}>
      {room !== undefined && (
        <a className="skip-link" href={`#composer`} onClick={focusComposer}>
          {strings.skipToComposer}
        </a>
      )}
      <Side rooms={rooms} shown={route} open={setDialog} searched={searched} search={setSearched} />
      {room === undefined ? (
        <NoRoom isEmpty={rooms?.length === 0} open={setDialog} />
      ) : (
        <RoomPane key={room.id} room={room} search={() => searchIn(room.id, setSearched)} />
      )}
      <Announcer room={room} />
      {dialog === "create" && <CreateRoomDialog guest={guest} onClose={closeDialog} />}
      {dialog === "find" && <FindRoomDialog onClose={closeDialog} />}
      {dialog === "switch" && <SwitchDialog rooms={rooms ?? []} onClose={closeDialog} />}
      {dialog === "menu" && <MenuDialog profile={() => setDialog("profile")} onClose={closeDialog} />}
      {dialog === "contacts" && (
        <ContactsDialog
          createRoom={(contact) => {
            setGuest(contact);
            setDialog("create");
          }}
          onClose={closeDialog}
        />
      )}
      {dialog === "profile" && <ProfileDialog remove={() => setDialog("deleteAccount")} onClose={closeDialog} />}
      {dialog === "deleteAccount" && <DeleteAccountDialog onClose={closeDialog} />}
    </div>
  );
}

/** The hits stand where the rooms are listed, which on a phone is a screen of its own. */
function searchIn(room: number, search: (room: number) => void): void {
  search(room);
  if (matchMedia("(max-width: 760px)").matches) goToList();
}

/** The address holds the room, so the skip link moves the focus itself instead of following its href. */
function focusComposer(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById("composer")?.focus();
}

/** Says in the tab's title how many rooms have something unread, and by its icon that there are any. */
function useTitle(name: string, unreadRooms: number): void {
  useEffect(() => {
    document.title = unreadRooms === 0 ? name : `(${unreadRooms}) ${name}`;
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    icon?.setAttribute("href", unreadRooms === 0 ? "/icon.svg" : "/icon-unread.svg");
  }, [name, unreadRooms]);
  useEffect(() => () => document.querySelector("link[rel=icon]")?.setAttribute("href", "/icon.svg"), []);
}

/** Ctrl+K, or Cmd+K, from anywhere. */
function useShortcut(act: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!isShortcutKey(event, "k")) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [act]);
}
