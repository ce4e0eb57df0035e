import { memo, type ReactNode } from "react";
import { dayText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import type { Message } from "../../protocol/message";
import type { PeopleView } from "../../room/people";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { RoomPatch } from "../parts/RoomPatch";
import { eventText } from "./summary";

/** What stands between the messages. */

export const DayLine = memo(function DayLine({ atMs }: { atMs: number }): ReactNode {
  const strings = useStrings();
  return (
    <h2 className="day-line">
      <span>{dayText(strings, atMs, Date.now())}</span>
    </h2>
  );
});

export function UnreadLine(): ReactNode {
  const strings = useStrings();
  return (
    <p className="unread-line">
      <span>{strings.room.unreadFromHere}</span>
    </p>
  );
}

export function EventLine({ message, people }: { message: Message; people: PeopleView }): ReactNode {
  const strings = useStrings();
  const { me } = useSession();
  return <p className="event-line">{eventText(strings, message, people, me.id)}</p>;
}

/** The top of a room whose past is loaded to its beginning. */
export function RoomStart({ room }: { room: RoomState }): ReactNode {
  const strings = useStrings();
  return (
    <div className="room-start">
      <RoomPatch room={room.id} size={72} />
      <p className="room-start-title">{strings.room.start(room.name)}</p>
      <p>{room.description || strings.room.startText}</p>
    </div>
  );
}
