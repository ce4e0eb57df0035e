import type { Uploading } from "../api/files";

/** Files on their way to one room; more are not taken until some have arrived. */
export const UPLOADS_MAX = 20;
/** Sent at once; the others wait. A server limits these too, and two keep a line busy. */
const AT_ONCE = 2;

/** A file on its way. */
export interface Upload {
  readonly key: string;
  readonly file: File;
  readonly state: "waiting" | "sending" | "failed";
  readonly sentBytes: number;
  /** Of a failed one, what went wrong. */
  readonly problem: unknown;
}

/** The files that the user sends to a room. They last as long as the page: a reload ends them. */
export class Uploads {
  #entries: readonly Upload[] = [];
  #next = 1;
  readonly #running = new Map<string, Uploading>();

  constructor(
    private readonly send: (file: File, sent: (bytes: number) => void) => Uploading,
    private readonly changed: () => void,
  ) {}

  /** A new array whenever it changed. */
  get entries(): readonly Upload[] {
    return this.#entries;
  }

  /** Takes as many as there is place for; false: some were left out. */
  add(files: readonly File[]): boolean {
    const taken = files.slice(0, UPLOADS_MAX - this.#entries.length);
    const added = taken.map((file) => ({ ...beginning(file), key: `file-${this.#next++}` }));
    this.#set([...this.#entries, ...added]);
    this.#run();
    return taken.length === files.length;
  }

  retry(key: string): void {
    this.#change(key, (entry) => (entry.state === "failed" ? { ...beginning(entry.file), key } : entry));
    this.#run();
  }

  /** Ends one, wherever it is on its way. */
  cancel(key: string): void {
    this.#running.get(key)?.cancel();
    this.#remove(key);
    this.#run();
  }

  cancelAll(): void {
    for (const { key } of this.#entries) this.#running.get(key)?.cancel();
    this.#set([]);
  }

  #run(): void {
    for (const { key, file } of this.#entries.filter((entry) => entry.state === "waiting")) {
      if (this.#running.size >= AT_ONCE) return;
      this.#change(key, (entry) => ({ ...entry, state: "sending" }));
      const uploading = this.send(file, (sentBytes) => this.#change(key, (entry) => ({ ...entry, sentBytes })));
      this.#running.set(key, uploading);
      void this.#finish(key, uploading);
    }
  }

  async #finish(key: string, uploading: Uploading): Promise<void> {
    try {
      await uploading.done;
      this.#remove(key);
    } catch (problem) {
      this.#change(key, (entry) => ({ ...entry, state: "failed", problem }));
    }
    this.#running.delete(key);
    this.#run();
  }

  #remove(key: string): void {
    this.#set(this.#entries.filter((entry) => entry.key !== key));
  }

  #change(key: string, to: (entry: Upload) => Upload): void {
    this.#set(this.#entries.map((entry) => (entry.key === key ? to(entry) : entry)));
  }

  #set(entries: readonly Upload[]): void {
    this.#entries = entries;
    this.changed();
  }
}

function beginning(file: File): Omit<Upload, "key"> {
  return { file, state: "waiting", sentBytes: 0, problem: null };
}
