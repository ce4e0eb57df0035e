import type { Room } from "../room/room";

/** Messages looked at for an unread notice; the last of them is the one that the list shows. */
const LOOKED_AT_MAX = 20;
/** Loads asked for at once; a page with a hundred rooms must not ask the server for a hundred histories together. */
const AT_ONCE = 4;

/** Fetches the last messages of each room in the list, a few at a time. */
export class Previews {
  #waiting: Room[] = [];
  #running = 0;

  want(room: Room): void {
    if (!this.#waiting.includes(room)) this.#waiting.push(room);
    this.#next();
  }

  /** Forgets who waits, as when the connection ended: each room asks anew when it is open again. */
  clear(): void {
    this.#waiting = [];
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const room = this.#waiting.shift();
      if (room === undefined) return;
      this.#running++;
      room.loadOlder(Math.min(room.state.unread + 1, LOOKED_AT_MAX), () => {
        this.#running--;
        this.#next();
      });
    }
  }
}
