import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { ko } from "../src/i18n/ko";
import { cardOf, chargeChangeOf, duesNow, isQuiet, reminderOf } from "../src/protocol/dues";
import { Kind, Role, type Message } from "../src/protocol/message";
import { People } from "../src/room/people";
import { newestToSay } from "../src/ui/room/hasLine";
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

  test("counts cash that nobody confirmed for nothing of one's own", () => {
    const cash = event(4, Kind.RequestChanged, { what: "cashDenied", user: 7, open: 0, paidBy: 2 });
    const waived = event(3, Kind.RequestChanged, { what: "waived", user: 7, open: 0, paidBy: 1 });
    const { turn, newest, mine } = duesNow([waived, cash], 7);
    expect([turn, newest.get(5)?.paidBy, mine.get(5)?.what]).toEqual([3, 2, "waived"]);
  });

  test("is void where that is said alone", () => {
    const change = (said: object) => chargeChangeOf(event(1, Kind.RequestChanged, { what: "paid", user: 7, ...said }));
    expect([change({})?.void, change({ void: true })?.void]).toEqual([false, true]);
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
    for (const what of ["cashRecorded", "cashDenied"]) {
      expect(isQuiet(event(1, Kind.RequestChanged, { what, user: 7 })), what).toBe(true);
    }
    for (const what of ["waived", "reopened"]) {
      expect(isQuiet(event(1, Kind.RequestChanged, { what, user: 7 })), what).toBe(false);
    }
    expect(isQuiet(event(1, Kind.RequestChanged, { what: "reminder", users: [7] }))).toBe(false);
  });
});

test("money that moved is told with whom, and without where its text is damaged", () => {
  const told = (said: object | string): string | null => eventText(ko, event(1, Kind.Money, said), new People().view, 7);
  const [from, to] = [{ wallet: 1, name: "external" }, { wallet: 9, name: "회비" }];
  expect(told({ amount: 10_000, from, to })).toBe(ko.event.money(ko.dues.outside, "회비", 10_000));
  for (const damaged of ["", "{", "1", "null", "{}", { amount: 1, from: null, to }, { amount: 1, from }]) {
    expect(told(damaged)).toBe(ko.event.moneyMoved);
  }
});

test("money is read out, and not the changes of cards that come with it", () => {
  const money = event(1, Kind.Money, { amount: 1 });
  const voted = event(3, Kind.ExpenseChanged, { expense: 1, what: "approved", approvals: 1, quorum: 2 });
  expect(newestToSay([money, paid(2, 7, 0, 1), voted])).toBe(money);
  const deleted = event(4, Kind.Delete, "");
  expect(newestToSay([money, deleted, paid(5, 7, 0, 1)])).toBe(deleted);
  expect(newestToSay([paid(2, 7, 0, 1)])).toBeUndefined();
});

test("who is reminded is told so, in the room and in the list, and the others how many were", () => {
  const reminder = event(1, Kind.RequestChanged, { what: "reminder", title: "회비", due: "2026-12-05", users: [7, 8] });
  const told = (me: number): string | null => eventText(ko, reminder, new People().view, me);
  expect(told(7)).toBe(ko.dues.remindedMe("회비", "2026-12-05"));
  expect(told(9)).toBe(ko.dues.reminded("회비", 2));
});

test("has words for everything that becomes of a charge", () => {
  const read = (file: string): string => readFileSync(new URL(`../../../persistence/src/dues/${file}`, import.meta.url), "utf8");
  const names = [...read("entry.rs").matchAll(/=> "(\w+)",/g), ...read("told.rs").matchAll(/CashChange::\w+ => "(\w+)",/g)];
  // Of credit that is given back a room hears by the money alone.
  const told = names.map(([, name = ""]) => name).filter((name) => !name.startsWith("creditReturned"));
  expect(told).toHaveLength(11);
  for (const what of told) expect(ko.dues.changed("", what, ""), what).not.toMatch(/[a-z]/i);
  for (const what of told.filter((name) => /[A-Z]/.test(name))) {
    expect(en.dues.changed("", what, ""), what).not.toContain(what);
  }
});

test("amounts read as their language writes them", () => {
  expect(ko.dues.won(12_000)).toBe("12,000원");
  expect(en.dues.won(12_000)).toBe("₩12,000");
});
