/** What the tests of dues, expenses and audit lines do alike. */

/** Of every wallet here. */
export const WALLET = "wallet secret 27";
/** Where pictures are put for people to look at; nowhere without it. */
export const SHOTS = process.env.SHOTS;

/** The `panel` of a room's money: `open` it at a tab, or as it is, and `close` it. */
export function moneyOf(room) {
  const panel = (person) => person.page.getByRole("dialog", { name: `회비 · ${room}` });
  return {
    panel,
    async open(person, tab) {
      if (!(await panel(person).isVisible())) await person.button("회비 보기").click();
      if (tab !== undefined) await panel(person).getByRole("tab", { name: tab }).click();
      return panel(person);
    },
    async close(person) {
      await panel(person).getByRole("button", { name: "닫기" }).first().click();
      await panel(person).waitFor({ state: "detached" });
    },
  };
}

/** A picture on a desktop and one on a phone. */
export async function shoot(person, name) {
  if (SHOTS === undefined) return;
  const wide = person.page.viewportSize();
  await person.page.screenshot({ path: `${SHOTS}/${name}-desktop.png` });
  await person.page.setViewportSize({ width: 390, height: 844 });
  await person.page.screenshot({ path: `${SHOTS}/${name}-phone.png` });
  await person.page.setViewportSize(wide);
}

/** Asks the server as this person; gives the answer's JSON. */
export async function ask(person, method, path, body) {
  return person.page.evaluate(
    async ([method, path, body]) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(path, { method, headers, ...(body === null ? {} : { body: JSON.stringify(body) }) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.json().catch(() => null);
    },
    [method, path, body ?? null],
  );
}

/** The number of a room of this person's. */
export async function roomId(person, room) {
  const rooms = await ask(person, "GET", "/api/v1/rooms");
  return rooms.find(({ name }) => name === room).id;
}

/** Gives a room a fund, into which the member has paid so many won; nobody is asked for dues yet. */
export async function fill(room, [treasurer, member], amount) {
  const group = { channelId: room, walletName: "회비", description: "", password: WALLET };
  const { groupWalletId } = await ask(treasurer, "POST", "/api/wallet/group", group);
  const { walletId } = await ask(member, "POST", "/api/wallet/user", { password: WALLET });
  await ask(member, "POST", "/api/wallet/user/money", { amount });
  const payment = { walletId, targetWalletId: groupWalletId, amount, password: WALLET };
  await ask(member, "POST", "/api/wallet/transaction", payment);
  const firstDue = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);
  const amounts = { amountKind: "equal", amount: 10000, lateFee: 0, fund: groupWalletId };
  const days = { firstDue, repeat: "once", askDays: 1, graceDays: 0 };
  await ask(treasurer, "POST", `/api/v1/rooms/${room}/dues/plans`, { title: "회비", ...amounts, ...days });
}
