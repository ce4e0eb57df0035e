import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { ask, fill, moneyOf, roomId, shoot } from "./money.mjs";
import { Person, twoInRoom } from "./person.mjs";

/** What a group's dues are spent on. The tests follow one another: each goes on where the one before ended. */

const ROOM = `산악회 ${crypto.randomUUID().slice(0, 8)}`;
const RECEIPT = "영수증.txt";

const { open, close } = moneyOf(ROOM);
let browser;
let chongmu;
let hana;

/** The expense among the messages. */
const card = (person) => person.page.getByRole("log").getByRole("article", { name: "뒤풀이 저녁" });

before(async () => {
  browser = await startBrowser();
  [chongmu, hana] = await twoInRoom(browser, ["김총무", "박하나"], ROOM);
  const room = await roomId(chongmu, ROOM);
  // While nothing is there to be spent, rules are in force at once.
  const rules = { quorum: 2, limit: 5000, waitDays: 7 };
  await ask(chongmu, "PUT", `/api/v1/rooms/${room}/expense-rules`, rules);
  await fill(room, [chongmu, hana], 40000);
  await chongmu.page.evaluate(
    async ([room, name]) => {
      const form = new FormData();
      form.set("channelId", String(room));
      form.set("file", new File(["저녁 12000원"], name, { type: "text/plain" }));
      await fetch("/api/file", { method: "POST", body: form });
    },
    [room, RECEIPT],
  );
  await chongmu.page.getByRole("log").getByText(RECEIPT).waitFor();
});

after(async () => {
  await browser?.close();
});

test("the treasurer proposes an expense with a receipt, and the room sees it", async () => {
  const hers = await open(hana, "지출");
  await hers.getByText("아직 지출이 없어요.").waitFor();
  assert.equal(await hers.getByRole("button", { name: "지출 올리기" }).count(), 0, "only who keeps the fund proposes");
  await close(hana);
  const his = await open(chongmu, "지출");
  await his.getByRole("button", { name: "지출 올리기" }).click();
  const dialog = chongmu.page.getByRole("dialog", { name: "지출 올리기" });
  await dialog.getByLabel("무엇에 쓰나요").fill("뒤풀이 저녁");
  await dialog.getByLabel("금액").fill("12000");
  await dialog.getByText("회비 지갑에서").waitFor();
  await dialog.getByLabel("받는 곳 이름").fill("한빛식당");
  await dialog.getByLabel("영수증").selectOption({ label: RECEIPT });
  await assertAccessible(chongmu.page, "propose");
  await shoot(chongmu, "propose");
  await dialog.getByRole("button", { name: "지출 올리기" }).click();
  await his.getByRole("article", { name: "뒤풀이 저녁" }).getByText("동의 0/1").waitFor();
  await assertAccessible(chongmu.page, "expenses");
  await shoot(chongmu, "expenses");
  await close(chongmu);
  for (const person of [chongmu, hana]) await card(person).getByText("동의를 기다려요").waitFor();
  await card(hana).getByRole("link", { name: "영수증" }).waitFor();
  assert.equal(await card(chongmu).getByRole("button", { name: "동의" }).count(), 0, "nobody agrees to his own");
});

test("a member agrees, and it is paid at everybody", async () => {
  await shoot(hana, "expense-card");
  await assertAccessible(hana.page, "expense card");
  await card(hana).getByRole("button", { name: "동의" }).click();
  for (const person of [chongmu, hana]) await card(person).getByText("지출됨").waitFor();
  const his = await open(chongmu, "장부");
  await his.getByText("28,000원").waitFor();
  await close(chongmu);
});

