import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { Dialog } from "../dialogs/Dialog";
import { BoardTab } from "./BoardTab";
import { ExpensesTab } from "./ExpensesTab";
import { RequestsTab } from "./RequestsTab";
import { StatementTab } from "./StatementTab";
import { useDues, type DuesView } from "./useDues";
import "./money.css";

const TABS = ["board", "requests", "expenses", "statement"] as const;
type Tab = (typeof TABS)[number];

const CONTENT: Readonly<Record<Tab, (props: { room: RoomState; view: DuesView }) => ReactNode>> = {
  board: BoardTab,
  requests: RequestsTab,
  expenses: ExpensesTab,
  statement: StatementTab,
};

/** The money of a room. */
export function MoneyPanel({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const { dues, expenses } = useStrings();
  const view = useDues(room);
  const [tab, setTab] = useState<Tab>("board");
  const id = useId();
  const strip = useRef<HTMLDivElement>(null);
  const Content = CONTENT[tab];

  function walk(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? TABS.length - 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(tab) + step) % TABS.length] ?? "board";
    setTab(next);
    strip.current?.querySelector<HTMLButtonElement>(`[data-tab="${next}"]`)?.focus();
  }

  return (
    <Dialog title={`${dues.title} · ${room.name}`} look="wide" onClose={onClose}>
      <div className="money-tabs" role="tablist" aria-label={dues.title} ref={strip} onKeyDown={walk}>
        {TABS.map((name) => (
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
            {name === "expenses" ? expenses.tab : dues.tabs[name]}
          </button>
        ))}
      </div>
      <div className="money-content" role="tabpanel" id={`${id}-content`} aria-labelledby={`${id}-${tab}`}>
        <Content room={room} view={view} />
      </div>
    </Dialog>
  );
}
