import { useEffect, useRef, useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { isTalk } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { newestToSay } from "./hasLine";
import { eventText, nameOf, spokenText } from "./summary";

/** Reads out what is newly said in the room on the screen. The list itself is silent: it also grows at its top. */
export function Announcer({ room }: { room: RoomState | undefined }): ReactNode {
  const strings = useStrings();
  const { me } = useSession();
  const [text, setText] = useState("");
  const heard = useRef({ room: 0, id: 0 });
  const newest = room === undefined ? undefined : newestToSay(room.live);

  useEffect(() => {
    if (room === undefined || newest === undefined) return;
    const isSameRoom = heard.current.room === room.id;
    const isNews = isSameRoom && newest.id > heard.current.id;
    heard.current = { room: room.id, id: newest.id };
    if (!isNews) return;
    // Also of one's own: what was read out before may just have been deleted.
    if (newest.sender === me.id) {
      setText("");
      return;
    }
    const said = isTalk(newest)
      ? strings.message.said(nameOf(strings, room.people, newest.sender), spokenText(strings, newest))
      : eventText(strings, newest, room.people, me.id);
    setText(said ?? "");
  }, [room, newest, me.id, strings]);

  return (
    <p className="hidden-text" role="status" aria-live="polite">
      {text}
    </p>
  );
}
