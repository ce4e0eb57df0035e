import { useCallback, useEffect, useMemo } from "react";
import { duesRequests, ownCharges, type DuesRequest, type OwnCharge } from "../../api/dues";
import { cardOf, duesNow, type DuesNow } from "../../protocol/dues";
import { Kind, type Message } from "../../protocol/message";
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
  const newest = useMemo(() => newestRequest(messages), [messages]);
  const hasCards = newest !== null;
  // Requests are listed a page at a time: that which ends with the last card.
  const before = past && newest !== null ? newest + 1 : null;
  const ask = useCallback(async (): Promise<Look> => {
    if (!hasCards) return { own: [], requests: [] };
    const [own, requests] = await Promise.all([ownCharges(), before === null ? [] : duesRequests(id, before)]);
    return { own, requests };
  }, [id, hasCards, before]);
  const look = useAsked(ask, now.turn);
  const { fault, again } = look;
  useEffect(() => {
    // Not each time that it fails: only when the connection stands again.
    if (current && fault !== undefined) again();
  }, [current]);
  return { now, look };
}

function newestRequest(messages: readonly Message[]): number | null {
  const card = messages.findLast(({ kind }) => kind === Kind.Request);
  return card === undefined ? null : (cardOf(card)?.request ?? null);
}
