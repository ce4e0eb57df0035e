import { useState, type KeyboardEvent, type RefObject } from "react";
import { TEXT_CHARS_MAX } from "../../protocol/limits";
import { isTalk, Kind, type Message } from "../../protocol/message";
import type { Room } from "../../room/room";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { lengthOf } from "../entry/checks";
import { endsLine, isComposing } from "./keys";

/** How the next message goes out. */
export interface Manner {
  /** The message that it answers; null: none. */
  readonly to: Message | null;
  /** As a notice. */
  readonly notice: boolean;
  reply(message: Message): void;
  announce(): void;
  /** Neither of both. */
  plain(): void;
}

export interface Writing {
  /** What the field begins with: what was left unsent. */
  readonly begun: string;
  /** Characters as the server counts them. */
  readonly length: number;
  changed(): void;
  send(): void;
  onKeyDown(event: KeyboardEvent): void;
}

/**
 * What the keys of the composer do. The text stays in the field itself and is read from there: setting it on each key,
 * as React's own fields do, breaks up syllables that an input method is still composing.
 */
export function useWriting(
  field: RefObject<HTMLTextAreaElement | null>,
  room: RoomState,
  model: Room,
  manner: Manner,
): Writing {
  const { drafts } = useSession();
  const [begun] = useState(() => drafts.get(room.id) ?? "");
  const [length, setLength] = useState(() => lengthOf(begun));

  function changed(): void {
    const text = field.current?.value ?? "";
    drafts.set(room.id, text);
    setLength(lengthOf(text));
    if (text.trim() !== "") model.type();
  }

  function send(): void {
    const box = field.current;
    const text = box?.value.trim() ?? "";
    if (box === null || text === "" || lengthOf(text) > TEXT_CHARS_MAX) return;
    if (manner.to !== null) model.say(text, Kind.Reply, manner.to.id);
    else model.say(text, manner.notice ? Kind.Notice : Kind.Talk);
    box.value = "";
    drafts.delete(room.id);
    setLength(0);
    manner.plain();
    box.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (endsLine(event)) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && (manner.to !== null || manner.notice)) {
      event.stopPropagation();
      manner.plain();
    } else if (field.current?.value === "" && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      chooseReply(room, manner, event.key === "ArrowUp" ? -1 : 1);
    }
  }

  return { begun, length, changed, send, onKeyDown };
}

/** With nothing written yet, the arrows walk through the messages that one might answer. */
function chooseReply(room: RoomState, manner: Manner, step: 1 | -1): void {
  const talk = room.messages.filter((message) => isTalk(message) && !room.withdrawn.has(message.id));
  const at = manner.to === null ? talk.length : talk.findIndex((message) => message.id === manner.to?.id);
  const next = talk[at + step];
  if (next !== undefined) manner.reply(next);
  else if (step === 1) manner.plain();
}
