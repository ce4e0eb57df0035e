import { describe, expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { ko } from "../src/i18n/ko";
import { cardOf, chargeChangeOf, duesNow, isQuiet, reminderOf } from "../src/protocol/dues";
import { Kind, Role, type Message } from "../src/protocol/message";
import { People } from "../src/room/people";
import { eventText } from "../src/ui/room/summary";

function event(id: number, kind: Kind, said: object | string): Message {
  const text = typeof said === "string" ? said : JSON.stringify(said);
  return { id, prevId: id - 1, room: 1, sender: 0, device: 0, sequence: id, text, reference: 5, kind, role: Role.Member };
}

const paid = (id: number, user: number, open: number, paidBy: number): Message =>
  event(id, Kind.RequestChanged, { request: 5, what: "paid", user, charge: user, amount: 1, open, paidBy, askedOf: 3, collected: 1 });

describe("a request among the messages", () => {
  test("stands as its newest change says, and as the newest about oneself", () => {
    const { newest, mine } = duesNow([paid(1, 7, 400, 0), paid(2, 7, 0, 1), paid(3, 8, 0, 2)], 7);
    expect(newest.get(5)?.paidBy).toBe(2);
    expect(mine.get(5)).toMatchObject({ open: 0, paidBy: 1 });
  });

  test("is nothing where its text is damaged", () => {
    for (const text of ["", "{", "1", "null"]) {
      expect(cardOf(event(1, Kind.Request, text))).toBeNull();
      expect(chargeChangeOf(event(1, Kind.RequestChanged, text))).toBeNull();
      expect(reminderOf(event(1, Kind.RequestChanged, text))).toBeNull();
    }
    expect(cardOf(event(1, Kind.Talk, "{}"))).toBeNull();
  });

  test("says by itself that it was paid; that it was waived is said in the room", () => {
    expect(isQuiet(paid(1, 7, 0, 1))).toBe(true);
    expect(isQuiet(event(1, Kind.RequestChanged, { what: "waived", user: 7 }))).toBe(false);
    expect(isQuiet(event(1, Kind.RequestChanged, { what: "reminder", users: [7] }))).toBe(false);
  });
});

test("money that moved is told with whom, and without where its text is damaged", () => {
  const told = (said: object | string): string | null => eventText(ko, event(1, Kind.Money, said), new People().view);
  const [from, to] = [{ wallet: 1, name: "external" }, { wallet: 9, name: "회비" }];
  expect(told({ amount: 10_000, from, to })).toBe(ko.event.money(ko.dues.outside, "회비", 10_000));
  for (const damaged of ["", "{", "1", "null", "{}", { amount: 1, from: null, to }, { amount: 1, from }]) {
    expect(told(damaged)).toBe(ko.event.moneyMoved);
  }
});

test("amounts read as their language writes them", () => {
  expect(ko.dues.won(12_000)).toBe("12,000원");
  expect(en.dues.won(12_000)).toBe("₩12,000");
});
