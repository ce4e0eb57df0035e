import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { Person } from "./person.mjs";

/** What people do with each other beyond talk. The tests follow one another: each goes on where the one before ended. */

const ROOM = `반상회 ${crypto.randomUUID().slice(0, 8)}`;
const RENAMED = `${ROOM} 임원`;
const OLD = "회비는 매달 5일에 걷어요";
const LATER = Array.from({ length: 260 }, (_, index) => `뒷이야기 ${index + 1}`);

let browser;
let sunja;
let minho;

before(async () => {
  browser = await startBrowser();
  [sunja, minho] = await Promise.all([Person.arrive(browser, "이순자"), Person.arrive(browser, "최민호")]);
  await Promise.all([sunja.signUp(), minho.signUp()]);
});

after(async () => {
  await browser?.close();
});

test("a contact is added by the address, and who is unknown is told so", async () => {
  const dialog = await sunja.contacts();
  await assertAccessible(sunja.page, "contacts");
  await dialog.getByLabel("이메일").fill("nobody@browser.test");
  await dialog.getByRole("button", { name: "추가" }).click();
  await dialog.getByText("그런 사람을 찾지 못했어요.").waitFor();
  await dialog.getByLabel("이메일").fill(minho.email);
  await dialog.getByLabel("이메일").press("Enter");
  await dialog.locator(`[data-contact="${minho.email}"]`).waitFor();
});

test("talk with a contact begins in a new room, which appears at the other's by itself", async () => {
  await sunja.page.getByRole("button", { name: "최민호 님과 대화하기" }).click();
  await sunja.page.getByRole("button", { name: "새 방 만들기", exact: true }).last().click();
  const dialog = sunja.page.getByRole("dialog", { name: "새 방 만들기" });
  await dialog.getByText("방을 만들면 최민호 님을 바로 초대해요.").waitFor();
  await dialog.getByLabel("방 이름").fill(ROOM);
  await dialog.getByRole("button", { name: "방 만들기" }).click();
  await sunja.inRoom(ROOM);
  await sunja.page.getByText("최민호 님을 초대했어요.").first().waitFor();
  await minho.openRoom(ROOM);
  await minho.say("불러 주셔서 고마워요");
  await sunja.said("불러 주셔서 고마워요").waitFor();
});

test("a contact is removed", async () => {
  const dialog = await sunja.contacts();
  await dialog.getByRole("button", { name: "최민호: 연락처에서 삭제" }).click();
  await sunja.page
    .getByRole("dialog", { name: "최민호 님을 연락처에서 삭제할까요?" })
    .getByText("함께 있는 방은")
    .waitFor();
  await sunja.button("연락처에서 삭제").click();
  await dialog.getByText("아직 연락처가 없어요.").waitFor();
  await sunja.page.keyboard.press("Escape");
});

test("a quote leads to what it quotes", async () => {
  await sunja.say(OLD);
  await minho.said(OLD).waitFor();
  await minho.composer.press("ArrowUp");
  await minho.say("네, 알겠습니다");
  const quote = sunja.said("네, 알겠습니다").locator("blockquote");
  await quote.getByText(OLD).waitFor();
  await quote.getByRole("button").click();
  await sunja.page.locator(".said.is-sought").getByText(OLD).waitFor();
  assert.equal(await sunja.focusedMessage(), OLD);
});

test("what can be done with a message is reached by the keys alone", async () => {
  await sunja.page.getByRole("log").focus();
  await sunja.page.keyboard.press("ArrowUp");
  assert.equal(await sunja.focusedMessage(), "네, 알겠습니다");
  await sunja.page.keyboard.press("ArrowUp");
  assert.equal(await sunja.focusedMessage(), OLD);
  await sunja.page.keyboard.press("Tab");
  await sunja.page.keyboard.press("Enter");
  await sunja.page.locator(".reply-bar").getByText(OLD).waitFor();
  await sunja.page.keyboard.press("Escape");
  await sunja.page.locator(".reply-bar").waitFor({ state: "detached" });
});

test("a deleted message is gone at both, now and after a reload", async () => {
  await minho.say("잘못 보낸 말");
  await sunja.said("잘못 보낸 말").waitFor();
  await minho.deleteMessage("잘못 보낸 말");
  for (const { page } of [sunja, minho]) {
    await page.getByRole("log").getByText("삭제된 메시지예요").waitFor();
    assert.equal(await page.getByText("잘못 보낸 말").count(), 0);
  }
  await sunja.page.reload();
  await sunja.inRoom(ROOM);
  await sunja.page.getByRole("log").getByText("삭제된 메시지예요").waitFor();
  assert.equal(await sunja.page.getByText("잘못 보낸 말").count(), 0);
});

test("an admin deletes what another said, a member only his own", async () => {
  await minho.say("광고 전단");
  await sunja.said(OLD).hover();
  await minho.said(OLD).hover();
  await minho.said(OLD).getByRole("button", { name: "답장", exact: true }).waitFor();
  assert.equal(await minho.said(OLD).getByRole("button", { name: "삭제" }).count(), 0);
  await sunja.deleteMessage("광고 전단");
  await minho.said("광고 전단").waitFor({ state: "detached" });
});

