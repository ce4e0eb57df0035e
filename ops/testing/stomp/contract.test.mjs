import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before } from "node:test";
import { Caller, fields, has, refused, row, table } from "./contract.mjs";
import { Page } from "./page.mjs";

/**
 * Every row of the original's interface, in its order, each with a request and its answer; then what differs on purpose,
 * and what was settled where the original is silent. CONTRACT_TABLE names a file for the table of them.
 */

const CONTENT = fields(
  "id",
  "userId",
  "userEmail",
  "userName",
  "channelId",
  "callOutContentId",
  "createdAt",
  "notReadCount",
  "text",
  "type",
);
const RESERVATION = fields(
  "id",
  "walletId",
  "targetWalletId",
  "amount",
  "reservationTime",
  "reservationType",
  "reservationState",
  "username",
);

let minji;
let chulsoo;
let stranger;
let channel;
let message;
let file;
let wallet;
let his;
let group;

before(async () => {
  [minji, chulsoo, stranger] = await Promise.all(["김민지", "박철수", "지나가던 사람"].map(Caller.arrive));
});

after(async () => {
  if (process.env.CONTRACT_TABLE) await writeFile(process.env.CONTRACT_TABLE, table());
});

/** Local time in Seoul, some minutes from now. */
function seoul(minutes) {
  return new Date(Date.now() + (9 * 60 + minutes) * 60_000).toISOString().slice(0, 19);
}

// Session and users.

