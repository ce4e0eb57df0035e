import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from "react";
import { useStrings } from "../../i18n/language";
import { TEXT_CHARS_MAX } from "../../protocol/limits";
import { isTalk, type Message } from "../../protocol/message";
import type { Room } from "../../room/room";
import type { RoomState } from "../../room/state";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import { lengthOf } from "../entry/checks";
import { IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { nameOf } from "./summary";
import { endsLine, isComposing } from "./keys";
import "./composer.css";

interface Props {
  readonly room: RoomState;
  readonly model: Room;
  readonly replyTo: Message | null;
  readonly setReplyTo: (message: Message) => void;
  readonly stopReply: () => void;
}

/** Where one writes. The field keeps its own text: nothing may come between a Korean syllable and its composition. */
export function Composer({ room, model, replyTo, setReplyTo, stopReply }: Props): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const field = useRef<HTMLTextAreaElement>(null);
  const [begun] = useState(() => session.drafts.get(room.id) ?? "");
  const [length, setLength] = useState(() => lengthOf(begun));
  const isOnline = useStore(session.state, (state) => state.link.phase === "online");
  const over = length - TEXT_CHARS_MAX;

  useFocusOnEntering(field);
  useGrowing(field, length);
  useEffect(() => {
    if (replyTo !== null) field.current?.focus();
  }, [replyTo]);

  function changed(): void {
    const text = field.current?.value ?? "";
    session.drafts.set(room.id, text);
    setLength(lengthOf(text));
    if (text.trim() !== "") model.type();
  }

  function send(): void {
    const box = field.current;
    if (box === null) return;
    const text = box.value.trim();
    if (text === "" || lengthOf(text) > TEXT_CHARS_MAX) return;
    model.say(text, replyTo?.id ?? 0);
    box.value = "";
    session.drafts.delete(room.id);
    setLength(0);
    stopReply();
    box.focus();
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (isComposing(event)) return;
    if (endsLine(event)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && replyTo !== null) {
      event.stopPropagation();
      stopReply();
    } else if (field.current?.value === "" && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      chooseReply(event);
    }
  }

  /** With nothing written yet, the arrows walk through the messages that one might answer. */
  function chooseReply(event: KeyboardEvent): void {
    const talk = room.messages.filter((message) => isTalk(message) && !room.withdrawn.has(message.id));
    const at = replyTo === null ? talk.length : talk.findIndex((message) => message.id === replyTo.id);
    const next = talk[event.key === "ArrowUp" ? at - 1 : at + 1];
    event.preventDefault();
    if (next !== undefined) setReplyTo(next);
    else if (event.key === "ArrowDown") stopReply();
  }

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {replyTo !== null && <ReplyBar room={room} replyTo={replyTo} stop={stopReply} />}
      <div className="composer-box">
        <textarea
          id="composer"
          ref={field}
          rows={1}
          defaultValue={begun}
          placeholder={strings.composer.placeholder(room.name)}
          aria-label={strings.composer.label}
          aria-describedby="composer-note"
          enterKeyHint="send"
          autoComplete="off"
          onInput={changed}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="composer-send" aria-label={strings.composer.send} disabled={length === 0 || over > 0}>
          <Icon name="send" />
        </button>
      </div>
      <p id="composer-note" className={over > 0 ? "composer-note is-over" : "composer-note"} role="status">
        {over > 0 ? strings.composer.tooLong(over) : isOnline ? "" : strings.composer.offline}
      </p>
    </form>
  );
}

function ReplyBar({ room, replyTo, stop }: { room: RoomState; replyTo: Message; stop: () => void }): ReactNode {
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
