import { dayNumber } from "../../i18n/dates";
import { cardOf, type Card } from "../../protocol/dues";
import { expenseOf, type ExpenseSaid } from "../../protocol/expenses";
import { isTalk, type Message } from "../../protocol/message";
import { unixMsOf } from "../../protocol/messageId";
import { hasLine } from "./hasLine";

/** What stands in a room from top to bottom. */
export type TimelineItem =
  | { readonly type: "day"; readonly key: string; readonly atMs: number }
  | { readonly type: "unread"; readonly key: string }
  | { readonly type: "card"; readonly key: string; readonly message: Message; readonly card: Card }
  | { readonly type: "expense"; readonly key: string; readonly message: Message; readonly said: ExpenseSaid }
  | { readonly type: "event"; readonly key: string; readonly message: Message }
  | {
      readonly type: "message";
      readonly key: string;
      readonly message: Message;
      /** First of a run by one sender: carries the name. */
      readonly first: boolean;
      /** Last of a minute of that run: carries the time. */
      readonly last: boolean;
    };

/** A run of one sender's messages is broken by a pause of this long. */
const RUN_PAUSE_MS = 5 * 60_000;

/**
 * Lays out messages: a heading for each day, a line after what was read when the room was entered (`readMark`; 0: no
 * line), and runs of one sender's messages held together.
 */
export function timelineOf(messages: readonly Message[], readMark: number, me: number): TimelineItem[] {
  const items: TimelineItem[] = [];
  const shown = messages.filter(hasLine);
  let lineDrawn = readMark === 0;
  shown.forEach((message, index) => {
    const before = shown[index - 1];
    const after = shown[index + 1];
    const atMs = unixMsOf(message.id);
    if (before === undefined || dayNumber(unixMsOf(before.id)) !== dayNumber(atMs)) {
      items.push({ type: "day", key: `day-${dayNumber(atMs)}`, atMs });
    }
    const drawsLine = !lineDrawn && message.id > readMark && message.sender !== me;
    if (drawsLine) {
      lineDrawn = true;
      // With nothing read before it in sight, the line would only repeat the top of the list.
      if (before !== undefined) items.push({ type: "unread", key: "unread" });
    }
    items.push(itemOf(message, before, after, drawsLine));
  });
  return items;
}

function itemOf(
  message: Message,
  before: Message | undefined,
  after: Message | undefined,
  afterLine: boolean,
): TimelineItem {
  const card = cardOf(message);
  if (card !== null) return { type: "card", key: keyOf(message), message, card };
  const said = expenseOf(message);
  if (said !== null) return { type: "expense", key: keyOf(message), message, said };
  if (!isTalk(message)) return { type: "event", key: keyOf(message), message };
  const joinsBefore = before !== undefined && isOneRun(before, message) && !afterLine;
  const joinsAfter = after !== undefined && isOneRun(message, after) && minuteOf(message) === minuteOf(after);
  return { type: "message", key: keyOf(message), message, first: !joinsBefore, last: !joinsAfter };
}

/** Sequences count per sender and device, so together with the id no two messages share a key. */
export function keyOf(message: { device: number; sequence: number; id: number }): string {
  return message.device === 0 ? `event-${message.id}` : `${message.device}-${message.sequence}-${message.id}`;
}

function isOneRun(one: Message, next: Message): boolean {
  if (!isTalk(one) || !isTalk(next) || one.sender !== next.sender) return false;
  const pause = unixMsOf(next.id) - unixMsOf(one.id);
  return pause < RUN_PAUSE_MS && dayNumber(unixMsOf(one.id)) === dayNumber(unixMsOf(next.id));
}

function minuteOf(message: Message): number {
  return Math.floor(unixMsOf(message.id) / 60_000);
}
