import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { removeMember } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import type { MemberEntry } from "../../protocol/incoming";
import { PRESENCE_MEMBERS_MAX } from "../../protocol/limits";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { ConfirmDialog } from "../dialogs/ConfirmDialog";
import { OfficeDialog, officesToGive } from "../dialogs/OfficeDialog";
import { Avatar } from "../parts/Avatar";
import { Button, IconButton } from "../parts/Button";
import { Icon } from "../parts/Icon";
import "./membersPanel.css";

/** What can be asked for about the room as a whole. */
export type RoomMatter = "invite" | "settings" | "leave";

/** Who is in the room, and the ways into it and out of it. */
export function MembersPanel({
  room,
  close,
  ask,
}: {
  room: RoomState;
  close: () => void;
  ask: (matter: RoomMatter) => void;
}): ReactNode {
  const strings = useStrings();
  const panel = useRef<HTMLElement>(null);
  const members = useMemo(() => presentMembers(room, strings.dates.locale), [room, strings]);
  const [removing, setRemoving] = useState<MemberEntry | null>(null);
  const [appointing, setAppointing] = useState<MemberEntry | null>(null);
  const { me } = useSession();
  const knowsPresence = room.members <= PRESENCE_MEMBERS_MAX;
  const isAdmin = room.role === Role.Admin;
  const rows = (title: string, some: readonly MemberEntry[], here = false): ReactNode => (
    <Group
      title={title}
      members={some}
      here={here}
      remove={isAdmin ? setRemoving : null}
      canAppoint={(member) => officesToGive(room, me.id, member).length > 0}
      appoint={setAppointing}
    />
  );

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
        <button type="button" className="member is-way" onClick={() => ask("invite")}>
          <span className="member-way">
            <Icon name="invite" />
          </span>
          <span className="member-name">{strings.people.invite}</span>
        </button>
        {knowsPresence ? (
          <>
            {rows(
              strings.people.here,
              members.filter((member) => room.online.has(member.user)),
              true,
            )}
            {rows(
              strings.people.away,
              members.filter((member) => !room.online.has(member.user)),
            )}
          </>
        ) : (
          rows(strings.people.everyone, members)
        )}
      </div>
      <footer className="members-foot">
        {isAdmin && (
          <Button wide onClick={() => ask("settings")}>
            <Icon name="gear" size={18} />
            {strings.settings.open}
          </Button>
        )}
        <Button wide onClick={() => ask("leave")}>
          <Icon name="leave" size={18} />
          {strings.room.leave}
        </Button>
      </footer>
      {removing !== null && (
        <ConfirmDialog
          question={strings.people.removeQuestion(removing.name)}
          submit={strings.people.removeSubmit}
          act={() => removeMember(room.id, removing.user)}
          onClose={() => setRemoving(null)}
        >
          <p>{strings.people.removeText}</p>
        </ConfirmDialog>
      )}
      {appointing !== null && <OfficeDialog room={room} member={appointing} onClose={() => setAppointing(null)} />}
    </aside>
  );
}

function Group({
  title,
  members,
  here,
  remove,
  canAppoint,
  appoint,
}: {
  title: string;
  members: readonly MemberEntry[];
  here: boolean;
  /** Null: the user may not. */
  remove: ((member: MemberEntry) => void) | null;
  canAppoint: (member: MemberEntry) => boolean;
  appoint: (member: MemberEntry) => void;
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
            <span className="member-name" title={member.name}>
              {member.name}
            </span>
            {member.user === me.id && <span className="member-tag">{strings.list.you}</span>}
            {member.role === Role.Admin && <span className="member-tag is-admin">{strings.people.admin}</span>}
            {member.office === Role.Treasurer && <span className="member-tag is-office">{strings.people.treasurer}</span>}
            {member.office === Role.Auditor && <span className="member-tag is-office">{strings.people.auditor}</span>}
            <span className="member-ways">
              {canAppoint(member) && (
                <IconButton
                  icon="office"
                  size={16}
                  label={strings.people.officeOf(member.name)}
                  onClick={() => appoint(member)}
                />
              )}
              {remove !== null && member.user !== me.id && (
                <IconButton
                  icon="close"
                  size={16}
                  label={strings.people.remove(member.name)}
                  onClick={() => remove(member)}
                />
              )}
            </span>
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
