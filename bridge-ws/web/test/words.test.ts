import { expect, test } from "vitest";
import { idAt, unixMsOf } from "../src/protocol/messageId";
import { matchesName } from "../src/ui/dialogs/matchesName";
import { isEmail, isName, isPassword, lengthOf } from "../src/ui/entry/checks";

test("a room is found by a part of its name, by initial consonants, in any case and without its spaces", () => {
  for (const typed of ["등산", "토요등", "ㅌㅇㄷㅅㅎ", "ㄷㅅ", ""])
    expect(matchesName("토요 등산회", typed), typed).toBe(true);
  expect(matchesName("English Book Club", "BOOK c")).toBe(true);
  expect(matchesName("토요 등산회", "ㅅㄷ")).toBe(false);
});

test("lengths count characters as the server does: composed, and trimmed", () => {
  expect(lengthOf(" 각 ".normalize("NFD"))).toBe(1);
  expect(lengthOf("👍🏽")).toBe(2);
});

test("the bounds are the server's", () => {
  expect([isName(""), isName("  "), isName("가".repeat(40)), isName("가".repeat(41))]).toEqual([
    false,
    false,
    true,
    false,
  ]);
  expect([isPassword("1234567"), isPassword("12345678"), isPassword("가나다"), isPassword("가".repeat(25))]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect([isEmail("a@b"), isEmail("a b@c"), isEmail("a@")]).toEqual([true, false, false]);
});

test("an id of the year 2094 keeps its instant", () => {
  const last = 2 ** 53 - 1;
  expect(idAt(unixMsOf(last))).toBeLessThanOrEqual(last);
  expect(unixMsOf(idAt(1_795_426_200_000) + 4_095)).toBe(1_795_426_200_000);
});
