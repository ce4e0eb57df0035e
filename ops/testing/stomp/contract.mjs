import assert from "node:assert/strict";
import { test } from "node:test";

const BASE_URL = process.env.BASE_URL ?? "http://127.0.0.1:8080/";
/** More of an answer is not shown in the table. */
const SHOWN_CHARS = 220;

/** One who calls as the original's page does: what login's header gave goes back in a cookie. */
export class Caller {
  constructor(name) {
    this.name = name;
    this.email = `${crypto.randomUUID()}@contract.test`;
    this.password = "correct horse 27";
    this.headers = {};
  }

  /** Signs up and logs in. */
  static async arrive(name) {
    const caller = new Caller(name);
    const { email, password } = caller;
    await caller.ask("POST", "/api/user/signup", { email, username: name, password });
    await caller.logIn();
    caller.id = (await caller.ask("GET", "/api/v1/me")).body.id;
    return caller;
  }

  async logIn() {
    const { email, password } = this;
    const answer = await this.ask("POST", "/api/user/login", { email, password });
    const value = answer.headers.get("authorization");
    this.token = value?.replace("Bearer%20", "");
    this.headers = { cookie: `Authorization=${value}` };
    return answer;
  }

  /** `body`: an object is JSON, a form is itself. */
  async ask(method, path, body, headers = {}) {
    const isJson = body !== undefined && !(body instanceof FormData);
    const answer = await fetch(new URL(path, BASE_URL), {
      method,
      headers: { ...this.headers, ...(isJson ? { "content-type": "application/json" } : {}), ...headers },
      body: isJson ? JSON.stringify(body) : body,
      redirect: "manual",
    });
    const text = await answer.text();
    let parsed = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Bytes of a file, or nothing.
    }
    return { status: answer.status, headers: answer.headers, body: parsed };
  }
}

/** What was played: row, request, answer. */
const played = [];

/** Plays a row of the contract as a test; `play` gives the answer, which the table shows. */
export function row(name, request, play) {
  test(`${name} — ${request}`, async () => {
    const answer = await play();
    played.push([name, request, shown(answer)]);
  });
}

/** The answer must be of that status and have these fields, those with a value that value. */
export function has(answer, status, fields = {}) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  const rows = Array.isArray(answer.body) ? answer.body : [answer.body];
  for (const [name, value] of Object.entries(fields)) {
    assert.ok(name in rows[0], `${name} is not in ${JSON.stringify(rows[0])}`);
    if (value !== undefined) assert.deepEqual(rows[0][name], value, name);
  }
  return answer;
}

/** A refusal: its status, and the whole envelope. */
export function refused(answer, status) {
  has(answer, status, { statusCode: status });
  for (const field of ["status", "exceptionName", "message", "detailedMessage", "timestamp"]) {
    assert.equal(typeof answer.body[field], "string", field);
  }
  return answer;
}

/** Names of fields, to be there whatever their value. */
export const fields = (...names) => Object.fromEntries(names.map((name) => [name, undefined]));

function shown({ status, body }) {
  const refusal = body?.exceptionName && `${body.exceptionName}: ${body.message}`;
  const text = refusal ?? (typeof body === "string" ? body : JSON.stringify(body));
  const short = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
  return `${status ?? "frame"} ${short}`.trim();
}

/** Everything that was played, as a Markdown table. */
export function table() {
  const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(["row", "request", "answer"]), "|---|---|---|", ...played.map(line)].join("\n") + "\n";
}
