import { useCallback, useEffect, useMemo } from "react";
import { duesRequests, ownCharges, type DuesRequest, type OwnCharge } from "../../api/dues";
import { duesNow, type DuesNow } from "../../protocol/dues";
import { Kind } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { useAsked, type Asked } from "./useAsked";

/** What the server says that the cards in sight cannot. */
export interface Look {
  readonly own: readonly OwnCharge[];
  /** Only for a run of the past: changes that came after it need not be loaded. */
  readonly requests: readonly DuesRequest[];
}

/** What the cards in sight rest on. */
export interface Cards {
  readonly now: DuesNow;
  readonly look: Asked<Look>;
}

/** One look serves all cards; it is taken anew once the user is asked for something else. */
export function useCards({ id, live, messages, past, current }: RoomState, me: number): Cards {
  const now = useMemo(() => duesNow(live, me), [live, me]);
  const hasCards = useMemo(() => messages.some(({ kind }) => kind === Kind.Request), [messages]);
  const ask = useCallback(async (): Promise<Look> => {
    if (!hasCards) return { own: [], requests: [] };
    const [own, requests] = await Promise.all([ownCharges(), past ? duesRequests(id) : []]);
    return { own, requests };
  }, [id, hasCards, past]);
  const look = useAsked(ask, now.turn);
  const { fault, again } = look;
  useEffect(() => {
    // Not each time that it fails: only when the connection stands again.
    if (current && fault !== undefined) again();
  }, [current]);
  return { now, look };
}
