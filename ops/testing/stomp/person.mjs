import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const BASE_URL = process.env.BASE_URL ?? "http://127.0.0.1:8080/";
const ENGINE = process.env.ENGINE ?? "127.0.0.1:7420";
const MOIM = process.env.MOIM ?? "moim";

/** Somebody with an account, who asks over REST and talks natively from a terminal. */
export class Person {
  static async signUp(name) {
    const email = `${crypto.randomUUID()}@stomp.test`;
    const person = new Person(name, email);
    const account = { email, username: name, password: "correct horse 27" };
    const { id, token } = await person.ask("POST", "/api/v1/signup", account);
    return Object.assign(person, { id, token });
  }

  constructor(name, email) {
    this.name = name;
    this.email = email;
  }

  async ask(method, path, body) {
    const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    const answer = await fetch(new URL(path, BASE_URL), { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** Follows a room with `moim tail` until `count` messages have come; gives them. */
  async tail(room, ...options) {
    const child = this.#moim("tail", room, "--json", ...options);
    const lines = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(JSON.parse(line));
    return lines;
  }

  /** Says something with `moim send`; gives its id. */
  async send(room, text) {
    const child = this.#moim("send", room, "--ids", text);
    const [[id]] = await Promise.all([once(createInterface({ input: child.stdout }), "line"), once(child, "exit")]);
    return Number(id);
  }

  #moim(...options) {
    const env = { ...process.env, MOIM_SERVER: ENGINE, MOIM_TOKEN: this.token };
    return spawn(MOIM, options.map(String), { env, stdio: ["ignore", "pipe", "inherit"] });
  }
}

/** Where the original's page connects. */
export function stompUrl() {
  const url = new URL("/ws-stomp", BASE_URL);
  url.protocol = "ws:";
  return url.href;
}
