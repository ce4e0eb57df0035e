import { useCallback, useEffect, useState } from "react";
import {
  duesBalances,
  duesRequests,
  plans,
  receipts,
  type Balances,
  type DuesRequest,
  type Plan,
  type Receipt,
} from "../../api/dues";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { Kind } from "../../protocol/message";
import type { RoomState } from "../../room/state";

/** The dues of a room, as the server last said. */
export interface DuesView {
  readonly balances: Balances | null;
  readonly requests: readonly DuesRequest[];
  readonly plans: readonly Plan[];
  readonly receipts: readonly Receipt[];
  readonly fault: string | undefined;
  /** Rises with what the room is told of money: what rests on it is to be asked for again. */
  readonly turn: number;
  reload(): void;
}

const MONEY: ReadonlySet<Kind> = new Set([
  Kind.Money,
  Kind.Request,
  Kind.RequestChanged,
  Kind.Expense,
  Kind.ExpenseChanged,
  Kind.OfficeChanged,
]);

export function useDues(room: RoomState): DuesView {
  const strings = useStrings();
  const [state, setState] = useState<Omit<DuesView, "turn" | "reload">>({
    balances: null,
    requests: [],
    plans: [],
    receipts: [],
    fault: undefined,
  });
  const [asked, setAsked] = useState(0);
  const told = room.messages.findLast((message) => MONEY.has(message.kind))?.id ?? 0;
  const { id } = room;

  useEffect(() => {
    let shown = true;
    const all = Promise.all([duesBalances(id), duesRequests(id), plans(id), receipts(id)]);
    all.then(
      ([balances, requests, plans, receipts]) => {
        if (shown) setState({ balances, requests, plans, receipts, fault: undefined });
      },
      (fault: unknown) => {
        if (shown) setState((before) => ({ ...before, fault: faultText(strings, fault) }));
      },
    );
    return () => {
      shown = false;
    };
  }, [id, told, asked, strings]);

  const reload = useCallback(() => setAsked((before) => before + 1), []);
  return { ...state, turn: told + asked, reload };
}
