import { useMemo, useRef, useState, type ReactNode } from "react";
import { withdrawMessage } from "../../api/messages";
import { useStrings } from "../../i18n/language";
import type { Message } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useApp, useSession } from "../context";
import { ConfirmDialog } from "../dialogs/ConfirmDialog";
import { InviteDialog } from "../dialogs/InviteDialog";
import { LeaveDialog } from "../dialogs/LeaveDialog";
import { RoomSettingsDialog } from "../dialogs/RoomSettingsDialog";
import { MoneyPanel } from "../money/MoneyPanel";
import { Icon } from "../parts/Icon";
import { Composer } from "./Composer";
import { LinkBanner } from "./LinkBanner";
import { MembersPanel, type RoomMatter } from "./MembersPanel";
import { MessageList } from "./MessageList";
import { NoticeBar } from "./NoticeBar";
import { RoomHeader } from "./RoomHeader";
import { spokenText } from "./summary";
import { TypingLine } from "./TypingLine";
import { useDrop } from "./useDrop";
import type { Manner } from "./useWriting";
import "./roomPane.css";

/** One room: its talk, its members, and what one says in it. */
export function RoomPane({ room, search }: { room: RoomState; search: () => void }): ReactNode {
  const app = useApp();
  const session = useSession();
  const strings = useStrings();
  const panelButton = useRef<HTMLButtonElement>(null);
  const [panel, setPanel] = useState(false);
  const [matter, setMatter] = useState<RoomMatter | null>(null);
  const [dues, setDues] = useState(false);
  const [removing, setRemoving] = useState<Message | null>(null);
  const manner = useManner();
  // Where the user had read to when he came in: the line stays there while he is in the room.
  const [enteredAt] = useState(room.readMark);
  const model = session.room(room.id);
  const ways = useMemo(
    () => ({ reply: manner.reply, remove: setRemoving, goTo: (id: number) => model?.seek(id) }),
    [manner.reply, model],
  );
  const upload = (files: readonly File[]): void => {
    if (model?.uploads.add(files) === false) app.tell("tooManyFiles", "");
  };
  const dropping = useDrop(upload);
  if (model === undefined) return null;

  function closePanel(): void {
    setPanel(false);
    panelButton.current?.focus();
  }

  return (
    <main className="pane room-pane" aria-label={room.name}>
      <section className="room-talk" {...dropping.on}>
        <RoomHeader
          room={room}
          panelShown={panel}
          panelButton={panelButton}
          togglePanel={() => setPanel(!panel)}
          search={search}
          showDues={() => setDues(true)}
        />
        <LinkBanner room={room} />
        <div className="room-middle">
          <NoticeBar room={room} goTo={ways.goTo} />
          <MessageList room={room} model={model} enteredAt={enteredAt} ways={ways} />
        </div>
        <TypingLine room={room} />
        <Composer room={room} model={model} manner={manner} upload={upload} />
        {dropping.over && (
          <div className="drop">
            <Icon name="attach" size={28} />
            {strings.file.drop}
          </div>
        )}
      </section>
      {panel && <MembersPanel room={room} close={closePanel} ask={setMatter} />}
      {dues && <MoneyPanel room={room} onClose={() => setDues(false)} />}
      {matter === "invite" && <InviteDialog room={room} onClose={() => setMatter(null)} />}
      {matter === "settings" && <RoomSettingsDialog room={room} onClose={() => setMatter(null)} />}
      {matter === "leave" && <LeaveDialog room={room} onClose={() => setMatter(null)} />}
      {removing !== null && (
        <ConfirmDialog
          question={strings.message.deleteQuestion}
          submit={strings.message.delete}
          act={() => withdrawMessage(room.id, removing.id)}
          onClose={() => setRemoving(null)}
        >
          <p className="dialog-quote">{spokenText(strings, removing)}</p>
          <p>{strings.message.deleteText}</p>
        </ConfirmDialog>
      )}
      <span className="hidden-text" role="status">
        {room.current ? "" : strings.room.catchingUp}
      </span>
    </main>
  );
}

function useManner(): Manner {
  const [{ to, notice }, set] = useState<Pick<Manner, "to" | "notice">>({ to: null, notice: false });
  const ways = useMemo(
    () => ({
      reply: (message: Message) => set({ to: message, notice: false }),
      announce: () => set({ to: null, notice: true }),
      plain: () => set({ to: null, notice: false }),
    }),
    [],
  );
  return useMemo(() => ({ to, notice, ...ways }), [to, notice, ways]);
}
