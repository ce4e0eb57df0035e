import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { isComposing } from "../room/keys";
import { RoomPatch } from "../parts/RoomPatch";
import { Icon } from "../parts/Icon";
import { goToRoom } from "../route";
import { Dialog } from "./Dialog";
import { matchesName } from "./matchesName";

/** Goes to a room by a few letters of its name. */
export function SwitchDialog({ rooms, onClose }: { rooms: readonly RoomState[]; onClose: () => void }): ReactNode {
  const strings = useStrings();
  const { switcher } = strings;
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = rooms.filter((room) => matchesName(room.name, typed));
  const chosen = found[Math.min(at, found.length - 1)];

  function open(room: RoomState): void {
    goToRoom(room.id);
    onClose();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((Math.min(at, found.length - 1) + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter" && chosen !== undefined) {
      event.preventDefault();
      open(chosen);
    }
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
      <ul className="switch-list scroll" id={id} role="listbox" aria-label={strings.list.rooms}>
        {found.map((room) => (
          <li
            key={room.id}
            id={`${id}-${room.id}`}
            role="option"
            aria-selected={room === chosen}
            ref={room === chosen ? intoSight : undefined}
            onClick={() => open(room)}
          >
            <RoomPatch room={room.id} size={34} locked={room.private} />
            <span className="switch-name">{room.name}</span>
            {room.unread > 0 && <span className="room-row-unread">{room.unread}</span>}
          </li>
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

function intoSight(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
