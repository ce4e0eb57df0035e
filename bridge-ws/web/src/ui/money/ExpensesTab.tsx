import { useEffect, useState, type ReactNode } from "react";
import { expenseRules, expenses as ask, type Expense, type RulesInForce } from "../../api/expenses";
import { moneyDayText } from "../../i18n/dates";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { ExpenseItem } from "./ExpenseItem";
import { ExpenseRulesDialog } from "./ExpenseRulesDialog";
import { ProposeDialog } from "./ProposeDialog";
import { rulesText } from "./rulesText";
import type { DuesView } from "./useDues";

/** What the fund was and is to be spent on, and by which rules. */
export function ExpensesTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const strings = useStrings();
  const { dues, expenses } = strings;
  const [found, setFound] = useState<{ list: Expense[]; rules: RulesInForce } | null>(null);
  const [fault, setFault] = useState<string>();
  const [dialog, setDialog] = useState<"propose" | "rules" | null>(null);
  const { id } = room;
  const rules = found?.rules;

  useEffect(() => {
    let shown = true;
    Promise.all([ask(id), expenseRules(id)]).then(
      ([list, rules]) => {
        if (shown) setFound({ list, rules });
      },
      (problem: unknown) => {
        if (shown) setFault(faultText(strings, problem));
      },
    );
    return () => {
      shown = false;
    };
  }, [id, view.turn, strings]);

  function close(): void {
    setDialog(null);
    view.reload();
  }

  if (view.balances !== null && view.balances.fund === 0) return <p className="money-note">{dues.nothingYet}</p>;
  return (
    <section>
      <Fault text={fault} />
      {rules !== undefined && <p className="money-note">{rulesText(strings, rules.now)}</p>}
      {rules !== undefined && rules.next !== null && (
        <p className="money-note">
          {expenses.rulesFrom(moneyDayText(strings, rules.next.fromMs))} {rulesText(strings, rules.next)}
        </p>
      )}
      <div className="money-ways">
        {view.balances?.keeper === true && (
          <Button look="main" onClick={() => setDialog("propose")}>
            {expenses.propose}
          </Button>
        )}
        {room.role === Role.Admin && rules !== undefined && (
          <Button onClick={() => setDialog("rules")}>{expenses.changeRules}</Button>
        )}
      </div>
      {found?.list.map((expense) => (
        <ExpenseItem key={expense.id} room={id} people={room.people} expense={expense} changed={view.reload} />
      ))}
      {found?.list.length === 0 && <p className="money-note">{expenses.nothingYet}</p>}
      {dialog === "propose" && <ProposeDialog room={room} onClose={close} />}
      {dialog === "rules" && rules !== undefined && (
        <ExpenseRulesDialog room={id} rules={rules.now} onClose={close} />
      )}
    </section>
  );
}
