import { expect, test } from "vitest";
import { excerptOf } from "../src/ui/search/excerpt";

const shown = (text: string, ...highlights: [number, number][]): string =>
  excerptOf({ text, highlights })
    .map((piece) => (piece.found ? `[${piece.text}]` : piece.text))
    .join("");

test("a short message is shown whole, with all that was found in it", () => {
  expect(shown("이번 달 회비는 5일, 다음 달 회비는 3일", [5, 7], [18, 20])).toBe(
    "이번 달 [회비]는 5일, 다음 달 [회비]는 3일",
  );
  expect(shown("회비", [0, 2])).toBe("[회비]");
  expect(shown("찾은 것이 없어도")).toBe("찾은 것이 없어도");
});

test("of a long one the part around the first thing found is shown, from the beginning of a word", () => {
  const text = `${"앞말 ".repeat(60)}회비 ${"뒷말 ".repeat(60)}`;
  const at = text.indexOf("회비");
  const excerpt = shown(text, [at, at + 2]);
  expect(excerpt).toMatch(/^…앞말 /);
  expect(excerpt).toContain("앞말 [회비] 뒷말");
  expect(excerpt.endsWith("…")).toBe(true);
  expect(excerpt.length).toBeLessThan(170);
});

test("no character is cut in two, and line breaks read as spaces", () => {
  const text = `${"🙂".repeat(60)}회비\n내세요`;
  const at = text.indexOf("회비");
  expect(shown(text, [at, at + 2])).toMatch(/^…(🙂)+\[회비\] 내세요$/u);
  expect(shown("🙂".repeat(200))).toMatch(/^(🙂)+…$/u);
});
