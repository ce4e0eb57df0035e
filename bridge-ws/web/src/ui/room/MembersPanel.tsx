import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { MemberEntry } from "../../protocol/incoming";
import { PRESENCE_MEMBERS_MAX } from "../../protocol/limits";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Avatar } from "../parts/Avatar";
import { Button, IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import "./membersPanel.css";

/** Who is in the room, and the way out of it. */
export function MembersPanel({
  room,
  close,
  leave,
}: {
  room: RoomState;
  close: () => void;
  leave: () => void;
}): ReactNode {
  const strings = useStrings();
  const panel = useRef<HTMLElement>(null);
  const members = useMemo(() => presentMembers(room, strings.dates.locale), [room, strings]);
  const knowsPresence = room.members <= PRESENCE_MEMBERS_MAX;
  const here = members.filter((member) => room.online.has(member.user));
  const away = members.filter((member) => !room.online.has(member.user));

  // A panel that covers the screen takes the focus with it.
  useEffect(() => panel.current?.focus(), []);

  return (
    <aside
      id="members"
      className="members"
      aria-label={strings.people.title}
      tabIndex={-1}
      ref={panel}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <header className="members-head">
        <h2>
          {strings.people.title} <span>{room.members}</span>
        </h2>
        <IconButton icon="close" label={strings.room.hideMembers} onClick={close} />
      </header>
      <div className="members-list scroll">
        {knowsPresence ? (
          <>
            <Group title={strings.people.here} members={here} here />
            <Group title={strings.people.away} members={away} />
          </>
        ) : (
          <Group title={strings.people.everyone} members={members} />
        )}
      </div>
      <footer className="members-foot">
        <Button wide onClick={leave}>
          <Icon name="leave" size={18} />
          {strings.room.leave}
        </Button>
      </footer>
    </aside>
  );
}

function Group({
  title,
  members,
  here = false,
}: {
  title: string;
  members: readonly MemberEntry[];
  here?: boolean;
}): ReactNode {
  const strings = useStrings();
  const { me } = useSession();
  if (members.length === 0) return null;
  return (
    <section>
      <h3>
        {title} <span>{members.length}</span>
      </h3>
      <ul>
        {members.map((member) => (
          <li key={member.user} className={here ? "member" : "member is-away"} data-member={member.user}>
            <Avatar user={member.user} name={member.name} size={36} here={here} />
            <span className="member-name">{member.name}</span>
            {member.user === me.id && <span className="member-tag">{strings.list.you}</span>}
            {member.role === Role.Admin && <span className="member-tag is-admin">{strings.people.admin}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Admins first, then by name. */
function presentMembers(room: RoomState, locale: string): MemberEntry[] {
  const order = new Intl.Collator(locale);
  return [...room.people.members.values()]
    .filter((member) => !member.left)
    .sort((a, b) => b.role - a.role || order.compare(a.name, b.name));
}
