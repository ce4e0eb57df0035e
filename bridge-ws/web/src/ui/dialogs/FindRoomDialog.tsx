import { useState, type FormEvent, type ReactNode } from "react";
import { findRooms, joinRoom, type FoundRoom } from "../../api/rooms";
import { ApiError } from "../../api/http";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { RoomPatch } from "../parts/RoomPatch";
import { goToRoom } from "../route";
import { Dialog } from "./Dialog";

interface Found {
  readonly keyword: string;
  readonly rooms: readonly FoundRoom[];
}

export function FindRoomDialog({ onClose }: { onClose: () => void }): ReactNode {
  const strings = useStrings();
  const { find } = strings;
  const [keyword, setKeyword] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [working, setWorking] = useState(false);
  const [fault, setFault] = useState<string>();

  async function search(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wanted = keyword.trim();
    if (wanted === "") return;
    setWorking(true);
    try {
      setFound({ keyword: wanted, rooms: await findRooms(wanted) });
      setFault(undefined);
    } catch (problem) {
      setFault(faultText(strings, problem));
    }
    setWorking(false);
  }

  return (
    <Dialog title={find.title} onClose={onClose}>
      <form className="find-form" role="search" onSubmit={(event) => void search(event)}>
        <Field
          label={find.keyword}
          placeholder={find.keywordExample}
          type="search"
          autoFocus
          autoComplete="off"
          value={keyword}
          hint={find.hint}
          fault={fault}
          onChange={(event) => setKeyword(event.target.value)}
        />
        <Button type="submit" look="main" working={working} disabled={keyword.trim() === ""}>
          {find.search}
        </Button>
      </form>
      <p className={found?.rooms.length === 0 ? "find-none" : "hidden-text"} role="status">
        {found !== null && (found.rooms.length === 0 ? find.none(found.keyword) : find.found(found.rooms.length))}
      </p>
      {found !== null && found.rooms.length > 0 && (
        <ul className="find-list scroll">
          {found.rooms.map((room) => (
            <FoundRow key={room.id} room={room} done={onClose} />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function FoundRow({ room, done }: { room: FoundRoom; done: () => void }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const { find } = strings;
  const isMine = useStore(session.state, (state) => state.rooms?.some((mine) => mine.id === room.id) ?? false);
  const [asks, setAsks] = useState(false);
  const [password, setPassword] = useState("");
  const [working, setWorking] = useState(false);
  const [fault, setFault] = useState<string>();

  function enter(): void {
    goToRoom(room.id);
    done();
  }

  async function join(event?: FormEvent): Promise<void> {
    event?.preventDefault();
    setWorking(true);
    try {
      await joinRoom(room.id, password);
      await session.refresh();
      enter();
    } catch (problem) {
      if (problem instanceof ApiError && problem.fault === "AlreadyMember") {
        await session.refresh();
        enter();
        return;
      }
      setFault(faultText(strings, problem));
      setWorking(false);
    }
  }

  function choose(): void {
    if (isMine) enter();
    else if (room.private) setAsks(true);
    else void join();
  }

  return (
    <li className="find-row" data-room={room.id}>
      <RoomPatch room={room.id} size={42} locked={room.private} />
      <div className="find-text">
        <strong>{room.name}</strong>
        <span>
          {strings.room.members(room.members)}
          {room.private && ` · ${strings.list.privateRoom}`}
          {room.description !== "" && ` · ${room.description}`}
        </span>
      </div>
      {!asks && (
        <Button look={isMine ? "plain" : "main"} working={working} onClick={choose} aria-label={`${room.name} ${isMine ? find.enter : find.join}`}>
          {isMine ? find.enter : find.join}
        </Button>
      )}
      {asks && (
        <form className="find-password" onSubmit={(event) => void join(event)}>
          <PasswordField
            label={find.password}
            autoFocus
            autoComplete="off"
            value={password}
            fault={fault}
            onChange={(event) => {
              setPassword(event.target.value);
              setFault(undefined);
            }}
          />
          <Button type="submit" look="main" working={working}>
            {find.join}
          </Button>
        </form>
      )}
      {!asks && fault !== undefined && (
        <p className="dialog-fault" role="alert">
          {fault}
        </p>
      )}
    </li>
  );
}
