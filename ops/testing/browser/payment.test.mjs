import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.mjs";
import { ask, moneyOf, roomId, shoot, WALLET } from "./money.mjs";
import { twoInRoom } from "./person.mjs";

/** What may go wrong about a payment. The tests follow one another: each goes on where the one before ended. */

const ROOM = `산악회 ${crypto.randomUUID().slice(0, 8)}`;
const PAYMENTS = "**/charges/*/payments";
const MINE = "**/api/v1/dues/mine";
const FIRST_DAY = "오늘부터 회비를 모아요";
const LATER = "이제 다 냈어요";

const { open, close, panel } = moneyOf(ROOM);
let browser;
let chongmu;
let hana;
let room;

const card = (person, title) => person.page.getByRole("article", { name: `회비 청구: ${title}` });
const payDialog = (title) => hana.page.getByRole("dialog", { name: `회비 내기 · ${title}` });
const rows = (person) => panel(person).locator("[data-charge]");

/** Dues that are asked for at once. */
async function askFor(title) {
  const firstDue = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  const days = { firstDue, repeat: "once", askDays: 20, graceDays: 0 };
  const plan = { title, amountKind: "equal", amount: 10000, lateFee: 0, ...days };
  await ask(chongmu, "POST", `/api/v1/rooms/${room}/dues/plans`, plan);
}

async function balances() {
  return ask(chongmu, "GET", `/api/v1/rooms/${room}/dues/balances`);
}

/** Types the password and presses the dialog's button. */
async function pay(title, amount) {
  await payDialog(title).getByLabel("지갑 비밀번호").fill(WALLET);
  await payDialog(title).getByRole("button", { name: `내기 ${amount}원` }).click();
}

before(async () => {
  browser = await startBrowser();
  [chongmu, hana] = await twoInRoom(browser, ["김총무", "박하나"], ROOM);
  room = await roomId(chongmu, ROOM);
  await ask(hana, "POST", "/api/wallet/user", { password: WALLET });
  await ask(hana, "POST", "/api/wallet/user/money", { amount: 100000 });
  await askFor("1월 회비");
  await card(hana, "1월 회비").getByRole("button", { name: "10,000원 내기" }).waitFor();
});

after(async () => {
  await browser?.close();
});

test("a dialog waits for its payment; one whose answer is lost is made once, though paid again", async () => {
  // Nothing that the server says reaches the page: neither the answer, nor the room's message, nor a fresh look.
  let lose;
  const lost = new Promise((resolve) => (lose = resolve));
  const reached = new Promise((isReached) =>
    hana.page.route(PAYMENTS, async (route) => {
      await route.fetch();
      isReached();
      await lost;
      await route.abort();
    }),
  );
  await hana.page.route(MINE, (route) => route.abort());
  await card(hana, "1월 회비").getByRole("button", { name: "10,000원 내기" }).click();
  hana.line.cut();
  await pay("1월 회비", "10,000");
  await reached;
  // A second Esc closes a dialog in the browser's eyes, whatever the page says.
  for (let press = 0; press < 3; press++) await hana.page.keyboard.press("Escape");
  await hana.page.mouse.click(5, 5);
  assert.ok(await payDialog("1월 회비").getByRole("button", { name: "취소" }).isDisabled());
  lose();
  await payDialog("1월 회비").getByText("서버가 대답하지 않아요").waitFor();
  await payDialog("1월 회비").getByRole("button", { name: "취소" }).click();
  await card(hana, "1월 회비").getByRole("button", { name: "다시 시도" }).waitFor();
  await shoot(hana, "pay-unanswered");

  await hana.page.unroute(PAYMENTS);
  await card(hana, "1월 회비").getByRole("button", { name: "10,000원 내기" }).click();
  await pay("1월 회비", "10,000");
  await card(hana, "1월 회비").getByText("10,000원을 냈어요").waitFor();
  const { fundBalance, members } = await balances();
  assert.equal(fundBalance, 10000);
  assert.deepEqual(
    members.filter(({ credit }) => credit !== 0),
    [],
  );
  await hana.page.unroute(MINE);
  hana.line.mend();
  await hana.online();
  await card(hana, "1월 회비").getByText("내 회비 완납").waitFor();
});

