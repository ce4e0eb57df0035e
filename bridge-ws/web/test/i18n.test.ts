import { describe, expect, test } from "vitest";
import { ApiError } from "../src/api/http";
import { clockText, dayNumber, dayText, recentText } from "../src/i18n/dates";
import { en } from "../src/i18n/en";
import { faultText, refusalText } from "../src/i18n/fault";
import { ko } from "../src/i18n/ko";
import { FAULTS } from "../src/i18n/strings";
import { ErrorCode } from "../src/protocol/errorCode";

/** Every text of a language by its path; functions are called with sample values. */
function texts(node: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") found.set(at, value);
    else if (typeof value === "function")
      found.set(at, String((value as (...args: unknown[]) => string)(...sample(at))));
    else for (const [below, text] of texts(value as object, at)) found.set(below, text);
  }
  return found;
}

function sample(path: string): unknown[] {
  if (path === "room.typing") return [["A", "B", "C"]];
  if (path === "message.said") return ["A", "B"];
  if (path === "dates.clock") return [15, 12];
  if (path.endsWith(".money")) return ["A", "B", 30_000];
  if (path === "dues.due" || path === "dues.next") return ["2026-12-05"];
  if (path === "dues.remindedMe") return ["A", "2026-12-05"];
  return ["3"];
}

describe("both languages", () => {
  test("say the same things", () => {
    expect([...texts(en).keys()].sort()).toEqual([...texts(ko).keys()].sort());
  });

  test("leave nothing empty", () => {
    for (const language of [ko, en]) {
      for (const [path, text] of texts(language)) expect(text.trim(), path).not.toBe("");
    }
  });

  test("keep to themselves: no Hangul in the English, Hangul in nearly all of the Korean", () => {
    for (const [path, text] of texts(en)) expect(text, path).not.toMatch(/\p{Script=Hangul}/u);
    const without = [...texts(ko)].filter(([, text]) => !/\p{Script=Hangul}/u.test(text)).map(([path]) => path);
    expect(without).toEqual(["message.said", "dates.locale"]);
  });

  test("have words for every fault that the server names", () => {
    for (const fault of FAULTS) expect(faultText(ko, new ApiError(400, fault, ""))).toBe(ko.fault[fault]);
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

  test("count days of the calendar", () => {
    const midnight = new Date(2026, 10, 23).getTime();
    expect(dayNumber(midnight) - dayNumber(midnight - 1)).toBe(1);
  });
});
