import type { Standing } from "../../api/dues";
import type { Card, ChargeChange } from "../../protocol/dues";
import type { Cards, Look } from "./useCards";

/** A request's card as it stands for the user. */
export interface CardState {
  readonly counts: Pick<Card, "paidBy" | "askedOf" | "collected">;
  /** The user's charge; 0: not known. */
  readonly charge: number;
  readonly open: number;
  /** Undefined: not known yet, or nothing is asked of the user. */
  readonly standing: Standing | undefined;
}

/**
 * A change that is loaded is the newest, since what is loaded of it ends at the newest message. Where none is, the card
 * stands as it was made, or, if it is of the past, as the server says.
 */
export function cardState(card: Card, { now, look }: { now: Cards["now"]; look: Look | null }): CardState {
  const { request } = card;
  const own = look?.own.find((charge) => charge.request === request);
  const change = now.mine.get(request);
  return {
    counts: now.newest.get(request) ?? look?.requests.find(({ id }) => id === request) ?? card,
    charge: own?.id ?? change?.charge ?? 0,
    open: change?.open ?? own?.open ?? 0,
    standing: change === undefined || isIn(change, own) ? own?.standing : standingAfter(change),
  };
}

/** Whether the server had the change when it said how the charge stands. */
function isIn(change: ChargeChange, own: { open: number; standing: Standing } | undefined): boolean {
  return own !== undefined && own.open === change.open && (own.standing === "void") === change.void;
}

function standingAfter(change: ChargeChange): Standing {
  if (change.void) return "void";
  if (change.open > 0) return "open";
  return change.what === "waived" ? "exempt" : "paid";
}
