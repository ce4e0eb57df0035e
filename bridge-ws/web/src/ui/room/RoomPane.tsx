import { useMemo, useRef, useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { Message } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { LeaveDialog } from "../dialogs/LeaveDialog";
import { Composer } from "./Composer";
import { LinkBanner } from "./LinkBanner";
import { MembersPanel } from "./MembersPanel";
import { MessageList } from "./MessageList";
import { RoomHeader } from "./RoomHeader";
import { TypingLine } from "./TypingLine";
import type { Replying } from "./useWriting";
import "./roomPane.css";

/** One room: its talk, its members, and what one says in it. */
export function RoomPane({ room }: { room: RoomState }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const panelButton = useRef<HTMLButtonElement>(null);
  const [panel, setPanel] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const replying = useReplying();
  // Where the user had read to when he came in: the line stays there while he is in the room.
  const [enteredAt] = useState(room.readMark);
  const model = session.room(room.id);
  if (model === undefined) return null;

  function closePanel(): void {
    setPanel(false);
    panelButton.current?.focus();
  }

  return (
    <main className="pane room-pane" aria-label={room.name}>
      <section className="room-talk">
        <RoomHeader room={room} panelShown={panel} panelButton={panelButton} togglePanel={() => setPanel(!panel)} />
        <LinkBanner room={room} />
        <MessageList room={room} model={model} enteredAt={enteredAt} reply={replying.start} />
        <TypingLine room={room} />
        <Composer room={room} model={model} replying={replying} />
      </section>
      {panel && <MembersPanel room={room} close={closePanel} leave={() => setLeaving(true)} />}
      {leaving && <LeaveDialog room={room} onClose={() => setLeaving(false)} />}
      <span className="hidden-text" role="status">
        {room.current ? "" : strings.room.catchingUp}
      </span>
    </main>
  );
}

function useReplying(): Replying {
  const [to, start] = useState<Message | null>(null);
  return useMemo(() => ({ to, start, stop: () => start(null) }), [to]);
}
