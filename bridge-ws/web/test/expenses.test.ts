import { expect, test } from "vitest";
import { expenseOf, expenseTurn, isQuietExpense, rulesOf } from "../src/protocol/expenses";
import { Kind } from "../src/protocol/message";
import { timelineOf } from "../src/ui/room/timeline";
import { message } from "./messages";

const CARD = '{"expense":7,"title":"저녁","amount":12000,"quorum":2,"state":"proposed"}';
const event = (id: number, kind: Kind, reference: number, text: string) =>
  message(id, id - 1, { kind, reference, text, device: 0 });

test("an expense is a card, its changes only change it, and new rules are a line of their own", () => {
  const messages = [
    event(1, Kind.Expense, 7, CARD),
    event(2, Kind.ExpenseChanged, 7, '{"expense":7,"what":"approved"}'),
    event(3, Kind.ExpenseChanged, 0, '{"what":"rules","quorum":3,"limit":0,"waitDays":7}'),
  ];
  const kinds = timelineOf(messages, 0, 1).map((item) => item.type);
  expect(kinds).toEqual(["day", "expense", "event"]);
  expect(messages.map(isQuietExpense)).toEqual([false, true, false]);
  expect(rulesOf(messages[2]!)?.quorum).toBe(3);
  expect([expenseTurn(messages, 7), expenseTurn(messages, 8), expenseTurn(messages)]).toEqual([2, 0, 3]);
});

test("a text that is no JSON is no card", () => {
  expect(expenseOf(event(1, Kind.Expense, 7, "soon"))).toBeNull();
  expect(rulesOf(event(1, Kind.ExpenseChanged, 0, "[1"))).toBeNull();
});
