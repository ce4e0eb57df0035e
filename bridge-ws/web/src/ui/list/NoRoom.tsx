import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { DialogName } from "../Shell";
import { Button } from "../parts/Button";
import { RoomPatch } from "../parts/RoomPatch";
import { SWITCH_SHORTCUT } from "../shortcut";

/** Pieces laid out but not sewn together yet; seeds chosen by eye. */
const SEEDS = [3, 14, 27, 8, 41];

/** What stands where no room is chosen. */
export function NoRoom({ isEmpty, open }: { isEmpty: boolean; open: (dialog: DialogName) => void }): ReactNode {
  const strings = useStrings();
  return (
    <main className="pane no-room">
      <div className="no-room-pieces" aria-hidden="true">
        {SEEDS.map((seed) => (
          <RoomPatch key={seed} room={seed} size={64} />
        ))}
      </div>
      <h1>{isEmpty ? strings.list.emptyTitle : strings.list.pickRoomTitle}</h1>
      <p>{isEmpty ? strings.list.emptyText : strings.list.pickRoom(SWITCH_SHORTCUT)}</p>
      <p className="no-room-ways">
        <Button look="main" onClick={() => open("create")}>
          {strings.list.create}
        </Button>
        <Button onClick={() => open("find")}>{strings.list.find}</Button>
      </p>
    </main>
  );
}
