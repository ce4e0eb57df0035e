import { useEffect, useState, type ReactNode } from "react";
import { ownCharges, type OwnCharge } from "../../api/dues";
import { useStrings } from "../../i18n/language";
import type { Card, DuesNow } from "../../protocol/dues";
import { Button } from "../parts/Button";
import { PayDialog } from "./PayDialog";
import "./card.css";

/** A request among the messages, with what has become of it. */
export function RequestCard({ room, card, now }: { room: number; card: Card; now: DuesNow }): ReactNode {
  const { dues } = useStrings();
  const [own, setOwn] = useState<OwnCharge | null>(null);
  const [paying, setPaying] = useState(false);
  const { request } = card;
  const counts = now.newest.get(request) ?? card;
  const change = now.mine.get(request);

  useEffect(() => {
    let shown = true;
    const take = (charges: OwnCharge[]): void => {
      if (shown) setOwn(charges.find((charge) => charge.request === request) ?? null);
    };
    // What the card cannot say without it comes with the next look.
    mine().then(take, () => undefined);
    return () => {
      shown = false;
    };
  }, [request]);

  const open = change?.open ?? own?.open ?? 0;
  const standing = change === undefined ? own?.standing : change.void ? "void" : open > 0 ? "open" : (own?.standing === "exempt" ? "exempt" : "paid");
  const charge = own?.id ?? change?.charge ?? 0;
  const share = counts.askedOf === 0 ? 0 : counts.paidBy / counts.askedOf;
  return (
    <article className="dues-card" tabIndex={-1} aria-label={dues.requested(card.title)} data-request={request}>
      <header>
        <span className="dues-card-kind">{dues.asks}</span>
        <h3>{card.title}</h3>
        <p>
          <strong>{dues.due(card.due)}</strong>
          {card.lateFee > 0 && <span>{dues.lateFeeAfter(card.graceDays, dues.won(card.lateFee))}</span>}
          {card.oddWon > 0 && <span>{dues.oddWon(card.oddWon)}</span>}
        </p>
      </header>
      <div className="dues-card-now">
        <progress value={share} max={1} aria-label={dues.paidOf(counts.paidBy, counts.askedOf)} />
        <p>
          <strong>{dues.paidOf(counts.paidBy, counts.askedOf)}</strong>
          <span>{dues.collected(dues.won(counts.collected))}</span>
        </p>
      </div>
      {standing !== undefined && (
        <footer>
          <span className={`dues-standing is-${standing}`}>
            {dues.mine} {dues.standing[standing]}
          </span>
          {standing === "open" && charge !== 0 && (
            <Button look="main" onClick={() => setPaying(true)}>
              {dues.pay(dues.won(open))}
            </Button>
          )}
        </footer>
      )}
      {paying && (
        <PayDialog room={room} charge={charge} title={card.title} open={open} onClose={() => setPaying(false)} />
      )}
    </article>
  );
}

/** One look serves all cards that come into sight together. */
let looking: Promise<OwnCharge[]> | null = null;

function mine(): Promise<OwnCharge[]> {
  looking ??= ownCharges().finally(() => {
    looking = null;
  });
  return looking;
}
