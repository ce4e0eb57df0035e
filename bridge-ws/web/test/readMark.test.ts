import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OwnReadMark } from "../src/room/readMark";

let sent: number[];
let mark: OwnReadMark;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  mark = new OwnReadMark((upTo) => sent.push(upTo));
});

afterEach(() => {
  mark.stop();
  vi.useRealTimers();
});

test("the first and the last of a quick row are told, not those between", () => {
  for (let id = 1; id <= 50; id++) mark.read(id);
  expect(sent).toEqual([1]);
  vi.runAllTimers();
  expect(sent).toEqual([1, 50]);
});

test("what was read already is not told again", () => {
  mark.read(5);
  vi.runAllTimers();
  expect(mark.read(5)).toBe(false);
  expect(mark.read(4)).toBe(false);
  expect(sent).toEqual([5]);
});

test("a server that knows less is told again, one that knows more is believed", () => {
  mark.read(5);
  mark.confirmed(3);
  expect(sent).toEqual([5, 5]);
  mark.confirmed(9);
  expect(mark.upTo).toBe(9);
  expect(sent).toEqual([5, 5]);
});

test("one's own message is read without telling", () => {
  mark.wrote(7);
  vi.runAllTimers();
  expect(mark.upTo).toBe(7);
  expect(sent).toEqual([]);
});
