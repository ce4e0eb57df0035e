import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { KeyboardEvent, ReactNode, RefObject } from "react";
import { useStrings } from "../../i18n/language";
import type { Strings } from "../../i18n/strings";
import { expenseTurn } from "../../protocol/expenses";
import { Kind, Role, type Message } from "../../protocol/message";
import type { Room } from "../../room/room";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { usePageActive } from "../usePageActive";
import { ExpenseCard } from "../money/ExpenseCard";
import { RequestCard } from "../money/RequestCard";
import { useCards, type Cards } from "../money/useCards";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { MessageItem, type MessageWays } from "./MessageItem";
import { DayLine, EventLine, RoomStart, UnreadLine } from "./lines";
import { OutgoingItem } from "./OutgoingItem";
import { nameOf, spokenText } from "./summary";
import { UploadItem } from "./UploadItem";
import { timelineOf, type TimelineItem } from "./timeline";
import { useTalkScroll } from "./useTalkScroll";
import "./messageList.css";

/** The talk of a room, oldest on top. */
export function MessageList({
  room,
  model,
  enteredAt,
  ways,
}: {
  room: RoomState;
  model: Room;
  enteredAt: number;
  ways: MessageWays;
}): ReactNode {
  const strings = useStrings();
  const { me } = useSession();
  const viewport = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const wantOlder = useCallback(() => {
    if (model.state.older === "idle" && model.state.messages.length > 0) model.loadOlder();
  }, [model]);
  const wantNewer = useCallback(() => {
    if (model.state.newer === "idle") model.loadNewer();
  }, [model]);
  const { atEnd, toEnd, showFirst } = useTalkScroll(viewport, content, { wantOlder, wantNewer, isPast: room.past });
  const toNewest = useCallback(() => {
    model.toPresent();
    toEnd();
  }, [model, toEnd]);
  const items = useMemo(() => timelineOf(room.messages, enteredAt, me.id), [room.messages, enteredAt, me.id]);
  const cards = useCards(room, me.id);
  const newsBelow = useNewsBelow(room, atEnd);

  useFirstSight(content, room, enteredAt, showFirst);
  useReading(room, model, atEnd);
  useOwnWords(room, toNewest);
  useTarget(content, room, showFirst);
  useQuoted(room, model);

  return (
    <div className="talk">
      <div
        className="talk-view scroll"
        ref={viewport}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={strings.room.messages}
        onKeyDown={walk}
      >
        <div className="talk-content" ref={content}>
          <Beginning room={room} retry={() => model.loadOlder()} />
          {items.map((item) => (
            <Item key={item.key} item={item} room={room} me={me.id} cards={cards} ways={ways} />
          ))}
          {room.past && <Continuation room={room} retry={() => model.loadNewer()} />}
          {!room.past &&
            room.outgoing.map((entry) => (
              <OutgoingItem key={`out-${entry.key}`} entry={entry} model={model} current={room.current} />
            ))}
          {!room.past && room.uploads.map((upload) => <UploadItem key={upload.key} upload={upload} model={model} />)}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className={newsBelow > 0 ? "to-newest has-news" : "to-newest"} onClick={toNewest}>
          {newsBelow > 0 ? (
            strings.room.newMessages(newsBelow)
          ) : room.past ? (
            strings.room.toPresent
          ) : (
            <span className="hidden-text">{strings.room.toNewest}</span>
          )}
          <Icon name="down" size={18} />
        </button>
      )}
    </div>
  );
}

function Beginning({ room, retry }: { room: RoomState; retry: () => void }): ReactNode {
  const strings = useStrings();
  if (room.atStart) return <RoomStart room={room} />;
  if (room.older === "failed") {
    return (
      <p className="talk-top" role="alert">
        {strings.room.olderFailed}{" "}
        <Button look="link" onClick={retry}>
          {strings.retry}
        </Button>
      </p>
    );
  }
  return <p className="talk-top">{room.older === "loading" ? strings.room.loadingOlder : ""}</p>;
}

/** Below a run of the past. */
function Continuation({ room, retry }: { room: RoomState; retry: () => void }): ReactNode {
  const strings = useStrings();
  if (room.newer !== "failed") return <p className="talk-top">{strings.room.loadingNewer}</p>;
  return (
    <p className="talk-top" role="alert">
      {strings.room.olderFailed}{" "}
      <Button look="link" onClick={retry}>
        {strings.retry}
      </Button>
    </p>
  );
}