test("a quote leads far back, and one returns to the newest from there", async () => {
  await sunja.sayAll(LATER);
  await minho.page.reload();
  await minho.inRoom(ROOM);
  await minho.said(LATER.at(-1)).waitFor();
  await sunja.composer.fill("아까 그 말이요");
  const list = sunja.page.getByRole("log");
  await list.focus();
  while (!(await sunja.said(OLD).isVisible())) {
    await list.hover();
    await sunja.page.mouse.wheel(0, -4_000);
  }
  await sunja.said(OLD).hover();
  await sunja.said(OLD).getByRole("button", { name: "답장", exact: true }).click();
  await sunja.composer.press("Enter");
  const quote = minho.said("아까 그 말이요").locator("blockquote");
  await quote.getByText(OLD).waitFor();
  assert.equal(await minho.said(OLD).count(), 0);
  await quote.getByRole("button").click();
  await minho.page.locator(".said.is-sought").getByText(OLD).waitFor();
  assert.equal(await minho.said(LATER.at(-1)).count(), 0);
  await minho.button("최근 이야기로").click();
  await minho.said("아까 그 말이요").waitFor();
});

test("reading on from far back joins the newest without gap or duplicate", async () => {
  await minho.said("아까 그 말이요").locator("blockquote").getByRole("button").click();
  await minho.page.locator(".said.is-sought").getByText(OLD).waitFor();
  const list = minho.page.getByRole("log");
  while (!(await minho.said("아까 그 말이요").isVisible())) {
    await list.hover();
    await minho.page.mouse.wheel(0, 1_500);
  }
  const talk = await minho.talk();
  const from = talk.indexOf(LATER[0]);
  assert.deepEqual(talk.slice(from, from + LATER.length), LATER);
});

test("a notice stands apart, is counted as such in the list, and is raised on the desktop of who looks elsewhere", async () => {
  await minho.context.grantPermissions(["notifications"]);
  await minho.page.evaluate(() => {
    globalThis.raised = [];
    globalThis.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, { body }) {
        globalThis.raised.push([title, body]);
      }
    };
    // As in a window behind others: Chromium's tests have all windows in front.
    document.hasFocus = () => false;
  });
  await minho.page.getByRole("button", { name: minho.email }).click();
  await minho.page.getByRole("group", { name: "공지 알림" }).getByText("켬").click();
  await minho.page.keyboard.press("Escape");
  await minho.page.evaluate(() => (location.hash = "#/"));
  await sunja.button("공지로 쓰기").click();
  await sunja.page.locator(".reply-bar").getByText("공지로 보내요").waitFor();
  await sunja.composer.fill("토요일 3시에 총회가 있어요");
  await sunja.composer.press("Enter");
  await sunja.page.locator(".bubble.is-notice").getByText("토요일 3시에 총회가 있어요").waitFor();
  await minho.row(ROOM).getByText("안 읽은 공지").waitFor({ state: "attached" });
  assert.match(await minho.page.title(), /^\(1\) /);
  assert.equal(await minho.page.locator("link[rel=icon]").getAttribute("href"), "/icon-unread.svg");
  const raised = await minho.page.evaluate(() => globalThis.raised);
  assert.deepEqual(raised, [[`공지 · ${ROOM}`, "이순자: 토요일 3시에 총회가 있어요"]]);
  await minho.page.reload();
  await minho.openRoom(ROOM);
  const bar = minho.page.getByRole("region", { name: "공지" });
  await bar.getByText("토요일 3시에 총회가 있어요").waitFor();
  await assertAccessible(minho.page, "a room with a notice");
  await bar.getByRole("button", { name: "닫기" }).click();
  await bar.waitFor({ state: "detached" });
  await minho.row(ROOM).getByText("안 읽은 공지").waitFor({ state: "detached" });
  assert.equal(await minho.page.locator("link[rel=icon]").getAttribute("href"), "/icon.svg");
});

test("an admin changes name and description, and the other sees both", async () => {
  const panel = await sunja.members();
  await panel.getByRole("button", { name: "방 설정" }).click();
  const dialog = sunja.page.getByRole("dialog", { name: "방 설정" });
  await assertAccessible(sunja.page, "room settings");
  await dialog.getByLabel("방 이름").fill(RENAMED);
  await dialog.getByLabel("소개").fill("통장과 반장이 모여요");
  await dialog.getByRole("button", { name: "저장" }).click();
  await minho.inRoom(RENAMED);
  await minho.page.locator(".room-head").getByText("통장과 반장이 모여요").waitFor();
  assert.equal(await (await minho.members()).getByRole("button", { name: "방 설정" }).count(), 0);
});

