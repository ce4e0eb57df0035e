import { Decoder } from "../protocol/decoder";
import { endsLogin } from "../protocol/errorCode";
import { readIncoming, type Incoming } from "../protocol/incoming";
import { FRAME_BYTES_MAX } from "../protocol/limits";
import { goodbyeFrame, helloFrame, pingFrame, pongFrame, type FrameBytes } from "../protocol/outgoing";
import { waitBeforeAttempt } from "./backoff";
import { batches } from "./batches";
import { Heartbeat } from "./heartbeat";
import { Requests, type OnAnswer } from "./requests";

const SUBPROTOCOL = "moim.v1";
const AGENT = "moim-page/0.1";
/** Frames are gathered into WebSocket messages of at most this; a larger frame goes alone. */
const BATCH_BYTES_MAX = 16 * 1024;
/** A server that accepted the socket but gives no WELCOME for this long is given up. */
const WELCOME_WITHIN_MS = 15_000;

/** How the line to the server stands. */
export type Link =
  | { readonly phase: "connecting" }
  | { readonly phase: "online" }
  /** Broken; the next attempt comes at `retryAtMs` (Unix). */
  | { readonly phase: "waiting"; readonly retryAtMs: number }
  | { readonly phase: "stopped" };

export interface ConnectionEvents {
  link(link: Link): void;
  /** The session stands; every room must be opened anew. */
  online(): void;
  /** The session is gone; requests without an answer were told before this. */
  offline(): void;
  /** A frame that answers no waiting request. */
  frame(frame: Incoming): void;
  /** All frames of one piece of the stream are handed over: a moment to redraw. */
  drained(): void;
  /** An attempt ended before WELCOME; a refused login looks the same as a dead server from here. */
  unwelcome(): void;
  /** The login is over; there will be no further attempt. */
  loginEnded(code: number): void;
}

/** One WebSocket to the bridge at a time, reconnected for as long as it is wanted. */
export class Connection {
  #socket: WebSocket | null = null;
  #welcomed = false;
  #attempt = 0;
  #retryAfterMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #outbound: FrameBytes[] = [];
  readonly #requests = new Requests();
  readonly #heartbeat: Heartbeat;

  constructor(
    private readonly url: string,
    private readonly device: number,
    private readonly events: ConnectionEvents,
  ) {
    this.#heartbeat = new Heartbeat(
      () =>
        this.request(
          (id) => pingFrame(Date.now(), id),
          () => {},
        ),
      () => this.#broken(),
    );
  }

  /** Connects now, unless a connection stands or is being made. */
  connect(): void {
    if (this.#socket !== null) return;
    clearTimeout(this.#timer);
    this.events.link({ phase: "connecting" });
    const socket = new WebSocket(this.url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    const decoder = new Decoder(FRAME_BYTES_MAX);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#broken(), WELCOME_WITHIN_MS);
    socket.onopen = () => this.#hello();
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (this.#socket === socket) this.#received(decoder, event.data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#broken();
    };
  }

  /** Ends the connection for good. */
  stop(): void {
    if (this.#welcomed) this.#socket?.send(goodbyeFrame());
    this.#drop();
    clearTimeout(this.#timer);
    this.events.link({ phase: "stopped" });
  }

  get isOnline(): boolean {
    return this.#welcomed;
  }

  /** Sends a request; `onAnswer` gets null at once where nobody is connected. */
  request(encode: (request: number) => FrameBytes, onAnswer: OnAnswer): void {
    if (!this.#welcomed) {
      onAnswer(null);
      return;
    }
    this.#write(encode(this.#requests.add(onAnswer)));
  }

  /** Sends a frame that has no answer; dropped where nobody is connected. */
  post(frame: FrameBytes): void {
    if (this.#welcomed) this.#write(frame);
  }

  #hello(): void {
    const request = this.#requests.add((answer) => {
      if (answer?.op === "Welcome") this.#welcome(answer.heartbeatMs);
    });
    this.#write(helloFrame(this.device, AGENT, request));
  }

  #welcome(heartbeatMs: number): void {
    clearTimeout(this.#timer);
    this.#welcomed = true;
    this.#attempt = 0;
    this.#heartbeat.start(heartbeatMs);
    this.events.link({ phase: "online" });
    this.events.online();
  }

  /** Frames of one turn leave as one WebSocket message: opening fifty rooms is one write. */
  #write(frame: FrameBytes): void {
    if (this.#outbound.push(frame) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#outbound;
    this.#outbound = [];
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    for (const batch of batches(frames, BATCH_BYTES_MAX)) this.#socket.send(batch);
    this.#heartbeat.spoke();
  }

  #received(decoder: Decoder, data: unknown): void {
    this.#heartbeat.heard();
    if (!(data instanceof ArrayBuffer)) return;
    const socket = this.#socket;
    try {
      decoder.feed(new Uint8Array(data), (frame) => {
        const incoming = readIncoming(frame);
        // A GOODBYE among the frames may have ended this connection; what follows it is of no account.
        if (incoming !== null && this.#socket === socket) this.#dispatch(incoming);
      });
    } catch (fault) {
      console.error("the server's stream cannot be followed", fault);
      this.#broken();
    }
    this.events.drained();
  }

  #dispatch(incoming: Incoming): void {
    if (incoming.op === "Ping") this.#write(pongFrame(incoming.stamp, incoming.request));
    else if (incoming.op === "Goodbye") this.#goodbye(incoming.code, incoming.retryAfterMs);
    else if (incoming.request === 0 || !this.#requests.settle(incoming)) this.events.frame(incoming);
  }

  #goodbye(code: number, retryAfterMs: number): void {
    if (endsLogin(code)) {
      this.stop();
      this.events.loginEnded(code);
      return;
    }
    this.#retryAfterMs = retryAfterMs;
    this.#broken();
  }

  #broken(): void {
    const welcomed = this.#welcomed;
    this.#drop();
    clearTimeout(this.#timer);
    const waitMs = waitBeforeAttempt(this.#attempt++, this.#retryAfterMs, Math.random());
    this.#retryAfterMs = 0;
    this.#timer = setTimeout(() => this.connect(), waitMs);
    this.events.link({ phase: "waiting", retryAtMs: Date.now() + waitMs });
    if (!welcomed) this.events.unwelcome();
  }

  /** Lets go of the socket and tells everyone who waits for something on it. */
  #drop(): void {
    const socket = this.#socket;
    const welcomed = this.#welcomed;
    this.#socket = null;
    this.#welcomed = false;
    this.#outbound = [];
    this.#heartbeat.stop();
    socket?.close();
    this.#requests.loseAll();
    if (welcomed) this.events.offline();
  }
}
