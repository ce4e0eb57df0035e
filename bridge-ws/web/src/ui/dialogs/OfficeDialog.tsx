import { useState, type ReactNode } from "react";
import { setOffice } from "../../api/rooms";
import { useStrings } from "../../i18n/language";
import type { MemberEntry } from "../../protocol/incoming";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { useSubmit } from "../parts/useSubmit";
import { Dialog, Fault } from "./Dialog";

const NAMES = { none: Role.Member, treasurer: Role.Treasurer, auditor: Role.Auditor } as const;
type OfficeName = keyof typeof NAMES;

/** The offices that `me` may give to `member` beside the one that he has; the server has the last word. */
export function officesToGive(room: RoomState, me: number, member: MemberEntry): OfficeName[] {
  const own = room.people.members.get(me)?.office;
  return (Object.keys(NAMES) as OfficeName[]).filter((name) => {
    if (NAMES[name] === member.office) return false;
    const handsOver = own === Role.Treasurer && name === "treasurer";
    const laysDown = member.user === me && name === "none";
    return room.role === Role.Admin || handsOver || laysDown;
  });
}

/** Who looks after the room's money: gives a member an office, or takes his. */
export function OfficeDialog({
  room,
  member,
  onClose,
}: {
  room: RoomState;
  member: MemberEntry;
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { people } = strings;
  const { me } = useSession();
  const [ways] = useState(() => officesToGive(room, me.id, member));
  const [chosen, choose] = useState<OfficeName>(ways[0] ?? "none");
  const { working, fault, submit } = useSubmit(async () => {
    await setOffice(room.id, member.user, NAMES[chosen]);
    onClose();
  });
  const labels = { none: people.noOffice, treasurer: people.treasurer, auditor: people.auditor };
  return (
    <Dialog title={people.officeOf(member.name)} onClose={onClose}>
      <form className="dialog-form" onSubmit={submit}>
        <Choice
          legend={people.office}
          hideLegend
          options={ways.map((value) => ({ value, label: labels[value] }))}
          value={chosen}
          onChange={choose}
        />
        <p className="dialog-text">{people.officeText[chosen]}</p>
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working}>
            {people.officeSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