test("who is removed loses the room at once, and is invited back by the address", async () => {
  const panel = sunja.page.getByRole("complementary", { name: "멤버" });
  await panel.getByText("최민호").hover();
  await panel.getByRole("button", { name: "최민호 님 내보내기" }).click();
  await sunja.page.getByRole("dialog").getByRole("button", { name: "내보내기", exact: true }).click();
  await minho.page.getByText(`이제 ‘${RENAMED}’ 방의 멤버가 아니에요.`).waitFor();
  await minho.row(RENAMED).waitFor({ state: "detached" });
  await sunja.page.getByText("최민호 님을 내보냈어요").first().waitFor();
  await panel.getByRole("button", { name: "초대하기" }).click();
  const dialog = sunja.page.getByRole("dialog", { name: `‘${RENAMED}’에 초대하기` });
  await assertAccessible(sunja.page, "invitation");
  await dialog.getByLabel("이메일로 초대").fill(minho.email);
  await dialog.getByRole("button", { name: "초대", exact: true }).click();
  await dialog.getByText(`${minho.email} 님을 초대했어요.`).first().waitFor();
  await sunja.page.keyboard.press("Escape");
  await minho.openRoom(RENAMED);
});

test("the only admin hands over by leaving", async () => {
  await sunja.button("방 나가기").click();
  const dialog = sunja.page.getByRole("dialog");
  await dialog.getByText("가장 오래 함께한 멤버가 방장을 이어받아요.").waitFor();
  await dialog.getByRole("button", { name: "방 나가기" }).click();
  await sunja.row(RENAMED).waitFor({ state: "detached" });
  await minho.page.getByText("최민호 님이 방장이 되었어요").first().waitFor();
  await (await minho.members()).getByRole("button", { name: "방 설정" }).waitFor();
});

test("a deleted room is gone for all its members", async () => {
  await sunja.joinRoom(RENAMED);
  await (await minho.members()).getByRole("button", { name: "방 설정" }).click();
  await minho.button("방 삭제").click();
  await minho.page
    .getByRole("dialog", { name: `‘${RENAMED}’ 방을 삭제할까요?` })
    .getByRole("button", { name: "방 삭제" })
    .click();
  await minho.row(RENAMED).waitFor({ state: "detached" });
  await sunja.page.getByText(`‘${RENAMED}’ 방이 삭제되었어요.`).waitFor();
  assert.equal(await minho.page.getByText(`‘${RENAMED}’ 방이 삭제되었어요.`).count(), 0);
});

test("a changed account ends its logins elsewhere, and the page goes on", async () => {
  const elsewhere = await Person.arrive(browser, sunja.name);
  elsewhere.email = sunja.email;
  await elsewhere.logIn();
  await elsewhere.online();
  const dialog = await sunja.profile();
  await assertAccessible(sunja.page, "profile");
  await dialog.getByLabel("이름").fill("이순자 총무");
  await dialog.getByLabel("새 비밀번호").fill("a new password 28");
  await dialog.getByLabel("지금 비밀번호").fill("not the password");
  await dialog.getByRole("button", { name: "저장" }).click();
  await dialog.getByText("지금 비밀번호가 맞지 않아요.").waitFor();
  await dialog.getByLabel("지금 비밀번호").fill(sunja.password);
  await dialog.getByRole("button", { name: "저장" }).click();
  await sunja.page.getByText("내 정보를 바꿨어요.").first().waitFor();
  await sunja.online();
  await sunja.page.getByText("이순자 총무 님").waitFor();
  await elsewhere.page.getByText("로그인이 끝났어요. 다시 로그인해 주세요.").waitFor();
  await elsewhere.logIn(sunja.password);
  await elsewhere.page.getByText("이메일이나 비밀번호가 맞지 않아요.").waitFor();
  sunja.password = "a new password 28";
  await elsewhere.logIn(sunja.password);
  await elsewhere.online();
  assert.deepEqual(elsewhere.faults, []);
  await elsewhere.leave();
});

test("a deleted account is logged out, unknown to the login, and nameless where it spoke", async () => {
  const room = `동네 한 바퀴 ${crypto.randomUUID().slice(0, 8)}`;
  await sunja.createRoom(room);
  await minho.joinRoom(room);
  await sunja.say("제가 남긴 말");
  await minho.said("제가 남긴 말").waitFor();
  const dialog = await sunja.profile();
  await dialog.getByRole("button", { name: "계정 삭제" }).click();
  const last = sunja.page.getByRole("dialog", { name: "계정을 삭제할까요?" });
  await last.getByLabel("지금 비밀번호").fill(sunja.password);
  await last.getByRole("button", { name: "계정 삭제" }).click();
  await sunja.button("로그인").waitFor();
  await sunja.logIn();
  await sunja.page.getByText("이메일이나 비밀번호가 맞지 않아요.").waitFor();
  await minho.page.getByText("님이 나갔어요").first().waitFor();
  await minho.page.reload();
  await minho.said("제가 남긴 말").waitFor();
  assert.equal(await minho.page.getByText("이순자").count(), 0);
});

test("nothing went wrong unseen", () => {
  assert.deepEqual([...sunja.faults, ...minho.faults], []);
});
