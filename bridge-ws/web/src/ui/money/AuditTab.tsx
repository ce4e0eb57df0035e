import { useCallback, type ReactNode } from "react";
import { roomAudit } from "../../api/audit";
import { useStrings } from "../../i18n/language";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { AuditTrail } from "./AuditTrail";
import { useAudit } from "./useAudit";
import type { DuesView } from "./useDues";

/** Whether the room's audit lines are shown to `me`; the server has the last word. */
export function seesAudit(room: RoomState, me: number): boolean {
  const office = room.people.members.get(me)?.office;
  return room.role === Role.Admin || office === Role.Treasurer || office === Role.Auditor;
}

/** Who did what with the room's money, when, and from where. */
export function AuditTab({ room: { id }, view }: { room: RoomState; view: DuesView }): ReactNode {
  const { audit } = useStrings();
  const ask = useCallback((before?: number) => roomAudit(id, before), [id]);
  const trail = useAudit(ask, view.turn);
  return (
    <section>
      <p className="money-note">{audit.text}</p>
      {/* Of nobody, where it came from says who it was. */}
      <AuditTrail view={trail} about={({ actorName }) => actorName} nothing={audit.nothingYet} />
    </section>
  );
}
