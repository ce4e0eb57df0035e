import { useEffect, useState, type ReactNode } from "react";
import { expense as ask, type Expense } from "../../api/expenses";
import { useStrings } from "../../i18n/language";
import type { ExpenseSaid } from "../../protocol/expenses";
import type { PeopleView } from "../../room/people";
import { ExpenseItem } from "./ExpenseItem";

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
  const [shown, setShown] = useState<Expense | null>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    let wanted = true;
    ask(room, said.expense).then(
      (found) => wanted && setShown(found),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [room, said.expense, turn, asked]);
  if (shown === null) {
    return <p className="event">{expenses.proposed(said.title, dues.won(said.amount), said.inCash === true)}</p>;
  }
  return <ExpenseItem room={room} people={people} expense={shown} changed={() => setAsked(asked + 1)} />;
}
