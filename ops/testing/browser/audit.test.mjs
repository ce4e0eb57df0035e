import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { ask, fill, moneyOf, roomId, shoot } from "./money.mjs";
import { Person, twoInRoom } from "./person.mjs";

/** Who sees what was done with a group's money. The tests follow one another: each goes on where the last one ended. */

const ROOM = `산악회 ${crypto.randomUUID().slice(0, 8)}`;

const { panel, open, close } = moneyOf(ROOM);
let browser;
let room;
let chongmu;
let hana;
let gamsa;

const tab = (person) => panel(person).getByRole("tab", { name: "감사 기록" });
const lines = (person) => panel(person).locator("[data-audit]");

before(async () => {
  browser = await startBrowser();
  [chongmu, hana] = await twoInRoom(browser, ["김총무", "박하나"], ROOM);
  gamsa = await Person.arrive(browser, "이감사");
  await gamsa.signUp();
  await gamsa.joinRoom(ROOM);
  room = await roomId(chongmu, ROOM);
  await fill(room, [chongmu, hana], 30000);
});

after(async () => {
  await browser?.close();
});

test("a plain member has no tab of the audit trail, but sees what he did himself, with his address", async () => {
  const hers = await open(hana);
  await hers.getByText("아직 청구한 회비가 없어요").waitFor();
  assert.equal(await tab(hana).count(), 0);
  await hers.getByText("내 활동 기록").click();
  const line = lines(hana).filter({ hasText: "송금" });
  await line.getByText("웹 · 127.0.0.1", { exact: true }).waitFor();
  await line.getByText(ROOM).waitFor();
  await lines(hana).filter({ hasText: "지갑 만들기" }).waitFor();
  await assertAccessible(hana.page, "own activity");
  await shoot(hana, "activity");
  await close(hana);
});

test("an auditor sees what another has paid, and from which network", async () => {
  const his = await open(gamsa);
  await his.getByText("아직 청구한 회비가 없어요").waitFor();
  assert.equal(await tab(gamsa).count(), 0, "not before he has the office");
  const { id } = await ask(gamsa, "GET", "/api/v1/me");
  await ask(chongmu, "PUT", `/api/v1/rooms/${room}/offices/${id}`, { office: "AUDITOR" });
  await tab(gamsa).click();
  const line = lines(gamsa).filter({ hasText: "송금" });
  await line.getByText("박하나", { exact: true }).waitFor();
  await line.getByText("30,000원").waitFor();
  await line.getByText("웹 · 127.0.0.0/24", { exact: true }).waitFor();
  await lines(gamsa).filter({ hasText: "이감사 · 감사" }).waitFor();
  await assertAccessible(gamsa.page, "audit");
  await shoot(gamsa, "audit");
});

test("new lines come by themselves, and earlier ones page by page", async () => {
  const rules = `/api/v1/rooms/${room}/expense-rules`;
  for (let quorum = 2; quorum <= 52; quorum++) await ask(chongmu, "PUT", rules, { quorum, limit: 0, waitDays: 7 });
  await lines(gamsa).filter({ hasText: "52명이 동의하면" }).waitFor();
  await close(gamsa);
  const his = await open(gamsa, "감사 기록");
  const older = his.getByRole("button", { name: "이전 기록 보기" });
  await older.waitFor();
  assert.equal(await lines(gamsa).count(), 50);
  await older.click();
  await lines(gamsa).filter({ hasText: "모임 지갑 만들기" }).waitFor();
  assert.equal(await lines(gamsa).filter({ hasText: "지출 규칙 바꾸기" }).count(), 51);
  await older.waitFor({ state: "detached" });
});

test("an auditor who lays down his office has no tab any more", async () => {
  const { id } = await ask(gamsa, "GET", "/api/v1/me");
  await ask(chongmu, "DELETE", `/api/v1/rooms/${room}/offices/${id}`);
  await tab(gamsa).waitFor({ state: "detached" });
  await panel(gamsa).getByText("아직 청구한 회비가 없어요").waitFor();
});

test("nothing went wrong at the page's top", () => {
  for (const person of [chongmu, hana, gamsa]) assert.deepEqual(person.faults, []);
});
