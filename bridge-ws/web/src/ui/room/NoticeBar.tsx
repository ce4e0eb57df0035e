import { useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { Message } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useDesktopNotices } from "../desktopNotices";
import { Button, IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { nameOf } from "./summary";
import "./noticeBar.css";

/** The newest notice that was unread when it came or when the room was entered. It lies over the talk until put away. */
export function NoticeBar({ room, goTo }: { room: RoomState; goTo: (id: number) => void }): ReactNode {
  const strings = useStrings();
  const [held, setHeld] = useState<Message | null>(room.notice);
  const [putAway, setPutAway] = useState(0);
  const [desktop, chooseDesktop] = useDesktopNotices();
  if (room.notice !== null && room.notice.id > (held?.id ?? 0)) setHeld(room.notice);
  if (held === null || held.id <= putAway || room.withdrawn.has(held.id)) return null;
  const { notice } = strings;
  const name = nameOf(strings, room.people, held.sender);

  return (
    <section className="notice-bar" aria-label={notice.label}>
      <Icon name="notice" />
      <div className="notice-bar-text">
        <strong>{name === "" ? notice.label : notice.from(name)}</strong>
        <p>{held.text}</p>
        <span className="notice-bar-ways">
          <Button look="link" onClick={() => goTo(held.id)}>
            {notice.show}
          </Button>
          {desktop === "unknown" && (
            <Button look="link" onClick={() => chooseDesktop(true)}>
              {notice.desktopAsk}
            </Button>
          )}
        </span>
      </div>
      <IconButton icon="close" size={16} label={strings.close} onClick={() => setPutAway(held.id)} />
    </section>
  );
}
