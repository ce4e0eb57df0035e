import { describe, expect, test } from "vitest";
import { idAt } from "../src/protocol/messageId";
import { Kind, type Message } from "../src/protocol/message";
import { timelineOf, type TimelineItem } from "../src/ui/room/timeline";
import { message } from "./messages";

const NOON = new Date(2026, 10, 22, 12).getTime();
const MINUTE = 60_000;
const ME = 1;

function said(minutes: number, sender: number, rest: Partial<Message> = {}): Message {
  return message(idAt(NOON + minutes * MINUTE), 0, { sender, ...rest });
}

/** Each item in a word: a message as `sender`, with `^` as the first of its run and `$` as the last of its minute. */
function shape(items: readonly TimelineItem[]): string[] {
  return items.map((item) =>
    item.type === "message" ? `${item.first ? "^" : ""}${item.message.sender}${item.last ? "$" : ""}` : item.type,
  );
}

describe("the timeline", () => {
  test("begins each day with its heading", () => {
    const items = timelineOf([said(0, 2), said(24 * 60, 2)], 0, ME);
    expect(shape(items)).toEqual(["day", "^2$", "day", "^2$"]);
  });

  test("holds one sender's messages together until he pauses or another speaks", () => {
    const items = timelineOf([said(0, 2), said(0.1, 2), said(1, 2), said(2, 3), said(3, 2), said(9, 2)], 0, ME);
    expect(shape(items)).toEqual(["day", "^2", "2$", "2$", "^3$", "^2$", "^2$"]);
  });

  test("draws one line after what was read, before the first message of somebody else", () => {
    const talk = [said(0, 2), said(1, ME), said(2, 3), said(3, 2)];
    expect(shape(timelineOf(talk, talk[0]?.id ?? 0, ME))).toEqual(["day", "^2$", "^1$", "unread", "^3$", "^2$"]);
    expect(shape(timelineOf(talk, talk[3]?.id ?? 0, ME))).not.toContain("unread");
    expect(shape(timelineOf(talk, 0, ME))).not.toContain("unread");
  });

  test("breaks a run at that line", () => {
    const talk = [said(0, 2), said(0.1, 2)];
    expect(shape(timelineOf(talk, talk[0]?.id ?? 0, ME))).toEqual(["day", "^2", "unread", "^2$"]);
  });

  test("shows events apart and withdrawals not at all", () => {
    const talk = [
      said(0, 2),
      said(0.1, 2, { kind: Kind.MemberJoined, device: 0 }),
      said(0.2, 2, { kind: Kind.Delete }),
      said(0.3, 2),
    ];
    expect(shape(timelineOf(talk, 0, ME))).toEqual(["day", "^2$", "event", "^2$"]);
  });
});

test("what is left of a deleted message keeps its place, and the deletion itself takes none", () => {
  const said = message(4, 3);
  const remains = message(5, 4, { kind: Kind.Delete, reference: 5, text: "" });
  const deletion = message(6, 5, { kind: Kind.Delete, reference: 4, text: "" });
  const keys = timelineOf([said, remains, deletion], 0, 1).flatMap((item) =>
    "message" in item ? [item.message.id] : [],
  );
  expect(keys).toEqual([4, 5]);
});
