import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { Message } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { nameOf } from "./summary";

/** What the next message will answer. */
export function ReplyBar({ room, replyTo, stop }: { room: RoomState; replyTo: Message; stop: () => void }): ReactNode {
  const strings = useStrings();
  return (
    <div className="reply-bar">
      <Icon name="reply" size={16} />
      <p>
        <strong>{strings.message.replyTo(nameOf(strings, room.people, replyTo.sender))}</strong>
        <span>{replyTo.text}</span>
      </p>
      <IconButton icon="close" size={16} label={strings.composer.cancelReply} onClick={stop} />
    </div>
  );
}
