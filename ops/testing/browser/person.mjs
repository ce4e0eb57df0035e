import { BASE_URL } from "./browser.mjs";
import { Line } from "./line.mjs";

const PATIENCE_MS = 20_000;

/** Somebody with a browser of his own, who does with the page what a person can. */
export class Person {
  /** `at`: the page of another installation. */
  static async arrive(browser, name, { at = BASE_URL, ...options } = {}) {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: "ko-KR",
      timezoneId: "Asia/Seoul",
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const person = new Person(name, context, page);
    page.on("pageerror", (error) => person.faults.push(error.stack ?? String(error)));
    person.line = await Line.lay(page);
    await page.goto(at);
    return person;
  }

  constructor(name, context, page) {
    this.name = name;
    this.context = context;
    this.page = page;
    this.email = `${crypto.randomUUID()}@browser.test`;
    this.password = "correct horse 27";
    /** Exceptions that reached the page's top. */
    this.faults = [];
  }

  async signUp() {
    await this.button("가입하기").click();
    await this.page.getByLabel("이름").fill(this.name);
    await this.page.getByLabel("이메일").fill(this.email);
    await this.page.getByLabel("비밀번호", { exact: true }).fill(this.password);
    await this.button("가입하기").click();
    await this.online();
  }

  async logIn(password = this.password) {
    await this.page.getByLabel("이메일").fill(this.email);
    await this.page.getByLabel("비밀번호", { exact: true }).fill(password);
    await this.button("로그인").click();
  }

  async logOut() {
    await this.page.getByRole("button", { name: this.email }).click();
    await this.button("로그아웃").click();
    await this.button("로그인").waitFor();
  }

  online() {
    return this.page.locator("[data-link=online]").first().waitFor();
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  async createRoom(name, { password = "" } = {}) {
    await this.button("새 방 만들기").first().click();
    const dialog = this.page.getByRole("dialog", { name: "새 방 만들기" });
    await dialog.getByLabel("방 이름").fill(name);
    if (password !== "") {
      await dialog.getByText("비공개 방", { exact: true }).click();
      await dialog.getByLabel("방 비밀번호").fill(password);
    }
    await dialog.getByRole("button", { name: "방 만들기" }).click();
    await this.inRoom(name);
  }

  /** Searches for a room and presses the button to join it. */
  async findRoom(name) {
    await this.button("방 찾기").first().click();
    const dialog = this.page.getByRole("dialog", { name: "방 찾기" });
    await dialog.getByLabel("방 이름").fill(name);
    await dialog.getByRole("button", { name: "찾기", exact: true }).click();
    await dialog.getByRole("button", { name: `${name} 들어가기` }).click();
    return dialog;
  }

  async joinRoom(name) {
    await this.findRoom(name);
    await this.inRoom(name);
  }

  async openRoom(name) {
    await this.row(name).click();
    await this.inRoom(name);
  }

  async inRoom(name) {
    await this.page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
    await this.online();
  }

  /** The room's line in the list. */
  row(name) {
    return this.page.getByRole("navigation", { name: "모임방" }).getByRole("link", { name });
  }

  get composer() {
    return this.page.getByRole("textbox", { name: "메시지" });
  }

  /** Says something; resolves once the server has taken it. */
  async say(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await this.said(text).waitFor();
  }

  /** Says many things, each once the one before stands in the room: a server refuses who talks too fast. */
  sayAll(texts) {
    return this.page.evaluate(async (all) => {
      const composer = document.getElementById("composer");
      const talk = document.querySelector("[role=log]");
      const newest = () => [...talk.querySelectorAll("[data-message] .prose")].at(-1)?.textContent;
      for (const text of all) {
        composer.value = text;
        composer.dispatchEvent(new Event("input", { bubbles: true }));
        composer.form.requestSubmit();
        await new Promise((resolve) => {
          const watch = new MutationObserver(() => {
            if (newest() !== text) return;
            watch.disconnect();
            resolve();
          });
          watch.observe(talk, { childList: true, subtree: true });
        });
      }
    }, texts);
  }

  /** A message as it stands in the room; not one that is still on its way. */
  said(text) {
    const prose = this.page.locator(".prose").and(this.page.getByText(text, { exact: true }));
    return this.page.locator("[data-message]").filter({ has: prose });
  }

  /** Texts of the talk from top to bottom. */
  async talk() {
    return this.page.locator("[data-message] .prose").allInnerTexts();
  }

  /** Text of the message that has the focus. */
  focusedMessage() {
    return this.page.evaluate(() => document.activeElement?.querySelector(".prose")?.textContent);
  }

  async deleteMessage(text) {
    await this.said(text).hover();
    await this.said(text).getByRole("button", { name: "삭제" }).click();
    await this.page.getByRole("dialog", { name: "메시지를 삭제할까요?" }).getByRole("button", { name: "삭제" }).click();
  }

  async contacts() {
    await this.button("연락처").click();
    return this.page.getByRole("dialog", { name: "연락처" });
  }

  /** The members panel, opened if it is not. */
  async members() {
    const panel = this.page.getByRole("complementary", { name: "멤버" });
    if (!(await panel.isVisible())) await this.button("멤버 보기").click();
    return panel;
  }

  async profile() {
    await this.page.getByRole("button", { name: this.email }).click();
    await this.button("내 정보").click();
    return this.page.getByRole("dialog", { name: "내 정보" });
  }

  /** The number beside a message of those who have not read it; waits until it is `count`, 0: gone. */
  async unreadBy(text, count) {
    const mark = this.said(text).getByText(`${count}명이 아직 안 읽음`);
    if (count > 0) await mark.waitFor();
    else
      await this.said(text)
        .getByText(/명이 아직 안 읽음/)
        .waitFor({ state: "detached" });
  }

  async leave() {
    await this.context.close();
  }
}

/** Two people who have signed up, in a room that the first has made. */
export async function twoInRoom(browser, [first, second], room) {
  const two = await Promise.all([Person.arrive(browser, first), Person.arrive(browser, second)]);
  await Promise.all(two.map((person) => person.signUp()));
  await two[0].createRoom(room);
  await two[1].joinRoom(room);
  return two;
}
