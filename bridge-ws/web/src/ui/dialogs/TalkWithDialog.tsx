import { useRef, type ReactNode } from "react";
import { ApiError } from "../../api/http";
import { invite } from "../../api/rooms";
import type { Contact } from "../../api/contacts";
import { useStrings } from "../../i18n/language";
import { useStore } from "../../store/store";
import { useApp, useSession } from "../context";
import { Icon } from "../parts/Icon";
import { RoomPatch } from "../parts/RoomPatch";
import { useSubmit } from "../parts/useSubmit";
import { goToRoom } from "../route";
import { Dialog, Fault } from "./Dialog";

/** Talk with a contact begins by inviting him: to a room that is there, or to a new one. */
export function TalkWithDialog({
  contact,
  createRoom,
  onClose,
}: {
  contact: Contact;
  createRoom: () => void;
  onClose: () => void;
}): ReactNode {
  const app = useApp();
  const session = useSession();
  const strings = useStrings();
  const rooms = useStore(session.state, (state) => state.rooms);
  const chosen = useRef(0);
  const { working, fault, submit } = useSubmit(async () => {
    if (await invitedNow(chosen.current, contact.email)) app.tell("invited", contact.name);
    goToRoom(chosen.current);
    onClose();
  });
  const { invite: words } = strings;
  return (
    <Dialog title={words.toRoom(contact.name)} onClose={onClose}>
      <p className="dialog-text">{words.toRoomText}</p>
      <Fault text={fault} />
      <div className="scroll people-rooms" aria-busy={working || undefined}>
        <button type="button" className="person is-choice" autoFocus onClick={createRoom}>
          <span className="person-new">
            <Icon name="create" />
          </span>
          <span className="person-text">
            <strong>{words.newRoom}</strong>
          </span>
        </button>
        {rooms?.map((room) => (
          <button
            key={room.id}
            type="button"
            className="person is-choice"
            onClick={() => {
              chosen.current = room.id;
              submit();
            }}
          >
            <RoomPatch room={room.id} size={40} locked={room.private} />
            <span className="person-text">
              <strong>{room.name}</strong>
              <span>{strings.room.members(room.members)}</span>
            </span>
          </button>
        ))}
      </div>
    </Dialog>
  );
}

/** False: he is there already, which is as good. */
async function invitedNow(room: number, email: string): Promise<boolean> {
  try {
    await invite(room, email);
    return true;
  } catch (problem) {
    if (problem instanceof ApiError && problem.fault === "AlreadyMember") return false;
    throw problem;
  }
}
