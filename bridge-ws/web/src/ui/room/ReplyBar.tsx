import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { Message } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { nameOf, spokenText } from "./summary";

/** The next message goes out as a notice. */
export function NoticeLine({ stop }: { stop: () => void }): ReactNode {
  const { notice } = useStrings();
  return (
    <div className="reply-bar is-notice">
      <Icon name="notice" size={18} />
      <p>{notice.writing}</p>
      <IconButton icon="close" size={16} label={notice.cancel} onClick={stop} />
    </div>
  );
}

/** What the next message will answer. */
export function ReplyBar({ room, replyTo, stop }: { room: RoomState; replyTo: Message; stop: () => void }): ReactNode {
  const strings = useStrings();
  return (
    <div className="reply-bar">
      <Icon name="reply" size={16} />
      <p>
        <strong>{strings.message.replyTo(nameOf(strings, room.people, replyTo.sender))}</strong>
        <span>{spokenText(strings, replyTo)}</span>
      </p>
      <IconButton icon="close" size={16} label={strings.composer.cancelReply} onClick={stop} />
    </div>
  );
}
