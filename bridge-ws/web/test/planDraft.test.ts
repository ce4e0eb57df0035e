import { expect, test, vi } from "vitest";
import type { Plan, Terms } from "../src/api/dues";
import { draftOf, termsOf } from "../src/ui/money/planDraft";

const MONTHLY: Terms = {
  title: "회비",
  amountKind: "equal",
  amount: 10_000,
  tiers: [],
  members: [{ user: 4, amount: null, tier: null, exempt: "휴학" }],
  firstDue: "2027-01-31",
  repeat: "monthly",
  weeks: 0,
  askDays: 7,
  graceDays: 3,
  lateFee: 500,
};
const plan = (terms: Terms, nextDue: string): Plan => ({ id: 1, terms, nextDue });

test("a plan whose title alone is edited sends its next day and its rhythm, by which the server keeps the 31st", () => {
  const draft = { ...draftOf(plan(MONTHLY, "2027-02-28")), title: " 정기 회비 " };
  expect(termsOf(draft)).toEqual({ ...MONTHLY, title: "정기 회비", firstDue: "2027-02-28" });
});

test("a plan comes through the dialog as it was, of every kind", () => {
  const tiers = [
    { name: "일반", amount: 20_000 },
    { name: "학생", amount: 5_000 },
  ];
  for (const terms of [
    { ...MONTHLY, repeat: "weekly", weeks: 3 },
    { ...MONTHLY, repeat: "once", amountKind: "shared" },
    { ...MONTHLY, amountKind: "own", members: [{ user: 4, amount: 3_000, tier: null, exempt: null }] },
    { ...MONTHLY, amountKind: "tiers", amount: 0, tiers, members: [{ user: 4, amount: null, tier: 1, exempt: null }] },
  ] satisfies Terms[]) {
    expect(termsOf(draftOf(plan(terms, terms.firstDue)))).toEqual(terms);
  }
});

test("a new plan's first day lies a week ahead by Seoul's calendar, and weeks are offered for what had none", () => {
  vi.useFakeTimers({ now: new Date("2026-11-25T15:30:00Z") });
  try {
    expect(draftOf(null)).toMatchObject({ firstDue: "2026-12-03", weeks: "2" });
    expect(draftOf(plan(MONTHLY, MONTHLY.firstDue)).weeks).toBe("2");
  } finally {
    vi.useRealTimers();
  }
});
