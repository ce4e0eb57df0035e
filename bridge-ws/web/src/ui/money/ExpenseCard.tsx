import { useCallback, type ReactNode } from "react";
import { expense } from "../../api/expenses";
import { useStrings } from "../../i18n/language";
import type { ExpenseSaid } from "../../protocol/expenses";
import type { PeopleView } from "../../room/people";
import { AskAgain } from "./AskAgain";
import { ExpenseItem } from "./ExpenseItem";
import { useAsked } from "./useAsked";
import "./card.css";

/** An expense among the messages, as it stands now. */
export function ExpenseCard({
  room,
  people,
  said,
  turn,
}: {
  room: number;
  people: PeopleView;
  said: ExpenseSaid;
  /** Rises with what the room is told of it. */
  turn: number;
}): ReactNode {
  const { dues, expenses } = useStrings();
  const ask = useCallback(() => expense(room, said.expense), [room, said.expense]);
  const now = useAsked(ask, turn);
  return (
    <>
      {now.found === null ? (
        <article className="dues-card is-expense" tabIndex={-1} aria-label={said.title}>
          <h3>{expenses.proposed(said.title, dues.won(said.amount), said.inCash === true)}</h3>
        </article>
      ) : (
        <ExpenseItem room={room} people={people} expense={now.found} changed={now.again} />
      )}
      <AskAgain asked={now} />
    </>
  );
}
