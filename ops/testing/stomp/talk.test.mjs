import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Page } from "./page.mjs";
import { Person } from "./person.mjs";

/** Two pages of the original's and a terminal in one room. The tests follow one another. */

let minji;
let chulsoo;
let room;
let hers;
let his;

before(async () => {
  [minji, chulsoo] = await Promise.all([Person.signUp("김민지"), Person.signUp("박철수")]);
  const channel = { channelName: "토요 등산회", channelDescription: "", channelPassword: "", isPrivate: false };
  room = (await minji.ask("POST", "/api/channel", channel)).channelId;
  await chulsoo.ask("POST", `/api/channel/${room}/signup`);
});

after(async () => {
  await Promise.all([hers?.close(), his?.close()]);
});

/** What both pages show next, which must be the same. */
async function shown() {
  const [one, other] = await Promise.all([hers.messages.take(), his.messages.take()]);
  assert.deepEqual(one, other);
  return one;
}

test("pages connect with the token in a cookie, and with one in CONNECT's header", async () => {
  hers = await Page.open(minji, room);
  his = await Page.open(chulsoo, room, { cookie: "", headers: { Authorization: `Bearer ${chulsoo.token}` } });
  assert.equal(hers.client.connectedVersion, "1.2");
});

test("what a page says reaches every page and a terminal, and is stored when its receipt comes", async () => {
  const tail = minji.tail(room, "--last", 0, "--count", 1);
  await hers.say("TALK", "이번 주는 어디로 가나요?");
  const row = await shown();
  const { id, createdAt, ...rest } = row;
  assert.ok(Number.isSafeInteger(id));
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  assert.deepEqual(rest, {
    userId: minji.id,
    userEmail: minji.email,
    userName: "김민지",
    channelId: room,
    callOutContentId: null,
    notReadCount: 1,
    text: "이번 주는 어디로 가나요?",
    type: "TALK",
  });
  assert.deepEqual((await minji.ask("GET", `/api/channel/${room}/content`)).at(-1), row);
  const [stored] = await minji.tail(room, "--last", 1, "--count", 1);
  assert.deepEqual([stored.id, stored.text, stored.kind], [id, row.text, "Talk"]);
  // The terminal may have begun to follow after the page had spoken: then it waits for this.
  await chulsoo.send(room, "북한산 어때요?");
  assert.equal((await shown()).text, "북한산 어때요?");
  const [followed] = await tail;
  assert.ok([row.text, "북한산 어때요?"].includes(followed.text));
});

test("a greeting is written by the server, and a reply quotes", async () => {
  await his.say("ENTER", "");
  assert.equal((await shown()).text, "박철수님이 입장하셨습니다.");
  const quoted = await minji.send(room, "몇 시에요?");
  assert.equal((await shown()).id, quoted);
  await his.say("CALLOUT", "8시요", { callOutId: quoted });
  const reply = await shown();
  assert.deepEqual([reply.type, reply.callOutContentId, reply.text], ["CALLOUT", quoted, "8시요"]);
});

test("text of any kind arrives as it was written", async () => {
  const text = 'colon: backslash \\ line\nbreak, "quotes" 한글 👋🏽 \t tab';
  await hers.say("TALK", text);
  assert.equal((await shown()).text, text);
});

test("a message is taken back on every page", async () => {
  await hers.say("TALK", "성급한 말");
  const { id } = await shown();
  await hers.delete(id);
  assert.deepEqual(await shown(), { type: "DELETE", channelId: room, channelContentId: id });
  const [left] = await chulsoo.tail(room, "--from", id - 1, "--count", 1);
  assert.deepEqual([left.id, left.kind, left.text], [id, "Delete", ""]);
});

test("a burst keeps its order on every page", async () => {
  const texts = Array.from({ length: 300 }, (_, index) => `${index + 1}`);
  const stored = texts.map((text) => hers.say("TALK", text));
  for (const text of texts) assert.equal((await shown()).text, text);
  await Promise.all(stored);
});

test("a page whose connection breaks comes back by itself", async () => {
  hers.socket.terminate();
  await hers.connects.take();
  await his.say("TALK", "다시 오셨네요");
  assert.equal((await shown()).text, "다시 오셨네요");
});

/** The ERROR that a page gets. */
async function refusedPage(page) {
  page.client.activate();
  const error = await page.errors.take();
  await page.close();
  return error.headers.message;
}

test("without a token, or as no member, a page is told why", async () => {
  assert.match(await refusedPage(new Page(minji, room, { cookie: "" })), /no token/);
  assert.match(await refusedPage(new Page(minji, room, { cookie: "Authorization=Bearer%20forged" })), /TokenInvalid/);
  const stranger = await Person.signUp("지나가던 사람");
  assert.match(await refusedPage(new Page(stranger, room)), /NotAMember/);
});

test("who claims to be another is refused", async () => {
  const page = await Page.open(chulsoo, room);
  page.say("TALK", "x", { senderId: minji.id });
  const error = await page.errors.take();
  assert.match(error.headers.message, /senderId/);
  await page.close();
});

test("a page loses its rights when its token ends", async () => {
  await chulsoo.ask("GET", "/api/user/logout");
  const error = await his.errors.take();
  assert.match(error.headers.message, /TokenRevoked/);
  await his.close();
  await hers.say("TALK", "아무도 없나요?");
  assert.equal((await hers.messages.take()).text, "아무도 없나요?");
});
