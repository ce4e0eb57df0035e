import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.mjs";
import { Person } from "./person.mjs";

/** Two people in two browsers. The tests follow one another: each goes on where the one before ended. */

const ROOM = `토요 등산회 ${crypto.randomUUID().slice(0, 8)}`;
const EARLIER = Array.from({ length: 130 }, (_, index) => `지난 이야기 ${index + 1}`);
/** More than a server hands over by itself to who comes back. */
const MEANWHILE = Array.from({ length: 300 }, (_, index) => `그사이 ${index + 1}`);

let browser;
let minji;
let chulsoo;

before(async () => {
  browser = await startBrowser();
  [minji, chulsoo] = await Promise.all([Person.arrive(browser, "김민지"), Person.arrive(browser, "박철수")]);
});

after(async () => {
  await browser?.close();
});

test("two people sign up", async () => {
  await Promise.all([minji.signUp(), chulsoo.signUp()]);
});

test("one creates a room, the other finds it by a part of its name and joins", async () => {
  await minji.createRoom(ROOM);
  await chulsoo.joinRoom(ROOM);
  await minji.page.getByText("박철수 님이 들어왔어요").first().waitFor();
});

test("they talk both ways and see the same order", async () => {
  await minji.say("이번 주는 어디로 가나요?");
  await chulsoo.said("이번 주는 어디로 가나요?").waitFor();
  await chulsoo.say("북한산 어때요?");
  await minji.said("북한산 어때요?").waitFor();
  await minji.say("좋아요");
  await chulsoo.said("좋아요").waitFor();
  assert.deepEqual(await minji.talk(), ["이번 주는 어디로 가나요?", "북한산 어때요?", "좋아요"]);
  assert.deepEqual(await chulsoo.talk(), await minji.talk());
});

test("typing is shown while somebody writes", async () => {
  await chulsoo.composer.pressSequentially("저는");
  await minji.page.locator(".typing-line").getByText("박철수 님이 쓰고 있어요").waitFor();
  await chulsoo.composer.fill("");
});

test("the members panel shows who is here, and who went", async () => {
  await minji.button("멤버 보기").click();
  const panel = minji.page.getByRole("complementary", { name: "멤버" });
  await panel.getByRole("heading", { name: "접속 중 2" }).waitFor();
  await chulsoo.page.goto("about:blank");
  await panel.getByRole("heading", { name: "접속 중 1" }).waitFor();
  await panel.getByRole("heading", { name: "자리에 없음 1" }).waitFor();
  await chulsoo.page.goBack();
  await panel.getByRole("heading", { name: "접속 중 2" }).waitFor();
  await minji.page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
});

test("a message shows who has not read it until he reads it, and the list shows what is unread", async () => {
  await chulsoo.page.evaluate(() => (location.hash = "#/"));
  await chulsoo.page.getByRole("heading", { name: "어느 방에서 이야기할까요?" }).waitFor();
  await minji.say("내일 8시에 만나요");
  await minji.unreadBy("내일 8시에 만나요", 1);
  await chulsoo.row(ROOM).getByText("안 읽은 메시지 1개").waitFor({ state: "attached" });
  await chulsoo.openRoom(ROOM);
  await chulsoo.page.getByText("여기까지 읽었어요").waitFor();
  await minji.unreadBy("내일 8시에 만나요", 0);
  await chulsoo
    .row(ROOM)
    .getByText(/안 읽은 메시지/)
    .waitFor({ state: "detached" });
});

test("a syllable that is still being composed is not sent by Enter", async () => {
  const input = await minji.context.newCDPSession(minji.page);
  const before = await minji.talk();
  await minji.composer.focus();
  await input.send("Input.imeSetComposition", { text: "안녕", selectionStart: 2, selectionEnd: 2 });
  await input.send("Input.dispatchKeyEvent", {
    type: "rawKeyDown",
    key: "Process",
    code: "Enter",
    windowsVirtualKeyCode: 229,
  });
  assert.deepEqual(await minji.talk(), before);
  assert.equal(await minji.page.locator("[data-outgoing]").count(), 0);
  await input.send("Input.insertText", { text: "안녕" });
  await minji.composer.press("Enter");
  await chulsoo.said("안녕").waitFor();
  assert.equal(await minji.composer.inputValue(), "");
});

test("Shift and Enter break the line", async () => {
  await minji.composer.fill("첫 줄");
  await minji.composer.press("Shift+Enter");
  await minji.composer.pressSequentially("둘째 줄");
  await minji.composer.press("Enter");
  await chulsoo.page.locator("[data-message]").getByText("첫 줄\n둘째 줄").waitFor();
});

