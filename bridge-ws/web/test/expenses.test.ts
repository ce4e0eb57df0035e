import { expect, test } from "vitest";
import { ko } from "../src/i18n/ko";
import { expenseOf, expenseTurn, isQuietExpense, rulesOf } from "../src/protocol/expenses";
import { Kind } from "../src/protocol/message";
import { People } from "../src/room/people";
import { eventText } from "../src/ui/room/summary";
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
  expect([expenseTurn(messages, 7), expenseTurn(messages, 8)]).toEqual([2, 0]);
});

test("a text that is no JSON is no card", () => {
  expect(expenseOf(event(1, Kind.Expense, 7, "soon"))).toBeNull();
  expect(rulesOf(event(1, Kind.ExpenseChanged, 0, "[1"))).toBeNull();
});

test("rules that come later are told with their day in Seoul, cash is said of an expense", () => {
  const said = (kind: Kind, text: object): string | null =>
    eventText(ko, event(1, kind, 0, JSON.stringify(text)), new People().view, 7);
  const rules = { what: "rules", quorum: 1, limit: 5000, waitDays: 7 };
  expect(said(Kind.ExpenseChanged, rules)).toBe("지출 규칙: 1명 동의, 5,000원까지 바로, 7일 동안");
  const fromMs = Date.UTC(2026, 11, 2, 15, 30);
  expect(said(Kind.ExpenseChanged, { ...rules, fromMs })).toMatch(/^지출 규칙 \(2026년 12월 3일부터\): 1명 동의,/);
  const card = { expense: 7, title: "저녁", amount: 12_000 };
  expect(said(Kind.Expense, card)).toBe("지출 요청: 저녁 12,000원");
  expect(said(Kind.Expense, { ...card, inCash: true })).toBe("지출 요청: 저녁 12,000원 (현금)");
});
