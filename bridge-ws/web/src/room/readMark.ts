/** Sends the caller's read mark at most this often; the last one always goes out. */
const EVERY_MS = 700;

/** How far the user has read a room, and telling the server so without a frame for every scroll. */
export class OwnReadMark {
  #upTo = 0;
  #sent = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (upTo: number) => void) {}

  get upTo(): number {
    return this.#upTo;
  }

  /** The user has seen everything up to `id`. True where that is news. */
  read(id: number): boolean {
    if (id <= this.#upTo) return false;
    this.#upTo = id;
    if (this.#timer === undefined) {
      this.#flush();
      this.#timer = setTimeout(() => this.#due(), EVERY_MS);
    }
    return true;
  }

  /** The server says how far the user has read, here or on another device; it is told where it knows less. */
  confirmed(id: number): void {
    this.#sent = id;
    if (id >= this.#upTo) this.#upTo = id;
    else this.#flush();
  }

  /** The user's own message is read by being written; nobody needs to be told. */
  wrote(id: number): void {
    this.#upTo = Math.max(this.#upTo, id);
    this.#sent = Math.max(this.#sent, id);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #due(): void {
    this.#timer = undefined;
    this.#flush();
  }

  #flush(): void {
    if (this.#upTo <= this.#sent) return;
    this.#sent = this.#upTo;
    this.send(this.#upTo);
  }
}
