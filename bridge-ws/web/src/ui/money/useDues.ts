import { useCallback } from "react";
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
import { Kind } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useAsked } from "./useAsked";

const NOTHING = { balances: null, requests: [], plans: [], receipts: [] };

/** The dues of a room, as the server last said. */
export interface DuesView {
  readonly balances: Balances | null;
  readonly requests: readonly DuesRequest[];
  readonly plans: readonly Plan[];
  readonly receipts: readonly Receipt[];
  /** Why the rest is older than it should be, or missing; undefined where it is not. */
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

export function useDues({ id, live }: RoomState): DuesView {
  const told = live.findLast((message) => MONEY.has(message.kind))?.id ?? 0;
  const ask = useCallback(async () => {
    const all = Promise.all([duesBalances(id), duesRequests(id), plans(id), receipts(id)]);
    const [balances, requests, plansOf, receiptsOf] = await all;
    return { balances, requests, plans: plansOf, receipts: receiptsOf };
  }, [id]);
  const { found, fault, tries, again } = useAsked(ask, told);
  return { ...(found ?? NOTHING), fault, turn: told + tries, reload: again };
}
