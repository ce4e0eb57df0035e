import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.mjs";
import { Person } from "./person.mjs";

/** What one person alone meets on the page. */

const ROOM = `동창회 ${crypto.randomUUID().slice(0, 8)}`;
const PASSWORD = "hanbit27";

let browser;
let host;

before(async () => {
  browser = await startBrowser();
  host = await Person.arrive(browser, "이순자");
  await host.signUp();
});

after(async () => {
  await browser?.close();
});

test("a wrong password is told without saying which of both is wrong", async () => {
  await host.logOut();
  await host.logIn("not the password");
  await host.page.getByText("이메일이나 비밀번호가 맞지 않아요.").waitFor();
  await host.logIn();
  await host.online();
});

test("a second account under the same e-mail is refused at its field", async () => {
  const twin = await Person.arrive(browser, "다른 사람");
  twin.email = host.email;
  await twin.button("가입하기").click();
  await twin.page.getByLabel("이름").fill("다른 사람");
  await twin.page.getByLabel("이메일").fill(twin.email);
  await twin.page.getByLabel("비밀번호", { exact: true }).fill(twin.password);
  await twin.button("가입하기").click();
  await twin.page.getByText("이미 가입된 이메일이에요.").waitFor();
  await twin.leave();
});

test("a private room opens to its password alone", async () => {
  await host.createRoom(ROOM, { password: PASSWORD });
  const guest = await Person.arrive(browser, "최민호");
  await guest.signUp();
  const dialog = await guest.findRoom(ROOM);
  await dialog.getByLabel("방 비밀번호").fill("wrong");
  await dialog.getByLabel("방 비밀번호").press("Enter");
  await dialog.getByText("방 비밀번호가 맞지 않아요.").waitFor();
  await dialog.getByLabel("방 비밀번호").fill(PASSWORD);
  await dialog.getByLabel("방 비밀번호").press("Enter");
  await guest.inRoom(ROOM);
  await guest.say("저도 왔어요");
  await host.said("저도 왔어요").waitFor();
  await guest.leave();
});

test("Ctrl+K goes to a room by the first consonants of its name", async () => {
  await host.createRoom("김장하는 날");
  await host.page.keyboard.press("Control+k");
  await host.page.getByRole("combobox").fill("ㄷㅊㅎ");
  await host.page.keyboard.press("Enter");
  await host.inRoom(ROOM);
  await host.page.keyboard.press("Control+k");
  await host.page.getByRole("combobox").waitFor();
  await host.page.keyboard.press("Escape");
  await host.page.getByRole("combobox").waitFor({ state: "detached" });
});

test("the language and the appearance chosen outlive a reload", async () => {
  await host.page.getByRole("button", { name: host.email }).click();
  await host.page.getByText("English", { exact: true }).click();
  await host.page.getByText("Dark", { exact: true }).click();
  await host.page.reload();
  await host.page.getByRole("textbox", { name: "Message" }).waitFor();
  const root = host.page.locator("html");
  assert.equal(await root.getAttribute("lang"), "en");
  assert.equal(await root.getAttribute("data-theme"), "dark");
  await host.page.getByRole("button", { name: host.email }).click();
  await host.page.getByText("한국어", { exact: true }).click();
  await host.page.keyboard.press("Escape");
});

test("a phone shows the list or the room, and nothing wider than its screen", async () => {
  await host.page.setViewportSize({ width: 360, height: 740 });
  const fits = () => host.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await host.composer.waitFor();
  assert.equal(await host.row(ROOM).isVisible(), false);
  assert.equal(await fits(), true);
  await host.button("방 목록으로").click();
  await host.row(ROOM).waitFor();
  assert.equal(await host.composer.isVisible(), false);
  assert.equal(await fits(), true);
  await host.row(ROOM).click();
  await host.composer.waitFor();
  await host.page.goBack();
  await host.row(ROOM).waitFor();
});

test("a logout in one tab ends the other", async () => {
  await host.page.setViewportSize({ width: 1280, height: 800 });
  const other = await host.context.newPage();
  await other.goto(host.page.url());
  await other.locator("[data-link=online]").first().waitFor();
  // A tab in the background draws nothing, and so cannot be clicked for a while.
  await host.page.bringToFront();
  await host.logOut();
  await other.getByText("로그인이 끝났어요. 다시 로그인해 주세요.").waitFor();
  assert.deepEqual(host.faults, []);
});
