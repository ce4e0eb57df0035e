import { useState, type ReactNode } from "react";
import { ownAudit } from "../../api/audit";
import { useStrings } from "../../i18n/language";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import { AuditTrail } from "./AuditTrail";
import { useAudit } from "./useAudit";

/** What the user did with money, in all rooms; asked for once it is opened. */
export function OwnActivity({ turn }: { turn: number }): ReactNode {
  const { audit } = useStrings();
  const [opened, setOpened] = useState(false);
  return (
    <details className="money-own" onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{audit.own}</summary>
      {opened && <OwnTrail turn={turn} />}
    </details>
  );
}

function OwnTrail({ turn }: { turn: number }): ReactNode {
  const { audit } = useStrings();
  const rooms = useStore(useSession().state, (state) => state.rooms);
  const view = useAudit(ownAudit, turn);
  const nameOf = (room: number): string => rooms?.find(({ id }) => id === room)?.name ?? "";
  return <AuditTrail view={view} about={(line) => nameOf(line.room)} nothing={audit.ownNothingYet} />;
}
