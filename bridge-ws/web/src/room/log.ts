import { Kind, type Message } from "../protocol/message";

/**
 * The loaded part of a room: one unbroken run of messages that ends at the newest. It grows at the end by the stream
 * and at its beginning by pages of history.
 */
export class MessageLog {
  #messages: Message[] = [];
  #atStart = false;
  #withdrawn: ReadonlySet<number> = new Set();
  #view: readonly Message[] | null = null;

  /** Ids rising. A new array whenever it changed. */
  get messages(): readonly Message[] {
    return (this.#view ??= this.#messages.slice());
  }

  /** Whether nothing lies before the first loaded message. */
  get atStart(): boolean {
    return this.#atStart;
  }

  /** Ids of messages that were taken back. */
  get withdrawn(): ReadonlySet<number> {
    return this.#withdrawn;
  }

  /** Id of the first loaded message; 0: none is loaded. */
  get oldestId(): number {
    return this.#messages[0]?.id ?? 0;
  }

  append(message: Message): void {
    // The room's very first message: nothing can lie before it.
    if (message.prevId === 0 && this.#messages.length === 0) this.#atStart = true;
    this.#messages.push(message);
    this.#view = null;
    this.learn([message]);
  }

  /** Puts a page of history before what is loaded. `upTo`: nothing above it belongs here, it comes by the stream. */
  prepend(page: readonly Message[], more: boolean, upTo: number): void {
    const oldest = this.#messages[0]?.id ?? upTo + 1;
    const older = page.filter((message) => message.id < oldest);
    this.#messages = [...older, ...this.#messages];
    if (!more) this.#atStart = true;
    this.#view = null;
    this.learn(older);
  }

  /** Forgets everything, as when what comes next does not join on. `empty`: the room is known to hold nothing. */
  clear(empty: boolean): void {
    this.#messages = [];
    this.#atStart = empty;
    this.#view = null;
  }

  /** Lets go of the oldest so that `keep` stay; they can be loaded again. */
  trim(keep: number): void {
    if (this.#messages.length <= keep) return;
    this.#messages = this.#messages.slice(-keep);
    this.#atStart = false;
    this.#view = null;
  }

  /** Takes over which messages others take back; they need not be of this run. */
  learn(messages: readonly Message[]): void {
    const deletions = messages.filter((message) => message.kind === Kind.Delete);
    if (deletions.length === 0) return;
    this.#withdrawn = new Set([...this.#withdrawn, ...deletions.map((message) => message.reference)]);
  }
}
