import { useSyncExternalStore } from "react";

/** The room on the screen is in the address (`#/room/12`), so that a reload and the browser's Back keep it. */

export function roomHref(room: number): string {
  return `#/room/${room}`;
}

/** The room that the address names; 0: none. */
export function useRoute(): number {
  return useSyncExternalStore(subscribe, currentRoom);
}

export function goToRoom(room: number): void {
  location.hash = roomHref(room);
}

export function goToList(): void {
  location.hash = "#/";
}

function currentRoom(): number {
  const found = /^#\/room\/(\d{1,10})$/.exec(location.hash);
  return Number(found?.[1] ?? 0);
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
