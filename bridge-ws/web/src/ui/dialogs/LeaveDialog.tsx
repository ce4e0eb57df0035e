import { useState, type ReactNode } from "react";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Button } from "../parts/Button";
import { goToList } from "../route";
import { Dialog } from "./Dialog";

export function LeaveDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const [working, setWorking] = useState(false);
  const [fault, setFault] = useState<string>();

  async function leave(): Promise<void> {
    setWorking(true);
    try {
      await session.leave(room.id);
      goToList();
    } catch (problem) {
      setFault(faultText(strings, problem));
      setWorking(false);
    }
  }

  return (
    <Dialog title={strings.room.leaveQuestion(room.name)} onClose={onClose}>
      <p className="dialog-text">{strings.room.leaveWarning}</p>
      {fault !== undefined && (
        <p className="dialog-fault" role="alert">
          {fault}
        </p>
      )}
      <div className="dialog-ways">
        <Button autoFocus onClick={onClose}>
          {strings.cancel}
        </Button>
        <Button look="alert" working={working} onClick={() => void leave()}>
          {strings.room.leave}
        </Button>
      </div>
    </Dialog>
  );
}
