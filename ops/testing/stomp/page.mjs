import stompjs from "@stomp/stompjs";
import WebSocket from "ws";
import { stompUrl } from "./person.mjs";

const { Client } = stompjs;

/** What has come and nobody has taken yet. */
class Inbox {
  #came = [];
  #waiting = [];

  put(item) {
    const taker = this.#waiting.shift();
    if (taker) taker(item);
    else this.#came.push(item);
  }

  /** The next, as soon as it comes. */
  take() {
    if (this.#came.length > 0) return Promise.resolve(this.#came.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** The original's page: stompjs over a plain WebSocket, the token in a cookie, one room. */
export class Page {
  messages = new Inbox();
  errors = new Inbox();
  connects = new Inbox();

  /** `cookie` as the browser sends it; the original's page sets it by script after its login. */
  constructor(person, room, { cookie = `Authorization=Bearer%20${person.token}`, headers = {} } = {}) {
    this.person = person;
    this.room = room;
    this.client = new Client({
      brokerURL: stompUrl(),
      connectHeaders: { login: "guest", passcode: "guest", ...headers },
      reconnectDelay: 50,
      heartbeatIncoming: 4000,
      heartbeatOutgoing: 4000,
      webSocketFactory: () => {
        const protocols = this.client.stompVersions.protocolVersions();
        this.socket = new WebSocket(stompUrl(), protocols, { headers: cookie ? { cookie } : {} });
        // stompjs hears of it by the close that follows.
        this.socket.on("error", () => {});
        return this.socket;
      },
      onConnect: (frame) => {
        this.client.subscribe(`/sub/chat/room/${room}`, (message) => this.messages.put(JSON.parse(message.body)), {
          receipt: "subscribed",
        });
        this.client.watchForReceipt("subscribed", () => this.connects.put(frame));
      },
      onStompError: (frame) => this.errors.put(frame),
    });
  }

  /** Connected and subscribed. */
  static async open(person, room, options) {
    const page = new Page(person, room, options);
    page.client.activate();
    await page.connects.take();
    return page;
  }

  /** Sends as the page does; done when the server has stored it. */
  say(type, message, more = {}) {
    const { id: senderId, name: senderName } = this.person;
    return this.#publish("/pub/chat/message", { type, channelId: this.room, senderId, senderName, message, ...more });
  }

  delete(channelContentId) {
    const body = { channelId: this.room, channelContentId, sender: this.person.name };
    return this.#publish("/pub/delete/message", body);
  }

  #publish(destination, body) {
    const receipt = crypto.randomUUID();
    const stored = new Promise((resolve) => this.client.watchForReceipt(receipt, resolve));
    this.client.publish({ destination, headers: { receipt }, body: JSON.stringify(body) });
    return stored;
  }

  close() {
    return this.client.deactivate();
  }
}