test("a reply quotes what it answers", async () => {
  await chulsoo.composer.press("ArrowUp");
  await chulsoo.page.getByText("김민지 님에게 답장").waitFor();
  await chulsoo.say("알겠습니다");
  await minji.said("알겠습니다").locator("blockquote").getByText("첫 줄").waitFor();
});

test("a reload keeps everything", async () => {
  const before = await chulsoo.talk();
  await chulsoo.page.reload();
  await chulsoo.inRoom(ROOM);
  await chulsoo.said("알겠습니다").waitFor();
  assert.deepEqual(await chulsoo.talk(), before);
});

test("scrolling back loads the history to its beginning", async () => {
  await minji.sayAll(EARLIER);
  await chulsoo.page.reload();
  await chulsoo.inRoom(ROOM);
  await chulsoo.said(EARLIER.at(-1)).waitFor();
  const list = chulsoo.page.getByRole("log");
  const start = chulsoo.page.getByText(`‘${ROOM}’의 시작`);
  while (!(await start.isVisible())) {
    await list.hover();
    await chulsoo.page.mouse.wheel(0, -4_000);
  }
  const talk = await chulsoo.talk();
  assert.equal(talk[0], "이번 주는 어디로 가나요?");
  assert.deepEqual(talk.slice(-EARLIER.length), EARLIER);
});

test("what comes while one reads back waits below, and a press leads to it", async () => {
  await minji.say("여기까지예요");
  await chulsoo.button("새 메시지 1개").click();
  await chulsoo.said("여기까지예요").waitFor();
  await minji.unreadBy("여기까지예요", 0);
});

test("a cut connection is shown, and what was said meanwhile arrives once on both sides", async () => {
  chulsoo.line.cut();
  await chulsoo.page.getByText("연결이 끊겼어요").first().waitFor();
  await chulsoo.composer.fill("끊긴 동안 쓴 말");
  await chulsoo.composer.press("Enter");
  await chulsoo.page.locator("[data-outgoing=waiting]").getByText("끊긴 동안 쓴 말").waitFor();
  await minji.say("혹시 들리나요?");
  chulsoo.line.mend();
  await chulsoo.said("혹시 들리나요?").waitFor();
  await chulsoo.said("끊긴 동안 쓴 말").waitFor();
  await minji.said("끊긴 동안 쓴 말").waitFor();
  await chulsoo.page.locator("[data-outgoing]").waitFor({ state: "detached" });
  await chulsoo.page.getByText("연결이 끊겼어요").waitFor({ state: "detached" });
  const tail = (await minji.talk()).slice(-2);
  assert.deepEqual(tail, ["혹시 들리나요?", "끊긴 동안 쓴 말"]);
  assert.deepEqual((await chulsoo.talk()).slice(-2), tail);
});

test("what was on its way outlives a reload and is sent once", async () => {
  chulsoo.line.cut();
  await chulsoo.page.getByText("연결이 끊겼어요").first().waitFor();
  await chulsoo.composer.fill("다시 열어도 남은 말");
  await chulsoo.composer.press("Enter");
  await chulsoo.page.locator("[data-outgoing=waiting]").waitFor();
  await chulsoo.page.reload();
  await chulsoo.page.locator("[data-outgoing=waiting]").getByText("다시 열어도 남은 말").waitFor();
  chulsoo.line.mend();
  await minji.said("다시 열어도 남은 말").waitFor();
  await chulsoo.said("다시 열어도 남은 말").waitFor();
  await chulsoo.page.locator("[data-outgoing]").waitFor({ state: "detached" });
  assert.equal((await minji.talk()).filter((text) => text === "다시 열어도 남은 말").length, 1);
});

test("a long absence is filled up without gap or duplicate", async () => {
  chulsoo.line.cut();
  await chulsoo.page.getByText("연결이 끊겼어요").first().waitFor();
  await minji.sayAll(MEANWHILE);
  chulsoo.line.mend();
  await chulsoo.said(MEANWHILE.at(-1)).waitFor();
  assert.deepEqual((await chulsoo.talk()).slice(-MEANWHILE.length), MEANWHILE);
});

test("who leaves is gone from the room and cannot read on", async () => {
  await chulsoo.button("멤버 보기").click();
  await chulsoo.button("방 나가기").click();
  await chulsoo.page.getByRole("dialog").getByRole("button", { name: "방 나가기" }).click();
  await minji.page.getByText("박철수 님이 나갔어요").first().waitFor();
  await chulsoo.row(ROOM).waitFor({ state: "detached" });
});

test("nothing went wrong unseen", () => {
  assert.deepEqual([...minji.faults, ...chulsoo.faults], []);
});
