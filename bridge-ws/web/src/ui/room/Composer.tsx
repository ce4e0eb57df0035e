import { useEffect, useLayoutEffect, useRef, type ReactNode, type RefObject } from "react";
import { useStrings } from "../../i18n/language";
import { TEXT_CHARS_MAX } from "../../protocol/limits";
import type { Room } from "../../room/room";
import type { RoomState } from "../../room/state";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import { IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { NoticeLine, ReplyBar } from "./ReplyBar";
import { useWriting, type Manner } from "./useWriting";
import "./composer.css";

/** Where one writes. */
export function Composer({
  room,
  model,
  manner,
  upload,
}: {
  room: RoomState;
  model: Room;
  manner: Manner;
  upload: (files: readonly File[]) => void;
}): ReactNode {
  const session = useSession();
  const { composer, notice, file: words } = useStrings();
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const { begun, length, changed, send, onKeyDown } = useWriting(field, room, model, manner);
  const isOnline = useStore(session.state, (state) => state.link.phase === "online");
  const over = length - TEXT_CHARS_MAX;

  useFocusOnEntering(field);
  useGrowing(field, length);
  useEffect(() => {
    if (manner.to !== null || manner.notice) field.current?.focus();
  }, [manner.to, manner.notice]);

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {manner.to !== null && <ReplyBar room={room} replyTo={manner.to} stop={manner.plain} />}
      {manner.notice && <NoticeLine stop={manner.plain} />}
      <div className="composer-box">
        <IconButton icon="attach" label={words.send} onClick={() => chooser.current?.click()} />
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            upload([...(event.target.files ?? [])]);
            // The same file may be chosen again.
            event.target.value = "";
          }}
        />
        <IconButton
          icon="notice"
          label={manner.notice ? notice.cancel : notice.write}
          aria-pressed={manner.notice}
          onClick={manner.notice ? manner.plain : manner.announce}
        />
        <textarea
          id="composer"
          ref={field}
          rows={1}
          defaultValue={begun}
          placeholder={composer.placeholder(room.name)}
          aria-label={composer.label}
          aria-describedby="composer-note"
          enterKeyHint="send"
          autoComplete="off"
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length === 0) return;
            event.preventDefault();
            upload(files);
          }}
          onInput={changed}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="composer-send" aria-label={composer.send} disabled={length === 0 || over > 0}>
          <Icon name="send" />
        </button>
      </div>
      <p id="composer-note" className={over > 0 ? "composer-note is-over" : "composer-note"} role="status">
        {over > 0 ? composer.tooLong(over) : isOnline ? "" : composer.offline}
      </p>
    </form>
  );
}

/** With a real keyboard one can write at once; on a phone the keys would cover the talk. */
function useFocusOnEntering(field: RefObject<HTMLTextAreaElement | null>): void {
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, [field]);
}

/** The field is as high as its text, up to a bound that CSS sets. */
function useGrowing(field: RefObject<HTMLTextAreaElement | null>, length: number): void {
  useLayoutEffect(() => {
    const box = field.current;
    if (box === null) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }, [field, length]);
}
