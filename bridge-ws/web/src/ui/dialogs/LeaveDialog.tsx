import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { goToList } from "../route";
import { ConfirmDialog } from "./ConfirmDialog";

export function LeaveDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  return (
    <ConfirmDialog
      question={strings.room.leaveQuestion(room.name)}
      submit={strings.room.leave}
      act={async () => {
        await session.leave(room.id);
        goToList();
      }}
      onClose={onClose}
    >
      <p>{strings.room.leaveWarning}</p>
      {handsOver(room) && <p>{strings.room.leaveHandsOver}</p>}
    </ConfirmDialog>
  );
}

/** Whether the server will name another admin when this one leaves. */
function handsOver({ role, people }: RoomState): boolean {
  if (role !== Role.Admin || !people.loaded) return false;
  const present = [...people.members.values()].filter((member) => !member.left);
  return present.length > 1 && present.filter((member) => member.role === Role.Admin).length === 1;
}
