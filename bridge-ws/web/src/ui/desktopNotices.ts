import { useEffect, useRef } from "react";
import { useStrings } from "../i18n/language";
import { reminderOf } from "../protocol/dues";
import type { Message } from "../protocol/message";
import type { RoomState } from "../room/state";
import { readSetting, writeSetting } from "../store/settings";
import { Store, useStore } from "../store/store";
import { nameOf } from "./room/summary";
import { goToRoom } from "./route";

/**
 * Notices on the desktop while nobody looks at the page. The browser is asked for its permission only by a press of the
 * user's: in the menu, or where the first notice stands.
 */
export type DesktopNotices = "unknown" | "on" | "off" | "blocked";

const state = new Store<DesktopNotices>(current());

export function useDesktopNotices(): [DesktopNotices, (on: boolean) => void] {
  return [useStore(state, (value) => value), (on) => void choose(on)];
}

function current(): DesktopNotices {
  if (!("Notification" in globalThis) || Notification.permission === "denied") return "blocked";
  const chosen = readSetting("notices");
  if (chosen === "off") return "off";
  return Notification.permission === "granted" && chosen === "on" ? "on" : "unknown";
}

async function choose(on: boolean): Promise<void> {
  writeSetting("notices", on ? "on" : "off");
  if (on && "Notification" in globalThis) await Notification.requestPermission();
  state.set(current());
}

/** Raises those that come while the page is open; what was there before is no news. */
export function useRaisedNotices(rooms: readonly RoomState[] | null, me: number): void {
  const strings = useStrings();
  const known = useRef(new Map<number, number>());
  useEffect(() => {
    for (const room of rooms ?? []) {
      const before = known.current.get(room.id);
      known.current.set(room.id, Math.max(before ?? 0, room.newestId));
      const { notice } = room;
      if (before === undefined || state.value !== "on" || isLookedAt()) continue;
      const due = room.live.findLast((message) => message.id > before && remindsOf(message, me));
      const reminder = due === undefined ? null : reminderOf(due);
      if (due !== undefined && reminder !== null) {
        raise(room.name, strings.dues.remindedMe(reminder.title, reminder.due), room.id, due.id);
      }
      if (notice === null || notice.id <= before) continue;
      const name = nameOf(strings, room.people, notice.sender);
      const body = name === "" ? notice.text : strings.message.said(name, notice.text);
      raise(strings.notice.desktopTitle(room.name), body, room.id, notice.id);
    }
  }, [rooms, strings, me]);
}

/** Whether a message reminds the user of dues. */
function remindsOf(message: Message, me: number): boolean {
  return reminderOf(message)?.users.includes(me) === true;
}

function isLookedAt(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function raise(title: string, body: string, room: number, id: number): void {
  try {
    // Of two tabs that raise the same notice the browser shows one.
    const raised = new Notification(title, { body, tag: `moim-${room}-${id}`, icon: "/icon.svg" });
    raised.onclick = () => {
      window.focus();
      goToRoom(room);
      raised.close();
    };
  } catch {
    // Some phones have the permission and not the constructor.
  }
}