row("POST /user/signup", "email, username, password", async () => {
  const { email, name, password } = new Caller("새 사람");
  return has(await minji.ask("POST", "/api/user/signup", { email, username: name, password }), 200, {
    email,
    username: name,
  });
});
row("POST /user/login", "email, password", async () => {
  const answer = has(await minji.logIn(), 200, { email: minji.email, username: "김민지" });
  const header = answer.headers.get("authorization");
  assert.match(header, /^Bearer%20[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.match(answer.headers.get("access-control-expose-headers") ?? "authorization", /authorization/i);
  const claims = JSON.parse(Buffer.from(header.split(".")[1], "base64url"));
  assert.deepEqual([claims.sub, claims.email, claims.nickname], [String(minji.id), minji.email, "김민지"]);
  assert.equal(claims.exp - claims.iat, 24 * 60 * 60);
  return answer;
});
row("GET /user", "cookie `Authorization=Bearer%20…`", async () =>
  has(await minji.ask("GET", "/api/user"), 200, { email: minji.email, username: "김민지" }),
);
row("GET /user", "header `Authorization: Bearer …`", async () =>
  has(await new Caller("").ask("GET", "/api/user", undefined, { authorization: `Bearer ${minji.token}` }), 200),
);
row("GET /user", "cookie `Authorization=Bearer …`, not encoded", async () =>
  has(await new Caller("").ask("GET", "/api/user", undefined, { cookie: `Authorization=Bearer ${minji.token}` }), 200),
);
row("PUT /user", "email, username, password", async () => {
  const eun = await Caller.arrive("은지");
  const answer = await eun.ask("PUT", "/api/user", { email: eun.email, username: "은지2", password: "another horse 5" });
  has(answer, 200, { email: eun.email, username: "은지2" });
  refused(await eun.ask("GET", "/api/user"), 401);
  return answer;
});
row("GET /user/logout", "cookie", async () => {
  const eun = await Caller.arrive("은지");
  const answer = has(await eun.ask("GET", "/api/user/logout"), 200);
  assert.ok(answer.headers.getSetCookie().some((cookie) => /^Authorization=;.*Max-Age=0/.test(cookie)));
  refused(await eun.ask("GET", "/api/user"), 401);
  return answer;
});
row("DELETE /user", "cookie", async () => {
  const eun = await Caller.arrive("은지");
  const answer = has(await eun.ask("DELETE", "/api/user"), 200);
  refused(await eun.logIn(), 400);
  return answer;
});

// Contacts.

row("POST /contact", "header contactEmail", async () =>
  has(await minji.ask("POST", "/api/contact", undefined, { contactEmail: chulsoo.email }), 200, {
    username: "김민지",
    contactname: "박철수",
  }),
);
row("GET /contact", "", async () =>
  has(await minji.ask("GET", "/api/contact"), 200, { email: chulsoo.email, username: "박철수" }),
);
row("DELETE /contact", "header contactEmail", async () =>
  has(await minji.ask("DELETE", "/api/contact", undefined, { contactEmail: chulsoo.email }), 200, {
    email: chulsoo.email,
    username: "박철수",
  }),
);

// Channels.

row("POST /channel", "channelName, channelPassword, channelDescription, isPrivate", async () => {
  const body = {
    channelName: `토요 등산회 ${minji.id}`,
    channelPassword: "1234",
    channelDescription: "매주",
    isPrivate: true,
  };
  const answer = await minji.ask("POST", "/api/channel", body);
  channel = answer.body.channelId;
  return has(answer, 200, {
    channelId: channel,
    channelCreateUsername: "김민지",
    channelName: body.channelName,
    channelDescription: "매주",
    isPrivate: true,
  });
});
row("GET /channel", "", async () =>
  has(await minji.ask("GET", "/api/channel"), 200, {
    channelId: channel,
    ...fields("channelName", "readTimestamp"),
    admin: true,
  }),
);
row("GET /channel/search", "?keyword=, a part of the name in capitals or not", async () =>
  has(await chulsoo.ask("GET", `/api/channel/search?keyword=${encodeURIComponent(`등산회 ${minji.id}`)}`), 200, {
    channelId: channel,
    ...fields("channelName"),
  }),
);
row("GET /channel/search", "?keyword= empty", async () =>
  refused(await chulsoo.ask("GET", "/api/channel/search?keyword="), 400),
);
row("POST /channel/{id}/signup", "?channelPassword= wrong", async () =>
  refused(await chulsoo.ask("POST", `/api/channel/${channel}/signup?channelPassword=4321`), 400),
);
row("POST /channel/{id}/signup", "?channelPassword=", async () =>
  has(await chulsoo.ask("POST", `/api/channel/${channel}/signup?channelPassword=1234`), 200, {
    channelId: channel,
    userName: "박철수",
    userEmail: chulsoo.email,
    ...fields("channelName"),
  }),
);
row("GET /channel/{id}", "as a member", async () =>
  has(await chulsoo.ask("GET", `/api/channel/${channel}`), 200, {
    channelId: channel,
    channelCreateUserName: "김민지",
    userCount: 2,
    isPrivate: true,
    ...fields("channelName", "channelDescription", "createdAt"),
  }),
);
row("GET /channel/{id}", "as a stranger", async () => refused(await stranger.ask("GET", `/api/channel/${channel}`), 403));
row("PUT /channel/{id}", "channelName, channelDescription, as the admin", async () => {
  const body = { channelName: `일요 등산회 ${minji.id}`, channelDescription: "격주" };
  return has(await minji.ask("PUT", `/api/channel/${channel}`, body), 200, { channelId: channel, ...body });
});
row("PUT /channel/{id}", "as a member who is no admin", async () =>
  refused(await chulsoo.ask("PUT", `/api/channel/${channel}`, { channelName: "내 방", channelDescription: "" }), 403),
);
row("POST /channel/{id}/user/{otherUserId}", "as a member who is no admin", async () =>
  has(await chulsoo.ask("POST", `/api/channel/${channel}/user/${stranger.id}`), 204),
);
row("DELETE /channel/{id}/user/{otherUserId}", "as a member who is no admin", async () =>
  refused(await chulsoo.ask("DELETE", `/api/channel/${channel}/user/${stranger.id}`), 403),
);
row("DELETE /channel/{id}/user/{otherUserId}", "as the admin", async () =>
  has(await minji.ask("DELETE", `/api/channel/${channel}/user/${stranger.id}`), 204),
);

// Messages, files, notices.

row("POST /message/{channelId}", "text", async () => {
  const answer = await minji.ask("POST", `/api/message/${channel}`, { text: "이번 주는 어디로 가나요?" });
  has(answer, 200, { ...CONTENT, userId: minji.id, channelId: channel, notReadCount: 1, type: "TALK" });
  message = answer.body.id;
  return answer;
});
row("POST /message/jmeter", "type, channelId, senderId, senderName, message; numbers as strings", async () => {
  const body = { type: "TALK", channelId: String(channel), senderId: String(minji.id), senderName: "x", message: "부하" };
  return has(await minji.ask("POST", "/api/message/jmeter", body), 200);
});
for (const path of [() => `/api/channel-content/${channel}`, () => `/api/channel/${channel}/content`]) {
  row(`GET ${path().replace("/api", "").replace("undefined", "{id}")}`, "as a member", async () => {
    const answer = has(await chulsoo.ask("GET", path()), 200, CONTENT);
    const ids = answer.body.map(({ id }) => id);
    assert.deepEqual(ids, [...ids].sort((one, other) => one - other), "oldest first");
    assert.ok(ids.includes(message));
    return answer;
  });
}
row("GET /channel/{id}/content", "as a stranger", async () =>
  refused(await stranger.ask("GET", `/api/channel/${channel}/content`), 403),
);
row("DELETE /message/{messageId}", "?channelId=, as somebody else", async () =>
  refused(await chulsoo.ask("DELETE", `/api/message/${message}?channelId=${channel}`), 403),
);
row("DELETE /message/{messageId}", "?channelId=, as the author", async () =>
  has(await minji.ask("DELETE", `/api/message/${message}?channelId=${channel}`), 200),
);
row("POST /file", "multipart: file, channelId", async () => {
  const form = new FormData();
  form.set("channelId", String(channel));
  form.set("file", new Blob(["회비 1만 원"], { type: "text/plain" }), "영수증.txt");
  const answer = has(await minji.ask("POST", "/api/file", form), 200, {
    fileName: "영수증.txt",
    size: 15,
    ...fields("fileId", "contentType"),
  });
  file = answer.body.fileId;
  return answer;
});
row("GET /file", "?channelId=", async () =>
  has(await chulsoo.ask("GET", `/api/file?channelId=${channel}`), 200, { fileName: "영수증.txt", ...fields("fileId", "size", "contentType") }),
);
row("GET /file/{fileId}", "as a member", async () => {
  const answer = has(await chulsoo.ask("GET", `/api/file/${file}`), 200);
  assert.equal(answer.body, "회비 1만 원");
  return answer;
});
row("GET /file/{fileId}", "as a stranger", async () => refused(await stranger.ask("GET", `/api/file/${file}`), 403));
row("DELETE /file/{fileId}", "as its owner", async () => {
  const answer = has(await minji.ask("DELETE", `/api/file/${file}`), 200);
  refused(await chulsoo.ask("GET", `/api/file/${file}`), 400);
  return answer;
});
row("POST /notification/{channelId}", "text", async () =>
  has(await minji.ask("POST", `/api/notification/${channel}`, { text: "토요일 아홉 시" }), 200),
);

// Wallets.

row("POST /wallet/user", "password", async () => {
  const answer = has(await minji.ask("POST", "/api/wallet/user", { password: "money 1234" }), 200, {
    money: 0,
    username: "김민지",
    ...fields("walletId"),
  });
  wallet = answer.body.walletId;
  his = (await chulsoo.ask("POST", "/api/wallet/user", { password: "money 5678" })).body.walletId;
  return answer;
});
row("GET /wallet/user", "", async () => has(await minji.ask("GET", "/api/wallet/user"), 200, { walletId: wallet, money: 0 }));
row("POST /wallet/user/money", "amount, as a string", async () =>
  has(await minji.ask("POST", "/api/wallet/user/money", { amount: "50000" }), 200, { walletId: wallet, money: 50_000 }),
);
row("POST /wallet/group", "channelId, walletName, description, password", async () => {
  const body = { channelId: channel, walletName: "등산회 회비", description: "월 1만 원", password: "group 1234" };
  const answer = has(await minji.ask("POST", "/api/wallet/group", body), 200, {
    money: 0,
    walletName: "등산회 회비",
    description: "월 1만 원",
    channel,
    ...fields("groupWalletId"),
  });
  group = answer.body.groupWalletId;
  assert.ok(![wallet, his].includes(group), "ids of the two kinds never coincide");
  return answer;
});
row("POST /wallet/group", "as a stranger to the channel", async () =>
  refused(await stranger.ask("POST", "/api/wallet/group", { channelId: channel, walletName: "x", description: "", password: "group 1234" }), 403),
);
row("GET /wallet/group/{id}", "as a participant", async () =>
  has(await minji.ask("GET", `/api/wallet/group/${group}`), 200, { groupWalletId: group }),
);
row("GET /wallet/group/{id}", "as a member of the channel who does not participate", async () =>
  refused(await chulsoo.ask("GET", `/api/wallet/group/${group}`), 403),
);
row("POST /wallet/group/{id}", "join, as a member of the channel", async () =>
  has(await chulsoo.ask("POST", `/api/wallet/group/${group}`), 200),
);
row("GET /wallet/group/{id}/participant/all", "", async () => {
  const answer = has(await chulsoo.ask("GET", `/api/wallet/group/${group}/participant/all`), 200);
  const participants = new Map(answer.body.map((participant) => [participant.email, participant]));
  assert.equal(participants.size, 2);
  const hers = { email: minji.email, username: "김민지", userAuthorityEnum: "ADMIN" };
  assert.deepEqual(participants.get(minji.email), { ...participants.get(minji.email), ...hers });
  assert.equal(participants.get(chulsoo.email).userAuthorityEnum, "USER");
  return answer;
});
row("GET /wallet/user/group/all", "", async () =>
  has(await chulsoo.ask("GET", "/api/wallet/user/group/all"), 200, { groupWalletId: group }),
);
row("GET /wallet/group/all/channel/{channelId}", "", async () =>
  has(await chulsoo.ask("GET", `/api/wallet/group/all/channel/${channel}`), 200, { groupWalletId: group }),
);

/** A transfer of minji's. */
const transfer = (amount, more = {}, headers) =>
  minji.ask("POST", "/api/wallet/transaction", { walletId: wallet, targetWalletId: group, amount, password: "money 1234", ...more }, headers);

row("POST /wallet/transaction", "walletId, targetWalletId, amount, password", async () =>
  has(await transfer(10_000), 200, { transferType: "SEND", amount: 10_000, balanceBefore: 50_000, balanceAfter: 40_000 }),
);
row("POST /wallet/transaction", "a wrong password", async () => refused(await transfer(1, { password: "money 0000" }), 400));
row("POST /wallet/transaction", "more than is there", async () => refused(await transfer(1_000_000), 400));
row("POST /wallet/transaction", "from somebody else's wallet, with its password", async () =>
  refused(await transfer(1, { walletId: his, password: "money 5678" }), 403),
);
row("GET /wallet/user/transaction/all", "", async () => {
  const answer = has(await minji.ask("GET", "/api/wallet/user/transaction/all"), 200, fields("transferType", "amount", "balanceBefore", "balanceAfter", "wallet", "targetWallet"));
  const sent = answer.body.find(({ transferType }) => transferType === "SEND");
  assert.ok("owner" in sent.wallet && "owner" in sent.targetWallet);
  return answer;
});
row("GET /wallet/group/{id}/transaction/all", "", async () =>
  has(await chulsoo.ask("GET", `/api/wallet/group/${group}/transaction/all`), 200, { transferType: "RECEIVE", amount: 10_000 }),
);
let reservation;
row("POST /wallet/reservation", "type MONTHLY, walletId, targetWalletId, amount, password, reservationTime", async () => {
  const reservationTime = seoul(5);
  const body = { type: "MONTHLY", walletId: wallet, targetWalletId: group, amount: 10_000, password: "money 1234", reservationTime };
  const answer = has(await minji.ask("POST", "/api/wallet/reservation", body), 200, {
    ...RESERVATION,
    reservationTime: `${reservationTime.slice(0, 16)}:00`,
    reservationType: "MONTHLY",
    reservationState: "RESERVATION",
    username: "김민지",
  });
  reservation = answer.body.id;
  return answer;
});
row("POST /wallet/reservation", "less than a minute ahead", async () =>
  refused(await minji.ask("POST", "/api/wallet/reservation", { type: "DAILY", walletId: wallet, targetWalletId: group, amount: 1, password: "money 1234", reservationTime: seoul(0) }), 400),
);
row("GET /wallet/user/reservation", "", async () => has(await minji.ask("GET", "/api/wallet/user/reservation"), 200, RESERVATION));
row("GET /wallet/group/{id}/reservation", "", async () => has(await chulsoo.ask("GET", `/api/wallet/group/${group}/reservation`), 200));
row("DELETE /wallet/reservation/{id}", "cancel, as its owner", async () => {
  const answer = await minji.ask("DELETE", `/api/wallet/reservation/${reservation}`);
  assert.ok([200, 204].includes(answer.status), JSON.stringify(answer.body));
  return answer;
});
row("DELETE /wallet/user", "while it holds money", async () => refused(await minji.ask("DELETE", "/api/wallet/user"), 400));
row("DELETE /wallet/user", "empty", async () => {
  await stranger.ask("POST", "/api/wallet/user", { password: "money 9999" });
  return has(await stranger.ask("DELETE", "/api/wallet/user"), 200);
});
row("DELETE /wallet/group/{id}", "as a participant who is no ADMIN", async () =>
  refused(await chulsoo.ask("DELETE", `/api/wallet/group/${group}`), 403),
);
row("DELETE /wallet/group/{id}", "empty, as its ADMIN", async () => {
  const back = { walletId: group, targetWalletId: wallet, amount: 10_000, password: "group 1234" };
  has(await minji.ask("POST", "/api/wallet/transaction", back), 200);
  return has(await minji.ask("DELETE", `/api/wallet/group/${group}`), 200);
});
row("POST /mock/channel", "?isPrivate=false&howManyChannel=2&howManyUserInChannel=3&howManyContentPerUser=2", async () =>
  has(await minji.ask("POST", "/api/mock/channel?isPrivate=false&howManyChannel=2&howManyUserInChannel=3&howManyContentPerUser=2"), 200, {
    channelCreateUsername: "김민지",
    userCount: 3,
    isPrivate: false,
    ...fields("channelId", "channelName", "channelDescription", "createdAt"),
  }),
);
for (const path of ["/swagger-ui/index.html", "/v3/api-docs", "/actuator/prometheus", "/actuator/health"]) {
  row(`GET ${path}`, "", async () => {
    const { status, body } = has(await minji.ask("GET", path), 200);
    return { status, body: typeof body === "string" ? body.trim() : body };
  });
}

// STOMP.

let page;
/** The page's next message as an answer to be shown. */
const frame = async () => ({ body: await page.messages.take() });

row("CONNECT, SUBSCRIBE /sub/chat/room/{channelId}", "token in the cookie, heart-beat 4000,4000", async () => {
  page = await Page.open(chulsoo, channel);
  return { body: `CONNECTED version ${page.client.connectedVersion}, RECEIPT subscribed` };
});
row("SEND /pub/chat/message", "ENTER", async () => {
  await page.say("ENTER", "");
  const answer = await frame();
  assert.equal(answer.body.text, "박철수님이 입장하셨습니다.");
  return answer;
});
let said;
row("SEND /pub/chat/message", "TALK", async () => {
  await page.say("TALK", "여덟 시 어때요?");
  const answer = await frame();
  assert.deepEqual(Object.keys(CONTENT).filter((name) => !(name in answer.body)), []);
  said = answer.body.id;
  return answer;
});
row("SEND /pub/chat/message", "CALLOUT, callOutId", async () => {
  await page.say("CALLOUT", "좋아요", { callOutId: said });
  const answer = await frame();
  assert.deepEqual([answer.body.type, answer.body.callOutContentId], ["CALLOUT", said]);
  return answer;
});
row("SEND /pub/delete/message", "channelId, channelContentId, sender", async () => {
  await page.delete(said);
  const answer = await frame();
  assert.deepEqual(answer.body, { type: "DELETE", channelId: channel, channelContentId: said });
  return answer;
});

// Where Moim differs on purpose.

/** The ERROR of a page that does what it may not. */
async function errorOf(open, act = () => {}) {
  open.client.activate();
  const error = open.errors.take();
  act(open);
  const { headers } = await error;
  await open.close();
  return { body: `ERROR ${headers.message}` };
}

row("differs: the sender is the session", "STOMP SEND with another's senderId", async () => {
  page.say("TALK", "사칭", { senderId: minji.id });
  const { headers } = await page.errors.take();
  await page.close();
  assert.match(headers.message, /senderId/);
  return { body: `ERROR ${headers.message}` };
});
row("differs: the sender is the session", "POST /message/jmeter with another's senderId", async () => {
  const body = { type: "TALK", channelId: channel, senderId: chulsoo.id, senderName: "x", message: "사칭" };
  const answer = await minji.ask("POST", "/api/message/jmeter", body);
  assert.ok([400, 403].includes(answer.status));
  return refused(answer, answer.status);
});
row("differs: STOMP without a valid token", "SUBSCRIBE", async () => {
  const answer = await errorOf(new Page(chulsoo, channel, { cookie: "" }));
  assert.match(answer.body, /token/);
  return answer;
});
row("differs: STOMP for members only", "SUBSCRIBE as a stranger", async () => {
  const answer = await errorOf(new Page(stranger, channel));
  assert.match(answer.body, /NotAMember/);
  return answer;
});
row("differs: histories are paged", "GET /channel/{id}/content?before=&limit=2", async () => {
  const all = (await minji.ask("GET", `/api/channel/${channel}/content`)).body.map(({ id }) => id);
  const answer = has(await minji.ask("GET", `/api/channel/${channel}/content?before=${all.at(-1)}&limit=2`), 200, CONTENT);
  assert.deepEqual(answer.body.map(({ id }) => id), all.slice(-3, -1));
  return answer;
});
row("differs: transfers are idempotent", "header Idempotency-Key, twice", async () => {
  const key = { "Idempotency-Key": crypto.randomUUID() };
  const first = has(await transfer(1_000, { targetWalletId: his }, key), 200);
  const again = has(await transfer(1_000, { targetWalletId: his }, key), 200);
  assert.deepEqual(again.body, first.body);
  assert.equal((await chulsoo.ask("GET", "/api/wallet/user")).body.money, 1_000);
  return again;
});
row("differs: notReadCount is live", "GET content by the one who had not read", async () => {
  const { id } = (await minji.ask("POST", `/api/message/${channel}`, { text: "읽었나요?" })).body;
  await chulsoo.ask("GET", `/api/channel/${channel}/content`);
  const answer = await minji.ask("GET", `/api/channel/${channel}/content`);
  const own = answer.body.find((row) => row.id === id);
  assert.equal(own.notReadCount, 0);
  return { status: answer.status, body: own };
});

// Where the original is silent.

row("silent: no session", "GET /channel without a token", async () => refused(await new Caller("").ask("GET", "/api/channel"), 401));
row("silent: an unknown channel", "GET /channel/{id}/content", async () => {
  const answer = await minji.ask("GET", "/api/channel/4000000000/content");
  assert.ok([400, 403].includes(answer.status));
  return refused(answer, answer.status);
});
row("silent: a body that is no JSON", "POST /user/login", async () => {
  const answer = await fetch(new URL("/api/user/login", process.env.BASE_URL), { method: "POST", body: "{" });
  return refused({ status: answer.status, body: await answer.json() }, 400);
});
row("silent: a body that is too large", "POST /user/login of 1 MiB", async () =>
  refused(await minji.ask("POST", "/api/user/login", { email: "x".repeat(1 << 20), password: "" }), 413),
);
row("silent: a message taken back keeps its place", "GET content", async () => {
  const answer = await minji.ask("GET", `/api/channel/${channel}/content`);
  const gone = answer.body.find(({ id }) => id === message);
  assert.deepEqual([gone.type, gone.text], ["DELETE", ""]);
  return { status: answer.status, body: gone };
});
row("silent: the channel's admin takes others' messages back", "DELETE /message/{messageId}", async () => {
  const { id } = (await chulsoo.ask("POST", `/api/message/${channel}`, { text: "광고" })).body;
  return has(await minji.ask("DELETE", `/api/message/${id}?channelId=${channel}`), 200);
});
row("silent: strings have bounds", "POST /message/{channelId} of 4,001 characters", async () =>
  refused(await minji.ask("POST", `/api/message/${channel}`, { text: "가".repeat(4_001) }), 400),
);
row("silent: strings are trimmed and NFC", "POST /message/{channelId} of decomposed Hangul", async () =>
  has(await minji.ask("POST", `/api/message/${channel}`, { text: "  \u1112\u1161\u11ab  " }), 200, { text: "한" }),
);
row("silent: two equal transfers without a key are two", "POST /wallet/transaction, twice", async () => {
  has(await transfer(500, { targetWalletId: his }), 200);
  const answer = has(await transfer(500, { targetWalletId: his }), 200);
  assert.equal((await chulsoo.ask("GET", "/api/wallet/user")).body.money, 2_000);
  return answer;
});
row("silent: mock data need a session", "POST /mock/channel without a token", async () =>
  refused(await new Caller("").ask("POST", "/api/mock/channel"), 401),
);
row("silent: absurd counts", "POST /mock/channel?howManyChannel=1000000", async () =>
  refused(await minji.ask("POST", "/api/mock/channel?howManyChannel=1000000"), 400),
);
row("silent: CORS is for configured origins", "GET /user from http://evil.example", async () => {
  const answer = has(await minji.ask("GET", "/api/user", undefined, { origin: "http://evil.example" }), 200);
  assert.equal(answer.headers.get("access-control-allow-origin"), null);
  return { status: 200, body: "no Access-Control-Allow-Origin" };
});
row("silent: no cross-site request acts by a cookie", "POST /message/{channelId} from http://evil.example", async () =>
  refused(await minji.ask("POST", `/api/message/${channel}`, { text: "x" }, { origin: "http://evil.example" }), 403),
);
row("DELETE /channel/{id}", "as a member who is no admin", async () => refused(await chulsoo.ask("DELETE", `/api/channel/${channel}`), 403));
row("DELETE /channel/{id}", "as the admin", async () => {
  const answer = has(await minji.ask("DELETE", `/api/channel/${channel}`), 200);
  const left = await chulsoo.ask("GET", "/api/channel");
  assert.ok(!left.body.some(({ channelId }) => channelId === channel));
  return answer;
});
