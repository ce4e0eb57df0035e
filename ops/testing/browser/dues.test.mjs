import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { moneyOf, shoot, SHOTS, WALLET } from "./money.mjs";
import { twoInRoom } from "./person.mjs";

/** A month of a group's dues. The tests follow one another: each goes on where the one before ended. */

const ROOM = `산악회 ${crypto.randomUUID().slice(0, 8)}`;

const { open, close } = moneyOf(ROOM);
let browser;
let chongmu;
let hana;

const card = (person) => person.page.getByRole("article", { name: "회비 청구: 12월 회비" });

before(async () => {
  browser = await startBrowser();
  [chongmu, hana] = await twoInRoom(browser, ["김총무", "박하나"], ROOM);
});

after(async () => {
  await browser?.close();
});

test("a plan is made by who keeps the dues, and another member cannot", async () => {
  const hers = await open(hana, "청구");
  await hers.getByText("총무만 만들 수 있어요.").waitFor();
  await close(hana);
  const his = await open(chongmu, "청구");
  await his.getByRole("button", { name: "회비 계획 만들기" }).click();
  const dialog = chongmu.page.getByRole("dialog", { name: "회비 계획 만들기" });
  await dialog.getByLabel("이름", { exact: true }).fill("12월 회비");
  await dialog.getByLabel("한 사람당 금액(원)").fill("10000");
  await dialog.getByLabel("마감 며칠 전에 청구").fill("20");
  await dialog.getByLabel("연체료(원)").fill("500");
  await assertAccessible(chongmu.page, "plan");
  await shoot(chongmu, "plan");
  await dialog.getByRole("button", { name: "저장" }).click();
  await his.locator("[data-plan]").getByText("12월 회비").waitFor();
});

test("its request is a card in the room at everybody", async () => {
  await close(chongmu);
  for (const person of [chongmu, hana]) {
    await card(person).getByText("납부 0/2").waitFor();
    await card(person).getByText("내 회비 미납").waitFor();
  }
  await assertAccessible(hana.page, "card");
  await shoot(hana, "card");
});

test("a member opens a wallet and pays in two steps; both cards follow", async () => {
  await card(hana).getByRole("button", { name: "10,000원 내기" }).click();
  const dialog = hana.page.getByRole("dialog", { name: "회비 내기 · 12월 회비" });
  await dialog.getByText("아직 지갑이 없어요.").waitFor();
  await dialog.getByLabel("지갑 비밀번호").fill(WALLET);
  await dialog.getByRole("button", { name: "지갑 만들기" }).click();
  await dialog.getByText("지갑에 0원이 있어요.").waitFor();
  await dialog.getByRole("button", { name: "내기 10,000원" }).click();
  await dialog.getByText("지갑에 돈이 모자라요.").waitFor();
  await dialog.getByRole("button", { name: "취소" }).click();
  const filled = await hana.page.evaluate(() =>
    fetch("/api/wallet/user/money", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ amount: 30000 }),
    }).then((answer) => answer.status),
  );
  assert.equal(filled, 200);
  await card(hana).getByRole("button", { name: "10,000원 내기" }).click();
  await dialog.getByText("지갑에 30,000원이 있어요.").waitFor();
  await shoot(hana, "pay");
  await dialog.getByLabel("지갑 비밀번호").fill(WALLET);
  await dialog.getByLabel("지갑 비밀번호").press("Enter");
  await card(hana).getByText("내 회비 완납").waitFor();
  for (const person of [chongmu, hana]) await card(person).getByText("납부 1/2").waitFor();
  await chongmu.page.getByRole("log").getByText("박하나 → 회비 10,000원").waitFor();
});

test("cash counts once a second member says so", async () => {
  const his = await open(chongmu, "현황");
  await his.getByRole("button", { name: "김총무 님의 회비 처리" }).click();
  const dialog = chongmu.page.getByRole("dialog", { name: "김총무 님의 회비 처리" });
  await dialog.getByLabel("메모").fill("모임에서 냄");
  await assertAccessible(chongmu.page, "charge");
  await dialog.getByRole("button", { name: "현금으로 받음" }).click();
  await his.getByText("김총무 님이 김총무 님에게서 10,000원을 받았어요").waitFor();
  assert.equal(await his.getByRole("button", { name: "맞아요" }).count(), 0, "nobody confirms his own");
  const hers = await open(hana, "현황");
  await hers.getByRole("button", { name: "맞아요" }).click();
  await hers.getByText("납부 2/2").waitFor();
  await his.getByText("납부 2/2").waitFor();
  await assertAccessible(hana.page, "board");
  await shoot(chongmu, "board");
  await hers.getByText("미납", { exact: true }).click();
  await hers.locator("[data-charge]").first().waitFor({ state: "detached" });
  await hers.getByText("모든 방의 내 회비").click();
  await hers.getByText("완납 10,000원").waitFor();
});

test("the cash is spent with consent as well", async () => {
  const his = await open(chongmu, "지출");
  await his.getByRole("button", { name: "지출 올리기" }).click();
  const dialog = chongmu.page.getByRole("dialog", { name: "지출 올리기" });
  await dialog.getByLabel("무엇에 쓰나요").fill("택시");
  await dialog.getByLabel("금액").fill("7000");
  await dialog.getByText("총무가 가진 현금에서").click();
  await dialog.getByLabel("받는 곳 이름").fill("택시 기사");
  await assertAccessible(chongmu.page, "propose in cash");
  await shoot(chongmu, "propose-cash");
  await dialog.getByRole("button", { name: "지출 올리기" }).click();
  const taxi = (await open(hana, "지출")).getByRole("article", { name: "택시" });
  await taxi.getByText("현금", { exact: true }).waitFor();
  await taxi.getByRole("button", { name: "동의" }).click();
  await taxi.getByText("지출됨").waitFor();
});

test("the board is a table that spreadsheets open, the ledger shows the head that the room was told", async () => {
  const his = await open(chongmu, "장부");
  await his.getByText("박하나").first().waitFor();
  const head = await his.locator("code").innerText();
  await assertAccessible(chongmu.page, "ledger");
  await shoot(chongmu, "ledger");
  await chongmu.page.emulateMedia({ media: "print" });
  await chongmu.page.getByRole("heading", { level: 1, name: ROOM }).waitFor({ state: "hidden" });
  assert.ok(await chongmu.page.getByText(head).isVisible(), "the statement alone is printed");
  if (SHOTS !== undefined) await chongmu.page.screenshot({ path: `${SHOTS}/ledger-print.png` });
  await chongmu.page.emulateMedia({ media: null });
  assert.match(head, /^[0-9a-f]{64}$/);
  await his.getByRole("tab", { name: "현황" }).click();
  const path = await his.getByRole("link", { name: "엑셀용 파일(CSV)" }).getAttribute("href");
  const [type, bytes] = await chongmu.page.evaluate(async (from) => {
    const answer = await fetch(from);
    return [answer.headers.get("content-type"), [...new Uint8Array(await answer.arrayBuffer())]];
  }, path);
  const text = Buffer.from(bytes).toString("utf8");
  assert.equal(type, "text/csv; charset=utf-8");
  assert.deepEqual(bytes.slice(0, 3), [0xef, 0xbb, 0xbf]);
  assert.match(text, /"박하나","10000","0","0","10000","0","완납"/);
  await close(chongmu);
});

test("nothing went wrong at the page's top", () => {
  for (const person of [chongmu, hana]) assert.deepEqual(person.faults, []);
});
