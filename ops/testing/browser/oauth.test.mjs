import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Provider } from "oidc-provider";
import { assertAccessible } from "./axe.mjs";
import { startBrowser } from "./browser.mjs";
import { freePort, Installation } from "./installation.mjs";
import { Person } from "./person.mjs";

/**
 * People who log in by a provider: oidc-provider, a certified one, with its own pages for login and consent. Who logs in
 * there as NAME has the address NAME@provider.test, verified. The tests follow one another.
 */

const BUTTON = "동네 계정으로 계속하기";

let browser;
let provider;
let installation;

before(async () => {
  const [port, providerPort] = [await freePort(), await freePort()];
  provider = await startProvider(providerPort, port);
  installation = await Installation.start(
    port,
    `bridge.public_url = "http://127.0.0.1:${port}"
[oauth.village]
name = "동네"
issuer = "http://127.0.0.1:${providerPort}"
client_id = "moim"
client_secret = "hush hush"
`,
  );
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await installation?.stop();
  provider?.close();
  provider?.closeAllConnections();
});

async function startProvider(port, moimPort) {
  const issuer = `http://127.0.0.1:${port}`;
  const claims = (name) => ({ sub: name, email: `${name}@provider.test`, email_verified: true, name: `동네 ${name}` });
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: "moim",
        client_secret: "hush hush",
        redirect_uris: [`http://127.0.0.1:${moimPort}/api/v1/oauth/village/callback`],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["of these tests"] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, name) => ({ accountId: name, claims: () => claims(name) }),
    pkce: { required: () => true },
  });
  const server = oidc.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Somebody before the door, whose browser reaches this machine alone. */
async function arrive(name) {
  const person = await Person.arrive(browser, name, { at: installation.page });
  const elsewhere = (url) => url.hostname !== "127.0.0.1";
  await person.context.route(elsewhere, (route) => route.abort());
  return person;
}

/** Says who one is, at the provider, and lets it tell Moim. */
async function consent({ page }, name) {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

test("somebody new logs in by the provider, and is in the rooms at once", async () => {
  const hana = await arrive("동네 hana");
  await hana.page.getByRole("link", { name: BUTTON }).waitFor();
  await assertAccessible(hana.page, "the door with a provider");
  await hana.page.getByRole("link", { name: BUTTON }).click();
  await consent(hana, "hana");
  await hana.online();
  assert.equal(new URL(hana.page.url()).search, "", "the address forgets the outcome");
  hana.email = "hana@provider.test";
  await hana.createRoom("동네 사람들");
  await hana.say("여기 처음이에요");
  const cookies = await hana.context.cookies(installation.page);
  const session = cookies.find(({ name }) => name === "moim_session");
  assert.deepEqual([session.httpOnly, session.sameSite], [true, "Lax"]);
  assert.ok(!cookies.some(({ name }) => name === "moim_oauth"), "what the login needed is gone");

  await hana.logOut();
  await hana.page.getByRole("link", { name: BUTTON }).click();
  // The provider knows her still: it asks nothing.
  await hana.openRoom("동네 사람들");
  await hana.said("여기 처음이에요").waitFor();
  assert.deepEqual(hana.faults, []);
  await hana.leave();
});

test("who says no at the provider is told so on the page, and may still use a password", async () => {
  const jun = await arrive("준");
  await jun.page.getByRole("link", { name: BUTTON }).click();
  await jun.page.getByRole("link", { name: /cancel/i }).click();
  await jun.page.getByRole("alert").getByText("로그인을 취소했어요.").waitFor();
  await jun.page.reload();
  await jun.button("로그인").waitFor();
  assert.equal(await jun.page.getByRole("alert").count(), 0, "a reload tells it no more");
  await jun.signUp();
  await jun.leave();
});

test("an address that has an account is connected by its owner alone", async () => {
  const mina = await arrive("미나");
  mina.email = "mina@provider.test";
  await mina.signUp();
  await mina.createRoom("미나네");
  await mina.logOut();

  await mina.page.getByRole("link", { name: BUTTON }).click();
  await consent(mina, "mina");
  await mina.page.getByRole("alert").getByText("같은 이메일로 가입한 계정이 있어요.").waitFor();
  assert.ok(!(await mina.context.cookies(installation.page)).some(({ name }) => name === "moim_session"));

  await mina.logIn();
  await mina.online();
  const profile = await mina.profile();
  const connect = profile.getByRole("button", { name: "동네 연결", exact: true });
  await connect.click();
  await profile.getByText("지금 비밀번호를 바르게 입력해 주세요.").waitFor();
  await profile.getByLabel("지금 비밀번호").fill(mina.password);
  await connect.click();
  await mina.page.getByRole("status").getByText("계정을 연결했어요.").waitFor();
  const again = await mina.profile();
  await again.getByRole("button", { name: "동네 연결 끊기" }).waitFor();
  await mina.page.keyboard.press("Escape");

  await mina.logOut();
  await mina.page.getByRole("link", { name: BUTTON }).click();
  await mina.openRoom("미나네");
  assert.deepEqual(mina.faults, []);
  await mina.leave();
});

test("who has no password chooses one to keep an account without the provider", async () => {
  const sora = await arrive("동네 sora");
  await sora.page.getByRole("link", { name: BUTTON }).click();
  await consent(sora, "sora");
  await sora.online();
  sora.email = "sora@provider.test";
  const profile = await sora.profile();
  await profile.getByRole("button", { name: "동네 연결 끊기" }).click();
  await profile.getByText("이 연결이 유일한 로그인 방법이에요.").waitFor();
  assert.equal(await profile.getByLabel("지금 비밀번호").count(), 0);
  await profile.getByLabel("새 비밀번호").fill("소라의 새 비밀번호");
  await profile.getByRole("button", { name: "저장" }).click();
  await sora.page.getByRole("status").getByText("내 정보를 바꿨어요.").waitFor();
  const changed = await sora.profile();
  await changed.getByRole("button", { name: "동네 연결 끊기" }).click();
  await changed.getByRole("button", { name: "동네 연결", exact: true }).waitFor();
  await sora.page.keyboard.press("Escape");
  await sora.logOut();
  await sora.logIn("소라의 새 비밀번호");
  await sora.online();
  await sora.leave();
});
