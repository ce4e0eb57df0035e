import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, type ReactNode, type RefObject } from "react";
import { useStrings } from "../../i18n/language";
import { Kind, type Message } from "../../protocol/message";
import type { Room } from "../../room/room";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { usePageActive } from "../usePageActive";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { MessageItem, type Quote } from "./MessageItem";
import { DayLine, EventLine, RoomStart, UnreadLine } from "./lines";
import { OutgoingItem } from "./OutgoingItem";
import { nameOf } from "./summary";
import { timelineOf, type TimelineItem } from "./timeline";
import { useTalkScroll } from "./useTalkScroll";
import "./messageList.css";

/** The talk of a room, oldest on top. */
export function MessageList({
  room,
  model,
  enteredAt,
  reply,
}: {
  room: RoomState;
  model: Room;
  enteredAt: number;
  reply: (message: Message) => void;
}): ReactNode {
  const strings = useStrings();
  const { me } = useSession();
  const viewport = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const wantOlder = useCallback(() => {
    if (model.state.older === "idle" && model.state.messages.length > 0) model.loadOlder();
  }, [model]);
  const { atEnd, toEnd, showFirst } = useTalkScroll(viewport, content, wantOlder);
  const items = useMemo(() => timelineOf(room.messages, enteredAt, me.id), [room.messages, enteredAt, me.id]);
  const newsBelow = useNewsBelow(room, atEnd);

  useFirstSight(content, room, enteredAt, showFirst);
  useReading(room, model, atEnd);
  useOwnWords(room, toEnd);

  return (
    <div className="talk">
      <div
        className="talk-view scroll"
        ref={viewport}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={strings.room.messages}
      >
        <div className="talk-content" ref={content}>
          <Beginning room={room} retry={() => model.loadOlder()} />
          {items.map((item) => (
            <Item key={item.key} item={item} room={room} me={me.id} reply={reply} />
          ))}
          {room.outgoing.map((entry) => (
            <OutgoingItem key={`out-${entry.key}`} entry={entry} model={model} current={room.current} />
          ))}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className={newsBelow > 0 ? "to-newest has-news" : "to-newest"} onClick={toEnd}>
          {newsBelow > 0 ? (
            strings.room.newMessages(newsBelow)
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

function Item({
  item,
  room,
  me,
  reply,
}: {
  item: TimelineItem;
  room: RoomState;
  me: number;
  reply: (message: Message) => void;
}): ReactNode {
  const strings = useStrings();
  if (item.type === "day") return <DayLine atMs={item.atMs} />;
  if (item.type === "unread") return <UnreadLine />;
  if (item.type === "event") return <EventLine message={item.message} people={room.people} />;
  const { message, first, last } = item;
  const quote = message.kind === Kind.Reply ? quoteOf(room, message.reference) : null;
  return (
    <MessageItem
      message={message}
      first={first}
      last={last}
      mine={message.sender === me}
      name={nameOf(strings, room.people, message.sender)}
      unread={room.people.loaded ? room.people.unreadOf(message) : 0}
      withdrawn={room.withdrawn.has(message.id)}
      quoteName={quote === null ? null : quote.name(strings.room.unknownMember)}
      quoteText={quote === null ? null : quote.text}
      reply={reply}
    />
  );
}

/** What a reply quotes, as far as it is loaded. */
function quoteOf(room: RoomState, id: number): Quote {
  const quoted = room.messages.find((message) => message.id === id);
  const name = quoted === undefined ? undefined : room.people.members.get(quoted.sender)?.name;
  const isThere = quoted !== undefined && !room.withdrawn.has(id);
  return { text: isThere ? quoted.text : "", name: (unknown) => name ?? (quoted === undefined ? "" : unknown) };
}

/** A first page of at least this many messages was loaded for sure, and not just what came live. */
const FIRST_PAGE = 50;

/** On entering, shows the line after what was read, where there is one; else the end. */
function useFirstSight(
  content: RefObject<HTMLElement | null>,
  { messages, atStart }: RoomState,
  enteredAt: number,
  showFirst: (element: HTMLElement) => void,
): void {
  const done = useRef(false);
  const oldest = messages[0]?.id ?? Infinity;
  const loaded = atStart || oldest <= enteredAt || messages.length >= FIRST_PAGE;
  useLayoutEffect(() => {
    if (done.current || !loaded) return;
    done.current = true;
    const line = content.current?.querySelector<HTMLElement>(".unread-line");
    if (line !== null && line !== undefined) showFirst(line);
  }, [content, loaded, showFirst]);
}

/** Everything is read once its end is in sight of somebody who looks. */
function useReading(room: RoomState, model: Room, atEnd: boolean): void {
  const active = usePageActive();
  const newest = room.messages.at(-1)?.id ?? 0;
  const reads = active && atEnd && room.current;
  useEffect(() => {
    if (reads && newest > 0) model.read(newest);
  }, [model, reads, newest]);
  useEffect(() => model.readingBack(!atEnd), [model, atEnd]);
}

/** Who says something wants to see it, wherever he was reading. */
function useOwnWords(room: RoomState, toEnd: () => void): void {
  const count = room.outgoing.length;
  const before = useRef(count);
  useLayoutEffect(() => {
    if (count > before.current) toEnd();
    before.current = count;
  }, [count, toEnd]);
}

/** How many messages came since the user left the end. */
function useNewsBelow(room: RoomState, atEnd: boolean): number {
  const leftAt = useRef(0);
  const newest = room.messages.at(-1)?.id ?? 0;
  useEffect(() => {
    leftAt.current = atEnd ? newest : leftAt.current || newest;
  }, [atEnd, newest]);
  if (atEnd || leftAt.current === 0) return 0;
  return room.messages.filter((message) => message.id > leftAt.current).length;
}
