import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { nameOf } from "./summary";

/** Who is typing. Keeps its height, so that the talk does not jump. */
export function TypingLine({ room }: { room: RoomState }): ReactNode {
  const strings = useStrings();
  const names = room.typing.map((user) => nameOf(strings, room.people, user)).filter((name) => name !== "");
  return (
    <p className="typing-line" aria-live="polite">
      {names.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {strings.room.typing(names)}
        </>
      )}
    </p>
  );
}
