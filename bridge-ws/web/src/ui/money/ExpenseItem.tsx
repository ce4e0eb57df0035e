import { useState, type ReactNode } from "react";
import { voteOn, withdrawExpense, type Expense } from "../../api/expenses";
import { fileHref } from "../../api/files";
import { useStrings } from "../../i18n/language";
import type { PeopleView } from "../../room/people";
import { useSession } from "../context";
import { ConfirmDialog } from "../dialogs/ConfirmDialog";
import { Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { useSubmit } from "../parts/useSubmit";
import { nameOf } from "../room/summary";
import "./card.css";

/** An expense, how it stands, and the ways to decide on it. */
export function ExpenseItem({
  room,
  people,
  expense,
  changed,
}: {
  room: number;
  people: PeopleView;
  expense: Expense;
  changed: () => void;
}): ReactNode {
  const strings = useStrings();
  const { dues, expenses } = strings;
  const { me } = useSession();
  const [withdrawing, setWithdrawing] = useState(false);
  // One for each: what is submitted is never the choice of a press before.
  const agreeing = useSubmit(() => decide(true));
  const objecting = useSubmit(() => decide(false));
  const own = expense.proposedBy === me.id || expense.payee === me.id;
  const vote = expense.votes.find(({ user }) => user === me.id)?.approve;
  const waits = expense.state === "proposed";
  const to = expense.payee === 0 ? expense.payeeName : nameOf(strings, people, expense.payee);

  async function decide(approve: boolean): Promise<void> {
    await voteOn(room, expense.id, approve);
    changed();
  }

  return (
    <article className="dues-card is-expense" tabIndex={-1} aria-label={expense.title} data-expense={expense.id}>
      <header>
        <span className="dues-card-kind">
          {nameOf(strings, people, expense.proposedBy)} · {expenses.asks}
        </span>
        <h3>{expense.title}</h3>
        <p>
          <strong>{dues.won(expense.amount)}</strong>
          <span>{expenses.to(to)}</span>
          {expense.inCash && <span>{expenses.inCash}</span>}
          {waits && <span>{expenses.until(expense.expiresAt.slice(0, 10))}</span>}
          {expense.file !== "" && <a href={fileHref(expense.file)}>{expenses.receipt}</a>}
        </p>
        {expense.note !== "" && <p>{expense.note}</p>}
      </header>
      <div className="dues-card-now">
        {expense.quorum > 0 && (
          <progress
            value={Math.min(1, expense.approvals / expense.quorum)}
            max={1}
            aria-label={expenses.agreed(expense.approvals, expense.quorum)}
          />
        )}
        <p>
          <strong>{expenses.state[expense.state]}</strong>
          <span>
            {expense.quorum === 0 ? expenses.atOnce : expenses.agreed(expense.approvals, expense.quorum)}
            {expense.objections > 0 && ` · ${expenses.objected(expense.objections)}`}
          </span>
        </p>
      </div>
      {waits && (
        <footer>
          {vote !== undefined && <span className="dues-standing">{vote ? expenses.youAgreed : expenses.youObjected}</span>}
          {!own && !expense.decides && <span className="dues-standing">{expenses.tooNew}</span>}
          {expense.decides && vote !== false && (
            <Button look="quiet-alert" working={objecting.working} disabled={agreeing.working} onClick={() => objecting.submit()}>
              {expenses.object}
            </Button>
          )}
          {expense.decides && vote !== true && (
            <Button look="main" working={agreeing.working} disabled={objecting.working} onClick={() => agreeing.submit()}>
              {expenses.agree}
            </Button>
          )}
          {expense.proposedBy === me.id && <Button onClick={() => setWithdrawing(true)}>{expenses.withdraw}</Button>}
        </footer>
      )}
      <Fault text={agreeing.fault ?? objecting.fault} />
      {withdrawing && (
        <ConfirmDialog
          question={expenses.withdrawQuestion(expense.title)}
          submit={expenses.withdraw}
          act={async () => {
            await withdrawExpense(room, expense.id);
            changed();
          }}
          onClose={() => setWithdrawing(false)}
        >
          <p>{expenses.withdrawText}</p>
        </ConfirmDialog>
      )}
    </article>
  );
}
