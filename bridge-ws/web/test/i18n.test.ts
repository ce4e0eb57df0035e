import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { renamed } from "../src/api/dues";
import { ApiError } from "../src/api/http";
import { calendarDayText, clockText, dayNumber, dayText, recentText } from "../src/i18n/dates";
import { en } from "../src/i18n/en";
import { faultText, refusalText } from "../src/i18n/fault";
import { ko } from "../src/i18n/ko";
import { FAULTS } from "../src/i18n/strings";
import { ErrorCode } from "../src/protocol/errorCode";

/** Names that the page's own requests do not meet, or whose status says as much; `Error` is no name. */
const BY_STATUS = [
  ...["BadRequest", "Unauthorized", "Forbidden", "InternalError", "Error"],
  ...["NoSuchRoute", "MethodNotAllowed", "BodyTooLarge", "RequestTimeout", "RequestRefused"],
  // The bank's notices, and the original's wallets of groups and reservations.
  ...["ContradictsEarlierNotice", "NoSuchDeposit", "DepositSettled", "InvalidKey"],
  ...["NotAParticipant", "NotItsAdmin", "AlreadyAParticipant", "NoSuchTransfer", "TransferForAPurpose"],
];

/** Every text of a language by its path; functions are called with sample values. */
function texts(node: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") found.set(at, value);
    else if (typeof value === "function") found.set(at, called(at, value as (...args: unknown[]) => string));
    else for (const [below, text] of texts(value as object, at)) found.set(below, text);
  }
  return found;
}

function called(path: string, text: (...args: unknown[]) => string): string {
  const values = sample(path, text.length);
  expect(values.length, path).toBe(text.length);
  return String(text(...values));
}

function sample(path: string, count: number): unknown[] {
  if (path === "room.typing") return [["A", "B", "C"]];
  if (path === "message.said") return ["A", "B"];
  if (path === "dates.clock") return [15, 12];
  if (path.endsWith(".money")) return ["A", "B", 30_000];
  if (path === "dues.due" || path === "dues.next" || path === "expenses.until") return ["2026-12-05"];
  if (path === "dues.remindedMe") return ["A", "2026-12-05"];
  return new Array<string>(count).fill("3");
}

describe("both languages", () => {
  test("say the same things", () => {
    expect([...texts(en).keys()].sort()).toEqual([...texts(ko).keys()].sort());
  });

  test("leave nothing empty, and nothing out", () => {
    for (const language of [ko, en]) {
      for (const [path, text] of texts(language)) {
        expect(text.trim(), path).not.toBe("");
        expect(text, path).not.toMatch(/undefined|NaN|Invalid Date/);
      }
    }
  });

  test("keep to themselves: no Hangul in the English, Hangul in nearly all of the Korean", () => {
    for (const [path, text] of texts(en)) expect(text, path).not.toMatch(/\p{Script=Hangul}/u);
    const without = [...texts(ko)].filter(([, text]) => !/\p{Script=Hangul}/u.test(text)).map(([path]) => path);
    expect(without).toEqual(["message.said", "dates.locale"]);
  });

  test("have words for every fault that the server names", () => {
    const table = readFileSync(new URL("../../src/problem.rs", import.meta.url), "utf8");
    const names = new Set([...table.matchAll(/"([A-Z][A-Za-z]+)"/g)].map(([, name = ""]) => name));
    expect(names.size).toBeGreaterThan(60);
    const without = [...names].filter((name) => !FAULTS.some((fault) => fault === name));
    expect(without.sort()).toEqual([...BY_STATUS].sort());
    for (const fault of FAULTS) {
      for (const status of [400, 503]) expect(faultText(ko, new ApiError(status, fault, ""))).toBe(ko.fault[fault]);
    }
  });

  test("tell a wallet's password from a room's", async () => {
    const refused = Promise.reject(new ApiError(400, "WrongPassword", ""));
    const fault: unknown = await refused.catch(renamed({ WrongPassword: "WrongWalletPassword" })).catch((it: unknown) => it);
    expect(faultText(ko, fault)).toBe("지갑 비밀번호가 맞지 않아요.");
    expect(faultText(ko, new ApiError(400, "WrongPassword", ""))).toBe("방 비밀번호가 맞지 않아요.");
    const other = new ApiError(503, "Busy", "");
    expect(() => renamed({ WrongPassword: "WrongWalletPassword" })(other)).toThrow(expect.objectContaining({ fault: "Busy" }));
  });
});

describe("faults without a name of their own", () => {
  test("are told by their status", () => {
    expect(faultText(ko, new ApiError(0, "", ""))).toBe(ko.fault.NoAnswer);
    expect(faultText(ko, new ApiError(502, "", ""))).toBe(ko.fault.NoAnswer);
    expect(faultText(ko, new ApiError(429, "", ""))).toBe(ko.fault.TooManyAttempts);
    expect(faultText(ko, new ApiError(400, "BadRequest", ""))).toBe(ko.fault.InvalidField);
    expect(faultText(ko, new TypeError())).toBe(ko.fault.Unexpected);
  });

  test("of a message are told by their code", () => {
    expect(refusalText(ko, { code: "busy", message: "", uncertain: false })).toBe(ko.fault.Busy);
    expect(refusalText(ko, { code: ErrorCode.StorageFull, message: "", uncertain: false })).toBe(ko.fault.StorageFull);
    expect(refusalText(ko, { code: 999, message: "", uncertain: false })).toBe(ko.fault.Unexpected);
  });
});

describe("dates", () => {
  const noon = new Date(2026, 10, 22, 15, 12).getTime();
  const day = 86_400_000;

  test("read as Koreans and as Americans write them", () => {
    expect(clockText(ko, noon)).toBe("오후 3:12");
    expect(clockText(en, noon)).toBe("3:12 PM");
    expect(dayText(ko, noon, noon)).toBe("11월 22일 일요일");
    expect(dayText(ko, noon, noon + 365 * day)).toBe("2026년 11월 22일 일요일");
  });

  test("of a list are short", () => {
    expect(recentText(ko, noon, noon + 60_000)).toBe("오후 3:12");
    expect(recentText(ko, noon, noon + day)).toBe("어제");
    expect(recentText(ko, noon, noon + 3 * day)).toBe("11월 22일");
  });

  test("of the calendar have their year where it is not the present one in Seoul", () => {
    const newYear = Date.UTC(2026, 11, 31, 16);
    const both = (date: string, nowMs: number): string[] => [
      calendarDayText("ko-KR", date, "long", nowMs),
      calendarDayText("en", date, "short", nowMs),
    ];
    expect(both("2026-12-05", newYear - 7_200_000)).toEqual(["12월 5일", "Dec 5"]);
    expect(both("2026-12-05", newYear)).toEqual(["2026년 12월 5일", "Dec 5, 2026"]);
    expect([ko.dues.due("2031-12-05"), ko.expenses.until("2031-12-05")]).toEqual([
      "2031년 12월 5일까지",
      "2031년 12월 5일까지",
    ]);
    expect(both("soon", newYear)).toEqual(["soon", "soon"]);
  });

  test("count days of the calendar", () => {
    const midnight = new Date(2026, 10, 23).getTime();
    expect(dayNumber(midnight) - dayNumber(midnight - 1)).toBe(1);
  });
});
