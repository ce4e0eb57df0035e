import { describe, expect, test } from "vitest";
import { outcomeOf } from "../src/session/outcome";

describe("a login by a provider that came back", () => {
  test("is told by the page's address", () => {
    expect(outcomeOf("?oauth=EmailTaken&provider=naver")).toBe("EmailTaken");
    expect(outcomeOf("?provider=naver")).toBeNull();
  });

  test("has failed where the address says what nobody knows", () => {
    expect(outcomeOf("?oauth=%3Cscript%3E")).toBe("Failed");
  });
});
