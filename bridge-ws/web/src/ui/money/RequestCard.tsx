import { useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { Card } from "../../protocol/dues";
import { Button } from "../parts/Button";
import { AskAgain } from "./AskAgain";
import { cardState } from "./cardState";
import { PayDialog } from "./PayDialog";
import type { Cards } from "./useCards";
import "./card.css";

/** A request among the messages, with what has become of it. */
export function RequestCard({
  room,
  card,
  cards: { now, look },
}: {
  room: number;
  card: Card;
  cards: Cards;
}): ReactNode {
  const { dues } = useStrings();
  const [paying, setPaying] = useState(false);
  const [said, setSaid] = useState("");
  const { request } = card;
  const { counts, charge, open, standing } = cardState(card, { now, look: look.found });
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
      <p className="dues-said" role="status">
        {said}
      </p>
      <AskAgain asked={look} />
      {paying && (
        <PayDialog
          room={room}
          charge={charge}
          title={card.title}
          open={open}
          onClose={(paid) => {
            setPaying(false);
            setSaid(paid > 0 ? dues.paidNow(dues.won(paid)) : "");
            look.again();
          }}
        />
      )}
    </article>
  );
}
