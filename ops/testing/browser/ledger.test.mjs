import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { BASE_URL, startBrowser } from "./browser.mjs";
import { ask, moneyOf, roomId, shoot, WALLET } from "./money.mjs";
import { twoInRoom } from "./person.mjs";

/** A fund's ledger of more entries than the server gives at once, and what a second person sees of cash. */

const ROOM = `독서회 ${crypto.randomUUID().slice(0, 8)}`;
/** More than a page of 500 by a few. */
const ENTRIES = 503;

const { open, close } = moneyOf(ROOM);
let browser;
let chongmu;
let hana;

before(async () => {
  browser = await startBrowser();
  [chongmu, hana] = await twoInRoom(browser, ["김총무", "박하나"], ROOM);
});

after(async () => {
  await browser?.close();
});

test("a wallet says what its password takes, and which password is wrong", async () => {
  const his = await open(chongmu, "청구");
  await his.getByRole("button", { name: "회비 계획 만들기" }).click();
  const plan = chongmu.page.getByRole("dialog", { name: "회비 계획 만들기" });
  await plan.getByLabel("이름", { exact: true }).fill("책값");
  await plan.getByLabel("한 사람당 금액(원)").fill("10000");
  await plan.getByLabel("마감 며칠 전에 청구").fill("20");
  await plan.getByRole("button", { name: "저장" }).click();
  await his.locator("[data-plan]").getByText("책값").waitFor();
  await close(chongmu);
  const pay = hana.page.getByRole("button", { name: "10,000원 내기" });
  await pay.click();
  const dialog = hana.page.getByRole("dialog", { name: "회비 내기 · 책값" });
  await dialog.getByText("8자 이상").waitFor();
  await dialog.getByLabel("지갑 비밀번호").fill("1234");
  await dialog.getByRole("button", { name: "지갑 만들기" }).click();
  await dialog.getByText("지갑 비밀번호는 8자 이상, 72바이트까지예요.").waitFor();
  await dialog.getByLabel("지갑 비밀번호").fill(WALLET);
  await dialog.getByRole("button", { name: "지갑 만들기" }).click();
  await dialog.getByText("지갑에 0원이 있어요.").waitFor();
  await dialog.getByLabel("지갑 비밀번호").fill("wrong horse 27");
  await dialog.getByRole("button", { name: "내기 10,000원" }).click();
  await dialog.getByText("지갑 비밀번호가 맞지 않아요.").waitFor();
  await dialog.getByRole("button", { name: "취소" }).click();
});

test("cash that waits, and that it is denied, comes to a panel that is open", async () => {
  const hers = await open(hana, "현황");
  await hers.getByText("납부 0/2").waitFor();
  const his = await open(chongmu, "현황");
  const record = async () => {
    await his.getByRole("button", { name: "박하나 님의 회비 처리" }).click();
    const dialog = chongmu.page.getByRole("dialog", { name: "박하나 님의 회비 처리" });
    await dialog.getByRole("button", { name: "현금으로 받음" }).click();
  };
  await record();
  const confirm = hers.getByRole("button", { name: "맞아요" });
  await confirm.waitFor();
  await his.locator("[data-receipt]").getByRole("button", { name: "취소" }).click();
  await confirm.waitFor({ state: "detached" });
  await record();
  await confirm.click();
  await his.getByText("납부 1/2").waitFor();
  // The quiet change that comes after the money's line leaves standing what is read out.
  await chongmu.page.locator("p[role=status]", { hasText: "외부 → 회비 현금 10,000원" }).waitFor({ state: "attached" });
});

test("the ledger goes to the newest entry, whose hash is the chain's head", async () => {
  const room = await roomId(hana, ROOM);
  const { fund } = await ask(hana, "GET", `/api/v1/rooms/${room}/dues/balances`);
  const [{ id: request }] = await ask(hana, "GET", `/api/v1/rooms/${room}/dues/requests`);
  const { charges } = await ask(hana, "GET", `/api/v1/rooms/${room}/dues/requests/${request}`);
  const { id: charge, user } = charges.find(({ name }) => name === "박하나");
  await ask(hana, "POST", "/api/wallet/user/money", { amount: ENTRIES });
  const dues = `/api/v1/rooms/${room}/dues`;
  // It was paid in cash: all of this is credit from the wallet, and goes back there.
  await ask(hana, "POST", `${dues}/charges/${charge}/payments`, { amount: ENTRIES, password: WALLET });
  // Nobody looks while it happens: an open room draws each of them.
  await Promise.all([chongmu, hana].map(({ page }) => page.goto("about:blank")));
  let left = ENTRIES - 1;
  const giveBack = async () => {
    // What is given back takes no password. Many at once are committed together.
    while (left > 0) {
      left -= 1;
      const to = new URL(`${dues}/members/${user}/refunds`, BASE_URL).href;
      const answer = await chongmu.context.request.post(to, { data: { amount: 1, by: "wallet" } });
      assert.equal(answer.status(), 200, await answer.text());
    }
  };
  await Promise.all(Array.from({ length: 30 }, giveBack));
  await Promise.all([chongmu, hana].map(({ page }) => page.goto(BASE_URL)));
  await hana.openRoom(ROOM);
  const { hash } = await ask(hana, "GET", `/api/v1/ledger/groups/${fund}/head`);
  const hers = await open(hana, "장부");
  await hers.getByText(hash).waitFor();
  assert.equal(await hers.locator("tbody tr").count(), ENTRIES);
  assert.equal(await hers.locator("tbody tr td").first().innerText(), "1");
  await assertAccessible(hana.page, "long ledger");
  await shoot(hana, "long-ledger");
  assert.ok(await hers.getByRole("button", { name: "인쇄" }).isEnabled());
});

test("a ledger that cannot be read says so, does not look empty, and is read once it can be", async () => {
  await hana.page.route("**/entries?*", (route) => route.abort());
  await close(hana);
  const hers = await open(hana, "장부");
  await hers.getByText("서버가 대답하지 않아요.").waitFor();
  assert.ok(await hers.getByRole("button", { name: "인쇄" }).isDisabled());
  assert.equal(await hers.locator("code").count(), 0, "no head of what was not read");
  await hana.page.unroute("**/entries?*");
  await hers.getByRole("button", { name: "다시 시도" }).click();
  await hers.locator("code").waitFor();
  assert.equal(await hers.locator("tbody tr").count(), ENTRIES);
});

test("nothing went wrong at the page's top", () => {
  for (const person of [chongmu, hana]) assert.deepEqual(person.faults, []);
});