test("a member objects, and it is refused; who came while there was money has no say yet", async () => {
  const room = await roomId(chongmu, ROOM);
  const shirts = { title: "단체복", note: "", amount: 8000, payeeName: "옷가게", inCash: false };
  await ask(chongmu, "POST", `/api/v1/rooms/${room}/expenses`, shirts);
  const dahye = await Person.arrive(browser, "이다혜");
  await dahye.signUp();
  await ask(hana, "POST", `/api/v1/rooms/${room}/members`, { email: dahye.email });
  await ask(chongmu, "POST", `/api/v1/rooms/${room}/expenses`, { ...shirts, title: "물통", amount: 9000 });
  const article = (person, name) => person.page.getByRole("log").getByRole("article", { name });
  await article(hana, "단체복").getByRole("button", { name: "반대" }).click();
  for (const person of [chongmu, hana]) {
    await article(person, "단체복").getByText("부결").waitFor();
    await article(person, "단체복").getByText("반대 1").waitFor();
  }
  await dahye.openRoom(ROOM);
  const hers = article(dahye, "물통");
  await hers.getByText("들어온 지 얼마 안 돼").waitFor();
  assert.equal(await hers.getByRole("button", { name: "동의" }).count(), 0);
  await shoot(dahye, "newcomer");
  await article(hana, "물통").getByRole("button", { name: "동의" }).click();
  await article(dahye, "물통").getByText("지출됨").waitFor();
});

test("small ones go at once, one that waits is withdrawn, and looser rules are seen coming", async () => {
  const his = await open(chongmu, "지출");
  await his.getByText("5,000원까지는 바로 지출돼요.").waitFor();
  for (const [title, amount, state] of [
    ["음료수", "5000", "지출됨"],
    ["현수막", "6000", "동의를 기다려요"],
  ]) {
    await his.getByRole("button", { name: "지출 올리기" }).click();
    const dialog = chongmu.page.getByRole("dialog", { name: "지출 올리기" });
    await dialog.getByLabel("무엇에 쓰나요").fill(title);
    await dialog.getByLabel("금액").fill(amount);
    await dialog.getByLabel("받는 곳 이름").fill("가게");
    await dialog.getByRole("button", { name: "지출 올리기" }).click();
    await his.getByRole("article", { name: title }).getByText(state).waitFor();
  }
  await his.getByRole("article", { name: "현수막" }).getByRole("button", { name: "요청 취소" }).click();
  await chongmu.page.getByRole("dialog", { name: "‘현수막’ 지출 요청을 취소할까요?" }).getByRole("button", { name: "요청 취소" }).click();
  await his.getByRole("article", { name: "현수막" }).getByText("취소됨").waitFor();
  await his.getByRole("button", { name: "규칙 바꾸기" }).click();
  const rules = chongmu.page.getByRole("dialog", { name: "규칙 바꾸기" });
  await rules.getByLabel("동의 없이 쓸 수 있는 금액").fill("9000");
  await rules.getByRole("button", { name: "저장" }).click();
  await his.getByText(/^\d{4}년 \d+월 \d+일부터: .*9,000원까지는 바로 지출돼요\.$/).waitFor();
  await his.getByText("5,000원까지는 바로 지출돼요.").waitFor();
  await shoot(chongmu, "expenses-decided");
  await close(chongmu);
  await hana.page.getByRole("log").getByText(/지출 규칙 \(.*부터\)/).waitFor();
});

test("an office is given in the list of members, and the room is told", async () => {
  await chongmu.button("멤버 보기").click();
  await chongmu.page.getByRole("button", { name: "박하나 님이 맡을 일" }).click();
  const dialog = chongmu.page.getByRole("dialog", { name: "박하나 님이 맡을 일" });
  await dialog.getByText("감사", { exact: true }).click();
  await assertAccessible(chongmu.page, "office");
  await shoot(chongmu, "office");
  await dialog.getByRole("button", { name: "맡기기" }).click();
  await chongmu.page.locator("[data-member]", { hasText: "박하나" }).getByText("감사", { exact: true }).waitFor();
  await hana.page.getByRole("log").getByText("박하나 님이 감사를 맡았어요").waitFor();
});

test("nothing went wrong at the page's top", () => {
  for (const person of [chongmu, hana]) assert.deepEqual(person.faults, []);
});
