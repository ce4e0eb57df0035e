import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Page as OriginalPage } from "../stomp/page.mjs";
import { Person as Member } from "../stomp/person.mjs";
import { startBrowser } from "./browser.mjs";
import { Person } from "./person.mjs";

/** Our page in Chromium, and the original's client (stompjs from npm, over its own socket) in one room. */

const ROOM = `두 화면 한 방 ${crypto.randomUUID().slice(0, 8)}`;

let browser;
/** At our page. */
let minji;
/** At the original's. */
let chulsoo;
let original;
let room;

before(async () => {
  browser = await startBrowser();
  [minji, chulsoo] = await Promise.all([Person.arrive(browser, "김민지"), Member.signUp("박철수")]);
  await minji.signUp();
  await minji.createRoom(ROOM);
  [{ channelId: room }] = await chulsoo.ask("GET", `/api/channel/search?keyword=${encodeURIComponent(ROOM)}`);
  await chulsoo.ask("POST", `/api/channel/${room}/signup`);
  original = await OriginalPage.open(chulsoo, room);
});

after(async () => {
  await original?.close();
  await browser?.close();
});

test("what stompjs sends stands on our page at once, and once", async () => {
  await original.say("TALK", "옛 화면에서 인사드려요");
  await minji.said("옛 화면에서 인사드려요").waitFor();
  assert.equal((await original.messages.take()).text, "옛 화면에서 인사드려요");
  assert.equal(await minji.said("옛 화면에서 인사드려요").count(), 1);
});

test("what our page sends comes to stompjs as the original's rows have it", async () => {
  await minji.say("새 화면에서 답해요 👋🏽");
  const row = await original.messages.take();
  assert.deepEqual([row.text, row.userName, row.type, row.channelId], ["새 화면에서 답해요 👋🏽", "김민지", "TALK", room]);
});

test("both see one order, whoever speaks", async () => {
  const texts = Array.from({ length: 20 }, (_, nth) => `${nth % 2 === 0 ? "옛" : "새"} ${nth}`);
  for (const [nth, text] of texts.entries()) await (nth % 2 === 0 ? original.say("TALK", text) : minji.say(text));
  const came = [];
  while (came.length < texts.length) came.push((await original.messages.take()).text);
  assert.deepEqual(came, texts);
  await minji.said(texts.at(-1)).waitFor();
  assert.deepEqual((await minji.talk()).slice(-texts.length), texts);
});

test("a reply of one quotes what the other said", async () => {
  await minji.say("몇 시에 볼까요?");
  const { id } = await original.messages.take();
  await original.say("CALLOUT", "여덟 시요", { callOutId: id });
  const reply = minji.page.locator("[data-message]").filter({ hasText: "여덟 시요" });
  await reply.getByText("몇 시에 볼까요?").waitFor();
  assert.equal((await original.messages.take()).callOutContentId, id);
});

test("what one takes back is gone on both", async () => {
  await original.say("TALK", "잘못 보냈어요");
  const { id } = await original.messages.take();
  await minji.said("잘못 보냈어요").waitFor();
  await original.delete(id);
  await minji.said("잘못 보냈어요").waitFor({ state: "detached" });
  assert.deepEqual(await original.messages.take(), { type: "DELETE", channelId: room, channelContentId: id });
  await minji.say("저도요");
  const { id: hers } = await original.messages.take();
  await minji.deleteMessage("저도요");
  assert.deepEqual(await original.messages.take(), { type: "DELETE", channelId: room, channelContentId: hers });
});

test("a file that our page shares comes to stompjs with what is needed to fetch it", async () => {
  const bytes = Buffer.from("회비 영수증 1만 원\n");
  const file = { name: "영수증.txt", mimeType: "text/plain", buffer: bytes };
  await minji.page.locator("input[type=file]").setInputFiles(file);
  const row = await original.messages.take();
  assert.equal(row.type, "FILE");
  assert.deepEqual([row.file.fileName, row.file.size], ["영수증.txt", bytes.length]);
  const headers = { authorization: `Bearer ${chulsoo.token}` };
  const fetched = await fetch(new URL(`/api/file/${row.file.fileId}`, process.env.BASE_URL), { headers });
  assert.equal(await fetched.text(), bytes.toString());
});
