import { expect, test } from "vitest";
import type { OwnCharge, Standing } from "../src/api/dues";
import { duesNow, type Card } from "../src/protocol/dues";
import { Kind, type Message } from "../src/protocol/message";
import { cardState } from "../src/ui/money/cardState";
import { message } from "./messages";

const ME = 7;
const CARD: Card = {
  ...{ request: 5, title: "12월 회비", due: "2026-12-31", graceDays: 0, lateFee: 0 },
  ...{ asked: 20_000, askedOf: 2, paidBy: 0, collected: 0, oddWon: 0 },
};

const changed = (id: number, what: string, open: number, rest: object = {}): Message => {
  const said = { what, user: ME, charge: 70, amount: 1, open, void: false, askedOf: 2, paidBy: 0, collected: 5_000 };
  return message(id, id - 1, { kind: Kind.RequestChanged, reference: 5, text: JSON.stringify({ ...said, ...rest }) });
};

function charge(open: number, standing: Standing): OwnCharge {
  const sums = { amount: 10_000, lateFee: 0, waived: 0, paid: 10_000 - open, open };
  const place = { room: 1, roomName: "산악회", title: CARD.title, due: CARD.due };
  return { id: 70, request: 5, user: ME, ...sums, standing, reason: "", ...place };
}

const state = (live: readonly Message[], own: OwnCharge[] | null, requests: { id: number; paidBy: number }[] = []) =>
  cardState(CARD, {
    now: duesNow(live, ME),
    look: own && { own, requests: requests.map((one) => ({ ...charge(0, "paid"), ...CARD, plan: 1, ...one })) },
  });

test("in a run of the past a request stands as the server says where what came after it is not loaded", () => {
  const past = state([message(900, 899)], [charge(0, "paid")], [{ id: 4, paidBy: 1 }, { id: 5, paidBy: 2 }]);
  expect(past).toMatchObject({ standing: "paid", open: 0, charge: 70, counts: { paidBy: 2 } });
});

test("a change that is loaded is newer than what the server was asked before it", () => {
  expect(state([changed(2, "paid", 5_000)], [charge(10_000, "open")])).toMatchObject({ standing: "open", open: 5_000 });
  expect(state([changed(2, "paid", 0)], [charge(10_000, "open")])).toMatchObject({ standing: "paid", open: 0 });
});

test("a charge that is waived is exempt at once, and paid where a part of it was paid, as the server says", () => {
  expect(state([changed(2, "waived", 0)], [charge(10_000, "open")]).standing).toBe("exempt");
  expect(state([changed(2, "waived", 0)], [charge(0, "paid")]).standing).toBe("paid");
  expect(state([changed(2, "waived", 0)], null).standing).toBe("exempt");
});

test("a charge that was taken back is void, whatever was known of it before", () => {
  expect(state([changed(2, "void", 0, { void: true })], [charge(0, "paid")]).standing).toBe("void");
});

test("nothing is said of the user's own where neither the room nor the server said it", () => {
  expect(state([], null)).toMatchObject({ standing: undefined, charge: 0, counts: { paidBy: 0 } });
});

test("the server is asked anew once the user is asked for something else, not with each payment of another", () => {
  const request = message(1, 0, { kind: Kind.Request, reference: 5, text: JSON.stringify(CARD) });
  const turn = (...live: Message[]): number => duesNow(live, ME).turn;
  expect(turn(request)).toBe(1);
  expect(turn(request, changed(2, "paid", 0, { user: 8 }))).toBe(1);
  expect(turn(request, changed(2, "waived", 0))).toBe(2);
});
