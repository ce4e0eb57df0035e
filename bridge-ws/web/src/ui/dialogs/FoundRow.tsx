import { useState, type ReactNode } from "react";
import { ApiError } from "../../api/http";
import { joinRoom, type FoundRoom } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import { Button } from "../parts/Button";
import { PasswordField } from "../parts/PasswordField";
import { RoomPatch } from "../parts/RoomPatch";
import { useSubmit, type Submitting } from "../parts/useSubmit";
import { goToRoom } from "../route";
import { Fault } from "./Dialog";

/** A room that a search found, and the way into it. */
export function FoundRow({ room, done }: { room: FoundRoom; done: () => void }): ReactNode {
  const session = useSession();
  const { find } = useStrings();
  const isMine = useStore(session.state, (state) => state.rooms?.some((mine) => mine.id === room.id) ?? false);
  const [asks, setAsks] = useState(false);
  const [password, setPassword] = useState("");
  const joining = useSubmit(async () => {
    if (!isMine) await joinUnlessMember(room.id, password);
    await session.refresh();
    goToRoom(room.id);
    done();
  });
  const needsPassword = room.private && !isMine;

  return (
    <li className="find-row" data-room={room.id}>
      <RoomPatch room={room.id} size={42} locked={room.private} />
      <FoundText room={room} />
      {needsPassword && asks ? (
        <PasswordForm password={password} setPassword={setPassword} joining={joining} />
      ) : (
        <>
          <Button
            look={isMine ? "plain" : "main"}
            working={joining.working}
            onClick={() => (needsPassword ? setAsks(true) : joining.submit())}
            aria-label={`${room.name} ${isMine ? find.enter : find.join}`}
          >
            {isMine ? find.enter : find.join}
          </Button>
          <Fault text={joining.fault} />
        </>
      )}
    </li>
  );
}

/** Who is a member already, by another tab say, has what he wants. */
async function joinUnlessMember(room: number, password: string): Promise<void> {
  try {
    await joinRoom(room, password);
  } catch (problem) {
    if (!(problem instanceof ApiError) || problem.fault !== "AlreadyMember") throw problem;
  }
}

function FoundText({ room }: { room: FoundRoom }): ReactNode {
  const strings = useStrings();
  const facts = [strings.room.members(room.members), room.private ? strings.list.privateRoom : "", room.description];
  return (
    <div className="find-text">
      <strong>{room.name}</strong>
      <span>{facts.filter(Boolean).join(" · ")}</span>
    </div>
  );
}

function PasswordForm({
  password,
  setPassword,
  joining,
}: {
  password: string;
  setPassword: (password: string) => void;
  joining: Submitting;
}): ReactNode {
  const { find } = useStrings();
  return (
    <form className="find-password" onSubmit={joining.submit} onChange={joining.forget}>
      <PasswordField
        label={find.password}
        autoFocus
        autoComplete="off"
        value={password}
        fault={joining.fault}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" look="main" working={joining.working}>
        {find.join}
      </Button>
    </form>
  );
}
