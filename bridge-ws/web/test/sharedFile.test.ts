import { expect, test } from "vitest";
import { sizeText } from "../src/i18n/sizes";
import { en } from "../src/i18n/en";
import { ko } from "../src/i18n/ko";
import { Kind } from "../src/protocol/message";
import { fileOf, isPicture, type SharedFile } from "../src/protocol/sharedFile";
import { message } from "./messages";

const shown = (text: string, kind = Kind.File): SharedFile | null => fileOf(message(1, 0, { kind, text }));

test("a message of kind File tells its file, fields of later versions aside", () => {
  const text = '{"fileId":"12","fileName":"총회.png","size":2048,"contentType":"image/png","width":3}';
  expect(shown(text)).toEqual({ id: "12", name: "총회.png", sizeBytes: 2048, contentType: "image/png" });
  expect(shown(text, Kind.Talk)).toBe(null);
});

test("a file whose id leads elsewhere is none", () => {
  for (const id of ['"../../user"', '"//evil.example/1"', '"1?x"', '""', "12", "null"]) {
    expect(shown(`{"fileId":${id},"fileName":"a","size":1,"contentType":"image/png"}`), id).toBe(null);
  }
  expect(shown("no JSON")).toBe(null);
  expect(shown("null")).toBe(null);
});

test("only what cannot run anything is a picture", () => {
  const pictures = ["image/png", "image/jpeg", "image/svg+xml", "text/html", "application/pdf"].map((contentType) =>
    isPicture({ id: "1", name: "a", sizeBytes: 1, contentType }),
  );
  expect(pictures).toEqual([true, true, false, false, false]);
});

test("a size is told as people read it", () => {
  expect(sizeText(en, 1.25 * 1024 * 1024)).toBe("1.3MB");
  expect(sizeText(en, 900)).toBe("900 bytes");
  expect(sizeText(en, 0)).toBe("0 bytes");
  expect(sizeText(ko, 5 * 1024 ** 3)).toContain("5GB");
});