function Item({
  item,
  room,
  me,
  cards,
  ways,
}: {
  item: TimelineItem;
  room: RoomState;
  me: number;
  cards: Cards;
  ways: MessageWays;
}): ReactNode {
  const strings = useStrings();
  if (item.type === "day") return <DayLine atMs={item.atMs} />;
  if (item.type === "unread") return <UnreadLine />;
  if (item.type === "card") return <RequestCard room={room.id} card={item.card} cards={cards} />;
  if (item.type === "expense") {
    const turn = expenseTurn(room.live, item.said.expense);
    return <ExpenseCard room={room.id} people={room.people} said={item.said} turn={turn} />;
  }
  if (item.type === "event") return <EventLine message={item.message} people={room.people} />;
  const { message, first, last } = item;
  const mine = message.sender === me;
  const quotes = message.kind === Kind.Reply;
  const quoted = quotes ? quotedIn(room, message.reference) : undefined;
  return (
    <MessageItem
      message={message}
      first={first}
      last={last}
      mine={mine}
      name={nameOf(strings, room.people, message.sender)}
      unread={room.people.loaded ? room.people.unreadOf(message) : 0}
      withdrawn={room.withdrawn.has(message.id)}
      removable={mine || room.role === Role.Admin}
      quoteName={quotes ? (quoted === undefined ? "" : nameOf(strings, room.people, quoted.sender)) : null}
      quoteText={quotes ? quoteText(strings, room, quoted) : null}
      ways={ways}
    />
  );
}

/** The message that a reply quotes, where it is loaded. */
function quotedIn(room: RoomState, id: number): Message | undefined {
  return room.messages.find((message) => message.id === id) ?? room.quotes.get(id);
}

/** Empty where it is not loaded. */
function quoteText(strings: Strings, room: RoomState, quoted: Message | undefined): string {
  if (quoted === undefined) return "";
  return room.withdrawn.has(quoted.id) ? strings.message.withdrawn : spokenText(strings, quoted);
}

/** A first page of at least this many messages was loaded for sure, and not just what came live. */
const FIRST_PAGE = 50;

/** On entering, shows the line after what was read, where there is one; else the end. */
function useFirstSight(
  content: RefObject<HTMLElement | null>,
  { messages, atStart, target }: RoomState,
  enteredAt: number,
  showFirst: (element: HTMLElement) => void,
): void {
  const done = useRef(false);
  const oldest = messages[0]?.id ?? Infinity;
  const loaded = atStart || oldest <= enteredAt || messages.length >= FIRST_PAGE;
  useLayoutEffect(() => {
    if (done.current || !loaded) return;
    done.current = true;
    if (target !== null) return;
    const line = content.current?.querySelector<HTMLElement>(".unread-line");
    if (line !== null && line !== undefined) showFirst(line);
  }, [content, loaded, target, showFirst]);
}

/** Brings the message that a search or a quote led to into sight, marks it and gives it the focus. */
function useTarget(
  content: RefObject<HTMLElement | null>,
  { target, messages }: RoomState,
  showFirst: (element: HTMLElement) => void,
): void {
  const shownTurn = useRef(0);
  useLayoutEffect(() => {
    if (target === null || target.turn === shownTurn.current) return;
    const element = content.current?.querySelector<HTMLElement>(`[data-message="${target.id}"]`);
    if (element === null || element === undefined) return;
    shownTurn.current = target.turn;
    showFirst(element);
    element.focus({ preventScroll: true });
    element.classList.remove("is-sought");
    // Read so that the browser sees the class go and come: the same message may be sought twice.
    void element.offsetWidth;
    element.classList.add("is-sought");
  }, [content, target, messages, showFirst]);
}

/** Asks for what is quoted and not loaded. */
function useQuoted({ messages, quotes, current }: RoomState, model: Room): void {
  useEffect(() => {
    if (!current) return;
    const loaded = new Set(messages.map((message) => message.id));
    for (const { kind, reference } of messages) {
      if (kind === Kind.Reply && !loaded.has(reference) && !quotes.has(reference)) model.quote(reference);
    }
  }, [messages, quotes, current, model]);
}

/** In the talk the up and down arrows lead from message to message. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
  const from = event.target;
  const isThere =
    from === event.currentTarget || (from instanceof HTMLElement && from.dataset["message"] !== undefined);
  if (step === 0 || !isThere) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-message]")];
  const at = all.indexOf(from as HTMLElement);
  const next = at < 0 ? all.at(-1) : all[at + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** Everything is read once its end is in sight of somebody who looks. */
function useReading(room: RoomState, model: Room, atEnd: boolean): void {
  const active = usePageActive();
  const newest = room.messages.at(-1)?.id ?? 0;
  const reads = active && atEnd && !room.past && room.current;
  useEffect(() => {
    if (reads && newest > 0) model.read(newest);
  }, [model, reads, newest]);
  useEffect(() => model.readingBack(!atEnd || room.past), [model, atEnd, room.past]);
}

/** Who says something wants to see it, wherever he was reading. */
function useOwnWords(room: RoomState, toEnd: () => void): void {
  const count = room.outgoing.length + room.uploads.length;
  const before = useRef(count);
  useLayoutEffect(() => {
    if (count > before.current) toEnd();
    before.current = count;
  }, [count, toEnd]);
}

/** How many messages came since the user left the end. */
function useNewsBelow(room: RoomState, atEnd: boolean): number {
  const leftAt = useRef(0);
  const newest = room.past ? 0 : (room.messages.at(-1)?.id ?? 0);
  useEffect(() => {
    leftAt.current = atEnd ? newest : leftAt.current || newest;
  }, [atEnd, newest]);
  if (atEnd || room.past || leftAt.current === 0) return 0;
  return room.messages.filter((message) => message.id > leftAt.current).length;
}
