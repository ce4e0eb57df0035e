import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AuditLine } from "../src/api/audit";
import { ACTIONS } from "../src/i18n/audit/strings";
import { en } from "../src/i18n/en";
import { ko } from "../src/i18n/ko";
import { actionText, amountText, detailText, originText } from "../src/ui/money/auditText";
import { withNewest, withOlder } from "../src/ui/money/useAudit";

const LINE: AuditLine = {
  id: 1,
  atMs: 0,
  actor: 3,
  actorName: "민지",
  via: "rest",
  address: "203.0.113.0/24",
  action: "duesPaid",
  room: 7,
  amount: 10_000,
  detail: "민지 → 회비",
};
const says = (some: Partial<AuditLine>): AuditLine => ({ ...LINE, ...some });
/** Lines from `newest` down to `oldest`. */
const down = (newest: number, oldest: number): AuditLine[] =>
  Array.from({ length: newest - oldest + 1 }, (_, index) => says({ id: newest - index }));
const ids = (lines: readonly AuditLine[]): number[] => lines.map(({ id }) => id);

describe("a line in words", () => {
  test("has words for every action that the server writes", () => {
    const table = readFileSync(new URL("../../../persistence/src/audit/action.rs", import.meta.url), "utf8");
    const names = [...table.matchAll(/^ +\w+ = \d+ "(\w+)",$/gm)].map(([, name]) => name);
    expect(names).toEqual([...ACTIONS]);
  });

  test("says what was done and from where", () => {
    expect([actionText(ko, LINE), originText(ko, LINE)]).toEqual(["회비 납부", "웹 · 203.0.113.0/24"]);
    expect([actionText(en, LINE), originText(en, says({ via: "bank", address: "" }))]).toEqual(["Dues paid", "bank"]);
    expect([amountText(ko, LINE), amountText(en, LINE)]).toEqual(["10,000원", "₩10,000"]);
    expect(amountText(ko, says({ amount: 0 }))).toBe("");
  });

  test("shows the name of what it has no words for", () => {
    for (const name of ["duesForgiven", "constructor"]) {
      expect(actionText(ko, says({ action: name }))).toBe(name);
      expect(originText(ko, says({ via: name, address: "" }))).toBe(name);
    }
  });

  test("says that money came from outside, or went there", () => {
    const said = (detail: string): string => detailText(ko, says({ action: "deposited", detail }));
    expect([said("external → 박하나"), said("회비 → external"), said("external")]).toEqual([
      "외부 → 박하나",
      "회비 → 외부",
      "external",
    ]);
    expect(detailText(ko, says({ action: "planOpened", detail: "A → external" }))).toBe("A → external");
  });

  test("says an office and rules in the reader's language, and a detail of another shape as it is", () => {
    expect(detailText(ko, says({ action: "officeChanged", detail: "김: 총무: auditor" }))).toBe("김: 총무 · 감사");
    expect(detailText(en, says({ action: "officeChanged", detail: "Kim: none" }))).toBe(`Kim · ${en.people.noOffice}`);
    const rules = says({ action: "spendingRulesChanged", detail: "2 / 5000 KRW / 7", amount: 5_000 });
    expect([detailText(ko, rules), amountText(ko, rules)]).toEqual([
      "2명이 동의하면 지출돼요. 7일 동안 기다려요. 그동안 모두 합쳐 5,000원까지는 바로 지출돼요.",
      "",
    ]);
    for (const action of ["officeChanged", "spendingRulesChanged", "duesPaid"]) {
      expect(detailText(ko, says({ action, detail: "x" }))).toBe("x");
    }
  });
});

describe("pages of lines", () => {
  test("go on where the ones before ended, and a page that is not full is the last", () => {
    const first = withNewest(null, down(120, 71));
    expect(first.complete).toBe(false);
    const second = withOlder(first, down(70, 21));
    const all = withOlder(second, down(20, 1));
    expect(ids(all.lines)).toEqual(ids(down(120, 1)));
    expect([second.complete, all.complete]).toEqual([false, true]);
  });

  test("come once each where new lines came meanwhile", () => {
    const known = { lines: down(120, 1), complete: true };
    expect(withNewest(known, down(123, 74))).toEqual({ lines: down(123, 1), complete: true });
  });

  test("begin anew where more lines came than a page holds, so that none is passed over", () => {
    const known = { lines: down(120, 1), complete: true };
    expect(withNewest(known, down(220, 171))).toEqual({ lines: down(220, 171), complete: false });
  });
});
