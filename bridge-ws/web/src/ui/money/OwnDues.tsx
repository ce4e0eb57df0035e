import type { ReactNode } from "react";
import { ownCharges } from "../../api/dues";
import { useStrings } from "../../i18n/language";
import { AskAgain } from "./AskAgain";
import { useAsked } from "./useAsked";

/** The user's own, across rooms. */
export function OwnDues({ turn }: { turn: number }): ReactNode {
  const { dues } = useStrings();
  const own = useAsked(ownCharges, turn);
  if (own.found === null) return <AskAgain asked={own} />;
  if (own.found.length === 0) return null;
  return (
    <details className="money-own">
      <summary>{dues.ownTitle}</summary>
      <AskAgain asked={own} />
      <ul>
        {own.found.map((charge) => (
          <li key={charge.id}>
            <span>
              {charge.roomName} · {charge.title} · {dues.due(charge.due)}
            </span>
            <span className={`dues-standing is-${charge.standing}`}>
              {dues.standing[charge.standing]} {dues.won(charge.standing === "open" ? charge.open : charge.paid)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
