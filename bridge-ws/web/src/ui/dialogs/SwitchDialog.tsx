import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { isComposing } from "../room/keys";
import { Icon } from "../parts/Icon";
import { RoomPatch } from "../parts/RoomPatch";
import { goToRoom } from "../route";
import { Dialog } from "./Dialog";
import { matchesName } from "./matchesName";
import "./switch.css";

/** Goes to a room by a few letters of its name. */
export function SwitchDialog({ rooms, onClose }: { rooms: readonly RoomState[]; onClose: () => void }): ReactNode {
  const { switcher, list } = useStrings();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = rooms.filter((room) => matchesName(room.name, typed));
  const place = Math.max(0, Math.min(at, found.length - 1));
  const chosen = found[place];

  function open(room: RoomState): void {
    goToRoom(room.id);
    onClose();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event) || chosen === undefined) return;
    if (event.key === "ArrowDown") setAt((place + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((place - 1 + found.length) % found.length);
    else if (event.key === "Enter") open(chosen);
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title={switcher.title} look="palette" onClose={onClose}>
      <div className="switch-field">
        <Icon name="search" />
        <input
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.id}`}
          aria-label={switcher.placeholder}
          placeholder={switcher.placeholder}
          autoComplete="off"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul className="switch-list scroll" id={id} role="listbox" aria-label={list.rooms}>
        {found.map((room) => (
          <Option
            key={room.id}
            id={`${id}-${room.id}`}
            room={room}
            isChosen={room === chosen}
            open={() => open(room)}
          />
        ))}
      </ul>
      {found.length === 0 && (
        <p className="switch-none" role="status">
          {switcher.none}
        </p>
      )}
      <p className="switch-keys">{switcher.keys}</p>
    </Dialog>
  );
}

function Option({
  id,
  room,
  isChosen,
  open,
}: {
  id: string;
  room: RoomState;
  isChosen: boolean;
  open: () => void;
}): ReactNode {
  return (
    <li id={id} role="option" aria-selected={isChosen} ref={isChosen ? intoSight : undefined} onClick={open}>
      <RoomPatch room={room.id} size={34} locked={room.private} />
      <span className="switch-name">{room.name}</span>
      {room.unread > 0 && <span className="room-row-unread">{room.unread}</span>}
    </li>
  );
}

function intoSight(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