test("cash whose answer is lost is written down once; a second try says that it was", async () => {
  const his = await open(chongmu, "현황");
  const gear = his.getByRole("button", { name: "김총무 님의 회비 처리" });
  const dialog = chongmu.page.getByRole("dialog", { name: "김총무 님의 회비 처리 · 1월 회비" });
  const record = async (note) => {
    await gear.click();
    await dialog.getByLabel("메모").fill(note);
    await dialog.getByRole("button", { name: "현금으로 받음" }).click();
  };
  await chongmu.page.route("**/charges/*/cash", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await record("모임에서");
  await dialog.getByText("서버가 대답하지 않아요").waitFor();
  await dialog.getByRole("button", { name: "취소" }).click();
  await chongmu.page.unroute("**/charges/*/cash");
  await record("모임에서 받음");
  await dialog.getByText("지난 요청이 이미 처리됐어요").waitFor();
  await dialog.getByRole("button", { name: "취소" }).click();
  await his.locator("[data-receipt]").waitFor();
  const receipts = await ask(chongmu, "GET", `/api/v1/rooms/${room}/dues/cash`);
  assert.deepEqual(
    receipts.map(({ amount, note }) => [amount, note]),
    [[10000, "모임에서"]],
  );
  await close(chongmu);
});

test("a look at one's own that fails is told, and taken once more", async () => {
  await hana.page.route(MINE, (route) => route.abort());
  await askFor("2월 회비");
  await card(hana, "2월 회비").getByRole("button", { name: "다시 시도" }).waitFor();
  assert.equal(await card(hana, "2월 회비").getByText("내 회비").count(), 0);
  await hana.page.unroute(MINE);
  await card(hana, "2월 회비").getByRole("button", { name: "다시 시도" }).click();
  await card(hana, "2월 회비").getByText("내 회비 미납").waitFor();
});

test("Esc closes the dialog and not the panel below; a press beside it keeps what was typed", async () => {
  const hers = await open(hana, "현황");
  await hers.getByRole("button", { name: "내기", exact: true }).click();
  await hana.page.mouse.click(5, 5);
  await payDialog("2월 회비").waitFor({ state: "detached" });
  await hers.getByRole("button", { name: "내기", exact: true }).click();
  await payDialog("2월 회비").getByLabel("지갑 비밀번호").fill("half a pass");
  await hana.page.mouse.click(5, 5);
  assert.equal(await payDialog("2월 회비").getByLabel("지갑 비밀번호").inputValue(), "half a pass");
  await hana.page.keyboard.press("Escape");
  await payDialog("2월 회비").waitFor({ state: "detached" });
  assert.ok(await hers.isVisible());
});

test("what is being paid keeps its name when another period is asked for meanwhile", async () => {
  await panel(hana).getByRole("button", { name: "내기", exact: true }).click();
  await askFor("3월 회비");
  await panel(hana).locator("option", { hasText: "3월 회비" }).waitFor({ state: "attached" });
  await pay("2월 회비", "10,000");
  await panel(hana).getByText("10,000원을 냈어요").waitFor();
  await panel(hana).getByRole("combobox", { name: "청구" }).selectOption({ label: await optionOf("2월 회비") });
  await panel(hana).getByText("납부 1/2").waitFor();
});

test("the rows of one period are never shown below another's name", async () => {
  const [march, february] = [await optionOf("3월 회비"), await optionOf("2월 회비")];
  const periods = panel(hana).getByRole("combobox", { name: "청구" });
  await rows(hana).first().waitFor();
  const path = `**/dues/requests/${await periods.locator("option", { hasText: "3월 회비" }).getAttribute("value")}`;
  let lose;
  const lost = new Promise((resolve) => (lose = resolve));
  await hana.page.route(path, async (route) => {
    await lost;
    await route.abort();
  });
  await periods.selectOption({ label: march });
  await rows(hana).first().waitFor({ state: "detached" });
  lose();
  await panel(hana).getByText("서버가 대답하지 않아요").waitFor();
  assert.equal(await rows(hana).count(), 0);
  await hana.page.unroute(path);
  await panel(hana).getByRole("button", { name: "다시 시도" }).click();
  await panel(hana).getByRole("button", { name: "내기", exact: true }).waitFor();
  await periods.selectOption({ label: february });
  await rows(hana).first().waitFor();
  await close(hana);
});

async function optionOf(title) {
  return panel(hana).locator("option", { hasText: title }).innerText();
}

test("who is exempted sees it in the room, and nothing is left to be done about the charge", async () => {
  const his = await open(chongmu, "현황");
  await his.getByRole("button", { name: "박하나 님의 회비 처리" }).click();
  const dialog = chongmu.page.getByRole("dialog", { name: "박하나 님의 회비 처리 · 3월 회비" });
  await dialog.getByText("면제하기", { exact: true }).first().click();
  await dialog.getByLabel("사유").fill("이사");
  await dialog.getByRole("button", { name: "면제하기" }).click();
  await card(hana, "3월 회비").getByText("내 회비 면제").waitFor();
  await his.getByText("면제 이사").waitFor();
  await his.getByRole("button", { name: "김총무 님의 회비 처리" }).waitFor();
  assert.equal(await his.getByRole("button", { name: "박하나 님의 회비 처리" }).count(), 0);
  await close(chongmu);
});

test("who is led far back sees what a charge is now, not what it was then", async () => {
  await hana.say(FIRST_DAY);
  await askFor("4월 회비");
  await card(hana, "4월 회비").getByRole("button", { name: "10,000원 내기" }).waitFor();
  const part = { amount: 4000, password: WALLET };
  const { id: charge } = (await ask(hana, "GET", "/api/v1/dues/mine")).find(({ title }) => title === "4월 회비");
  await ask(hana, "POST", `/api/v1/rooms/${room}/dues/charges/${charge}/payments`, part);
  await card(hana, "4월 회비").getByRole("button", { name: "6,000원 내기" }).waitFor();
  await hana.sayAll(Array.from({ length: 120 }, (_, index) => `그 뒤의 말 ${index + 1}`));
  await ask(hana, "POST", `/api/v1/rooms/${room}/dues/charges/${charge}/payments`, { ...part, amount: 6000 });
  await hana.composer.fill(LATER);
  const list = hana.page.getByRole("log");
  while (!(await hana.said(FIRST_DAY).isVisible())) {
    await list.hover();
    await hana.page.mouse.wheel(0, -4_000);
  }
  await hana.said(FIRST_DAY).hover();
  await hana.said(FIRST_DAY).getByRole("button", { name: "답장", exact: true }).click();
  await hana.composer.press("Enter");
  await hana.said(LATER).waitFor();
  await hana.page.reload();
  await hana.inRoom(ROOM);
  await hana.said(LATER).locator("blockquote").getByRole("button").click();
  await hana.page.locator(".said.is-sought").getByText(FIRST_DAY).waitFor();
  assert.equal(await hana.said(LATER).count(), 0);
  await card(hana, "4월 회비").getByText("내 회비 완납").waitFor();
  await card(hana, "4월 회비").getByText("납부 1/2").waitFor();
  assert.equal(await card(hana, "4월 회비").getByRole("button", { name: /내기/ }).count(), 0);
  await shoot(hana, "card-of-the-past");
  await hana.button("최근 이야기로").click();
  await hana.said(LATER).waitFor();
});

test("what could not be asked for anew is told as old, until it was", async () => {
  const hers = await open(hana, "현황");
  await rows(hana).first().waitFor();
  const told = hers.getByText("서버가 대답하지 않아요");
  for (const [tab, path] of [
    ["현황", "**/dues/balances"],
    ["지출", "**/expense-rules"],
  ]) {
    await hers.getByRole("tab", { name: tab }).click();
    await hers.getByText("서버가").waitFor({ state: "detached" });
    await hana.page.route(path, (route) => route.abort());
    await askFor(`${tab} 회비`);
    await told.waitFor();
    await hana.page.unroute(path);
    await hers.getByRole("button", { name: "다시 시도" }).click();
    await told.waitFor({ state: "detached" });
  }
  await close(hana);
});

test("an expense that could not be looked at is looked at once more", async () => {
  const path = "**/expenses/*";
  await hana.page.route(path, (route) => route.abort());
  const payee = { note: "", payeeName: "떡집", inCash: false };
  await ask(chongmu, "PUT", `/api/v1/rooms/${room}/expense-rules`, { quorum: 1, limit: 0, waitDays: 7 });
  await ask(chongmu, "POST", `/api/v1/rooms/${room}/expenses`, { ...payee, title: "떡", amount: 3000 });
  const rice = hana.page.getByRole("log").getByRole("article", { name: "떡" });
  await rice.getByText("지출 요청: 떡 3,000원").waitFor();
  await hana.page.unroute(path);
  await hana.page.getByRole("log").getByRole("button", { name: "다시 시도" }).click();
  await rice.getByRole("button", { name: "동의" }).click();
  await rice.getByText("지출됨").waitFor();
});

test("nothing went wrong at the page's top", () => {
  for (const person of [chongmu, hana]) assert.deepEqual(person.faults, []);
});
