/**
 * Notices a dead connection. A side that has been silent for the heartbeat sends PING; one silent for twice as long is
 * taken for gone.
 */
export class Heartbeat {
  #timer: ReturnType<typeof setInterval> | null = null;
  #heardAtMs = 0;
  #spokeAtMs = 0;

  constructor(
    private readonly ping: () => void,
    private readonly gone: () => void,
  ) {}

  /** Begins to watch; `heartbeatMs` 0 watches nothing. */
  start(heartbeatMs: number): void {
    this.stop();
    this.heard();
    this.spoke();
    if (heartbeatMs > 0) this.#timer = setInterval(() => this.#beat(heartbeatMs), heartbeatMs / 4);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  heard(): void {
    this.#heardAtMs = performance.now();
  }

  spoke(): void {
    this.#spokeAtMs = performance.now();
  }

  #beat(heartbeatMs: number): void {
    const now = performance.now();
    const silentMs = now - this.#heardAtMs;
    if (silentMs > heartbeatMs * 2) this.gone();
    else if (now - this.#spokeAtMs >= heartbeatMs * 0.75 || silentMs >= heartbeatMs) this.ping();
  }
}
