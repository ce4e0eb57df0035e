import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Dialog } from "../dialogs/Dialog";
import { AuditTab, seesAudit } from "./AuditTab";
import { AskAgain } from "./AskAgain";
import { BoardTab } from "./BoardTab";
import { ExpensesTab } from "./ExpensesTab";
import { RequestsTab } from "./RequestsTab";
import { StatementTab } from "./StatementTab";
import { useDues, type DuesView } from "./useDues";
import "./money.css";

const TABS = ["board", "requests", "expenses", "statement", "audit"] as const;
type Tab = (typeof TABS)[number];

const CONTENT: Readonly<Record<Tab, (props: { room: RoomState; view: DuesView }) => ReactNode>> = {
  board: BoardTab,
  requests: RequestsTab,
  expenses: ExpensesTab,
  statement: StatementTab,
  audit: AuditTab,
};

/** The money of a room. */
export function MoneyPanel({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const { dues, expenses, audit } = useStrings();
  const { me } = useSession();
  const view = useDues(room);
  const tabs = TABS.filter((name) => name !== "audit" || seesAudit(room, me.id));
  const [chosen, setTab] = useState<Tab>("board");
  // An office may end while its tab is open.
  const tab = tabs.includes(chosen) ? chosen : "board";
  const id = useId();
  const strip = useRef<HTMLDivElement>(null);
  const Content = CONTENT[tab];
  const labels: Readonly<Record<Tab, string>> = { ...dues.tabs, expenses: expenses.tab, audit: audit.tab };

  function walk(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? tabs.length - 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(tab) + step) % tabs.length] ?? "board";
    setTab(next);
    strip.current?.querySelector<HTMLButtonElement>(`[data-tab="${next}"]`)?.focus();
  }

  return (
    <Dialog title={`${dues.title} · ${room.name}`} look="wide" onClose={onClose}>
      <div className="money-tabs" role="tablist" aria-label={dues.title} ref={strip} onKeyDown={walk}>
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            data-tab={name}
            aria-selected={name === tab}
            aria-controls={`${id}-content`}
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {labels[name]}
          </button>
        ))}
      </div>
      <div className="money-content" role="tabpanel" id={`${id}-content`} aria-labelledby={`${id}-${tab}`}>
        <AskAgain asked={{ fault: view.fault, again: view.reload }} />
        <Content room={room} view={view} />
      </div>
    </Dialog>
  );
}
