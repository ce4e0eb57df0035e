import { memo, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { recentText } from "../../i18n/dates";
import { UNREAD_MAX } from "../../protocol/limits";
import { unixMsOf } from "../../protocol/messageId";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Icon } from "../parts/Icon";
import { RoomPatch } from "../parts/RoomPatch";
import { summaryOf } from "../room/summary";
import { roomHref } from "../route";
import "./roomRow.css";

/** One room of the list. */
export const RoomRow = memo(function RoomRow({ room, isShown }: { room: RoomState; isShown: boolean }): ReactNode {
  const strings = useStrings();
  const { me } = useSession();
  const unread = room.unread >= UNREAD_MAX ? `${UNREAD_MAX - 1}+` : String(room.unread);
  return (
    <li>
      <a
        className={room.unread > 0 ? "room-row has-unread" : "room-row"}
        href={roomHref(room.id)}
        aria-current={isShown ? "page" : undefined}
      >
        <RoomPatch room={room.id} size={46} locked={room.private} />
        <span className="room-row-main">
          <span className="room-row-name">{room.name}</span>
          {room.private && <span className="hidden-text">{strings.list.privateRoom}</span>}
          <span className="room-row-count" aria-hidden="true">
            {room.members}
          </span>
        </span>
        <time className="room-row-time">
          {room.newestId > 0 && recentText(strings, unixMsOf(room.newestId), Date.now())}
        </time>
        <span className={room.typing.length > 0 ? "room-row-last is-typing" : "room-row-last"}>
          {summaryOf(strings, room, me.id)}
        </span>
        {room.unread > 0 && (
          <span className={room.notice === null ? "room-row-unread" : "room-row-unread has-notice"}>
            {room.notice !== null && (
              <>
                <Icon name="notice" size={14} />
                <span className="hidden-text">{strings.list.unreadNotice}, </span>
              </>
            )}
            <span aria-hidden="true">{unread}</span>
            <span className="hidden-text">{strings.list.unread(unread)}</span>
          </span>
        )}
      </a>
    </li>
  );
});
