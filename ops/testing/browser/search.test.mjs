import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { twoInRoom } from "./person.mjs";

/** Looking for what was said. The tests follow one another: each goes on where the one before ended. */

const HIKERS = `등산회 ${crypto.randomUUID().slice(0, 8)}`;
const READERS = `독서회 ${crypto.randomUUID().slice(0, 8)}`;
const OLD = "총회비는 이번 주까지 부탁드려요";
const LATER = Array.from({ length: 240 }, (_, index) => `그 뒤의 말 ${index + 1}`);

let browser;
let minji;
let chulsoo;

before(async () => {
  browser = await startBrowser();
  [minji, chulsoo] = await twoInRoom(browser, ["김민지", "박철수"], HIKERS);
  await minji.say(OLD);
  await minji.sayAll(LATER);
  await chulsoo.createRoom(READERS);
  await chulsoo.say("다음 책은 총회에서 정해요");
});

after(async () => {
  await browser?.close();
});

const hits = (person) => person.page.locator("[data-hit]");

/** Searches until that many are shown: the index is written behind the room. */
async function find(person, keyword, count) {
  const field = person.page.getByRole("searchbox", { name: "메시지 검색" });
  const told = count === 0 ? `‘${keyword}’(이)라는 말은 없었어요.` : `메시지 ${count}개를 찾았어요`;
  const search = async (words) => {
    const answered = person.page.waitForResponse(
      (answer) => new URL(answer.url()).searchParams.get("keyword") === words,
    );
    await field.fill(words);
    await answered;
  };
  for (let tries = 0; tries < 20; tries++) {
    if ((await field.inputValue()) === keyword) await search(`${keyword} 다시`);
    await search(keyword);
    try {
      await person.page.getByText(told, { exact: true }).waitFor({ state: "attached", timeout: 1_000 });
      return;
    } catch {
      // Not yet.
    }
  }
  assert.fail(`${keyword}: not ${count} found`);
}

test("two syllables within a word find it in every room of one's own, and are marked", async () => {
  await chulsoo.page.reload();
  await chulsoo.inRoom(READERS);
  await chulsoo.button("메시지 검색").click();
  await find(chulsoo, "총회", 2);
  assert.deepEqual(await hits(chulsoo).locator(".hit-room").allInnerTexts(), [READERS, HIKERS]);
  assert.deepEqual(await hits(chulsoo).locator("mark").allInnerTexts(), ["총회", "총회"]);
  await assertAccessible(chulsoo.page, "search");
});

test("a hit in another room, far back in its history, is jumped to and the hits stay", async () => {
  await hits(chulsoo).last().click();
  await chulsoo.inRoom(HIKERS);
  await chulsoo.page.locator(".said.is-sought").getByText(OLD).waitFor();
  assert.equal(await chulsoo.focusedMessage(), OLD);
  assert.equal(await chulsoo.said(LATER.at(-1)).count(), 0);
  assert.equal(await hits(chulsoo).count(), 2);
  await chulsoo.button("최근 이야기로").click();
  await chulsoo.said(LATER.at(-1)).waitFor();
  await chulsoo.page.keyboard.press("Escape");
});

test("a search in the room looks nowhere else, and other people's rooms are not searched", async () => {
  await minji.button("이 방에서 검색").click();
  await find(minji, "총회", 1);
  await minji.page.getByText("모든 방", { exact: true }).click();
  await minji.page.getByText("메시지 1개를 찾았어요").waitFor({ state: "attached" });
  await find(minji, "다음 책", 0);
  await minji.page.keyboard.press("Escape");
  await minji.row(HIKERS).waitFor();
});

test("many hits come a page at a time", async () => {
  await minji.button("이 방에서 검색").click();
  await find(minji, "뒤의", 30);
  assert.match(await hits(minji).first().innerText(), /그 뒤의 말 240/);
  await minji.button("더 보기").click();
  await minji.page.getByText("메시지 60개를 찾았어요").waitFor({ state: "attached" });
});

test("a deleted message is found no more", async () => {
  await find(minji, "총회비", 1);
  await hits(minji).first().click();
  await minji.page.locator(".said.is-sought").getByText(OLD).waitFor();
  await minji.deleteMessage(OLD);
  await minji.page.getByRole("log").getByText("삭제된 메시지예요").waitFor();
  await find(minji, "총회비", 0);
});

test("on a phone the search is a screen of its own, and Back returns to its hits", async () => {
  await chulsoo.page.setViewportSize({ width: 390, height: 844 });
  await chulsoo.button("이 방에서 검색").click();
  await chulsoo.page.getByRole("searchbox", { name: "메시지 검색" }).fill("말 17");
  await hits(chulsoo).first().waitFor();
  assert.equal(await chulsoo.composer.isVisible(), false);
  await hits(chulsoo).last().click();
  await chulsoo.page.locator(".said.is-sought").getByText("그 뒤의 말 17", { exact: true }).waitFor();
  await chulsoo.page.goBack();
  await hits(chulsoo).first().waitFor();
});

test("nothing went wrong unseen", () => {
  assert.deepEqual([...minji.faults, ...chulsoo.faults], []);
});
