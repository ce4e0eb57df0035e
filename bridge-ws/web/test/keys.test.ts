import { expect, test } from "vitest";
import { ApiError } from "../src/api/http";
import { Keys } from "../src/api/keys";

const LOST = new ApiError(0, "", "no answer");
const WRONG_PASSWORD = new ApiError(403, "WrongWalletPassword", "wrong");
const REUSED = new ApiError(400, "KeyReused", "done before");

/** Asks for `what` and gives the key that it went under; ends as `fault` says. */
async function ask(keys: Keys, what: string, fault?: ApiError): Promise<string> {
  let used = "";
  const asked = keys.once(what, async (key) => {
    used = key;
    if (fault !== undefined) throw fault;
  });
  if (fault === undefined) await asked;
  else await expect(asked).rejects.toBe(fault);
  return used;
}

test("what was not answered goes under its key again, also after a refusal of another try", async () => {
  const keys = new Keys();
  const first = await ask(keys, "pay 5 10000", LOST);
  expect(await ask(keys, "pay 5 10000", WRONG_PASSWORD)).toBe(first);
  expect(await ask(keys, "pay 5 9000", LOST)).not.toBe(first);
  expect(await ask(keys, "pay 5 10000")).toBe(first);
});

test("once it is done, the same is a new payment", async () => {
  const keys = new Keys();
  const first = await ask(keys, "pay 5 10000");
  expect(await ask(keys, "pay 5 10000")).not.toBe(first);
});

test("that an earlier try was carried out otherwise is an answer to it", async () => {
  const keys = new Keys();
  const first = await ask(keys, "cash 5 10000", LOST);
  expect(await ask(keys, "cash 5 10000", REUSED)).toBe(first);
  expect(await ask(keys, "cash 5 10000")).not.toBe(first);
});

test("of more than a hundred without an answer the oldest is forgotten", async () => {
  const keys = new Keys();
  const [oldest, second] = [await ask(keys, "0", LOST), await ask(keys, "1", LOST)];
  for (let other = 2; other <= 100; other++) await ask(keys, String(other), LOST);
  expect(await ask(keys, "1")).toBe(second);
  expect(await ask(keys, "0")).not.toBe(oldest);
});
