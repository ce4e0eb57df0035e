import type { ReactNode, Ref } from "react";
import { useStrings } from "../../i18n/language";
import { PRESENCE_MEMBERS_MAX } from "../../protocol/limits";
import type { RoomState } from "../../room/state";
import { IconButton } from "../parts/Button";
import { RoomPatch } from "../parts/RoomPatch";
import { goToList } from "../route";

export function RoomHeader({
  room,
  panelShown,
  panelButton,
  togglePanel,
  search,
  showDues,
}: {
  room: RoomState;
  panelShown: boolean;
  panelButton: Ref<HTMLButtonElement>;
  togglePanel: () => void;
  search: () => void;
  showDues: () => void;
}): ReactNode {
  const strings = useStrings();
  const knowsPresence = room.members <= PRESENCE_MEMBERS_MAX && room.online.size > 0;
  return (
    <header className="room-head">
      <span className="room-back">
        <IconButton icon="back" label={strings.back} onClick={goToList} />
      </span>
      <RoomPatch room={room.id} size={42} locked={room.private} />
      <div className="room-head-text">
        <h1>{room.name}</h1>
        <p>
          <span>{strings.room.members(room.members)}</span>
          {knowsPresence && <span className="room-head-here">{strings.room.online(room.online.size)}</span>}
          {room.description !== "" && <span className="room-head-about">{room.description}</span>}
        </p>
      </div>
      <IconButton icon="dues" label={strings.dues.open} onClick={showDues} />
      <IconButton icon="search" label={strings.search.openInRoom} onClick={search} />
      <IconButton
        ref={panelButton}
        icon="people"
        label={panelShown ? strings.room.hideMembers : strings.room.showMembers}
        aria-expanded={panelShown}
        aria-controls="members"
        onClick={togglePanel}
      />
    </header>
  );
}
