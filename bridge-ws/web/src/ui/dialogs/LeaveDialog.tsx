import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Button } from "../parts/Button";
import { useSubmit } from "../parts/useSubmit";
import { goToList } from "../route";
import { Dialog, Fault } from "./Dialog";

export function LeaveDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const { working, fault, submit } = useSubmit(async () => {
    await session.leave(room.id);
    goToList();
  });

  return (
    <Dialog title={strings.room.leaveQuestion(room.name)} onClose={onClose}>
      <p className="dialog-text">{strings.room.leaveWarning}</p>
      <Fault text={fault} />
      <div className="dialog-ways">
        <Button autoFocus onClick={onClose}>
          {strings.cancel}
        </Button>
        <Button look="alert" working={working} onClick={() => submit()}>
          {strings.room.leave}
        </Button>
      </div>
    </Dialog>
  );
}
