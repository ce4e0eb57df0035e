import { useId, useState, type ReactNode } from "react";
import type { Hit } from "../../api/search";
import { recentText } from "../../i18n/dates";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { unixMsOf } from "../../protocol/messageId";
import { useSession } from "../context";
import { Avatar } from "../parts/Avatar";
import { Button, IconButton } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { Icon } from "../parts/Icon";
import { goToRoom } from "../route";
import { excerptOf } from "./excerpt";
import { useSearch, type Searching } from "./useSearch";
import "./search.css";

/** Looks for what was said, in place of the list of rooms: each hit leads to its message, and the hits stay beside it. */
export function SearchSide({ room, close }: { room: number; close: () => void }): ReactNode {
  const { search } = useStrings();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [scope, setScope] = useState<"room" | "all">(room === 0 ? "all" : "room");
  const [order, setOrder] = useState<"newest" | "best">("newest");
  const wide = room === 0 || scope === "all";
  const searching = useSearch({ keyword: typed.trim(), room: wide ? 0 : room, order });

  return (
    <search
      className="search"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.nativeEvent.isComposing) close();
      }}
    >
      <div className="search-head">
        <div className="search-field">
          <Icon name="search" size={16} />
          <input
            autoFocus
            type="search"
            aria-label={search.label}
            aria-controls={id}
            placeholder={search.label}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <IconButton icon="close" label={search.close} onClick={close} />
      </div>
      <div className="search-ways">
        {room !== 0 && (
          <Choice
            legend={search.where}
            hideLegend
            options={[
              { value: "room", label: search.thisRoom },
              { value: "all", label: search.allRooms },
            ]}
            value={scope}
            onChange={setScope}
          />
        )}
        <Choice
          legend={search.order}
          hideLegend
          options={[
            { value: "newest", label: search.newest },
            { value: "best", label: search.best },
          ]}
          value={order}
          onChange={setOrder}
        />
      </div>
      <Hits id={id} keyword={typed.trim()} searching={searching} namesRooms={wide} />
    </search>
  );
}

function Hits({
  id,
  keyword,
  searching,
  namesRooms,
}: {
  id: string;
  keyword: string;
  searching: Searching;
  namesRooms: boolean;
}): ReactNode {
  const strings = useStrings();
  const { search } = strings;
  const { hits, working, problem } = searching;
  return (
    <div className="search-hits scroll" id={id} aria-busy={working}>
      <p className={hits?.length === 0 && !searching.hasMore ? "search-none" : "hidden-text"} role="status">
        {hits !== null && !working && (hits.length === 0 ? search.none(keyword) : search.found(hits.length))}
      </p>
      {hits === null && problem === null && <p className="search-none">{working ? "" : search.hint}</p>}
      {hits !== null && hits.length > 0 && (
        <ul>
          {hits.map((hit) => (
            <HitRow key={`${hit.room}-${hit.message}`} hit={hit} namesRoom={namesRooms} />
          ))}
        </ul>
      )}
      {problem !== null && (
        <p className="search-none" role="alert">
          {faultText(strings, problem)}{" "}
          <Button look="link" onClick={hits === null ? searching.again : searching.more}>
            {strings.retry}
          </Button>
        </p>
      )}
      {problem === null && searching.hasMore && (
        <Button wide working={working} onClick={searching.more}>
          {search.more}
        </Button>
      )}
    </div>
  );
}

function HitRow({ hit, namesRoom }: { hit: Hit; namesRoom: boolean }): ReactNode {
  const strings = useStrings();
  const session = useSession();
  return (
    <li>
      <button
        type="button"
        className="hit"
        data-hit={hit.message}
        onClick={() => {
          goToRoom(hit.room);
          session.room(hit.room)?.seek(hit.message);
        }}
      >
        <Avatar user={hit.author} name={hit.authorName} size={34} />
        <span className="hit-who">{hit.authorName}</span>
        <time className="hit-time">{recentText(strings, unixMsOf(hit.message), Date.now())}</time>
        <span className="hit-text">
          {excerptOf(hit).map(({ text, found }, index) => (found ? <mark key={index}>{text}</mark> : text))}
        </span>
        {namesRoom && <span className="hit-room">{hit.roomName}</span>}
      </button>
    </li>
  );
}
