import { useCallback, useState, type ReactNode } from "react";
import { expenseRules, expenses, type Expense } from "../../api/expenses";
import { moneyDayText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import { Role } from "../../protocol/message";
import type { RoomState } from "../../room/state";
import { Button } from "../parts/Button";
import { AskAgain } from "./AskAgain";
import { ExpenseItem } from "./ExpenseItem";
import { ExpenseRulesDialog } from "./ExpenseRulesDialog";
import { More } from "./More";
import { ProposeDialog } from "./ProposeDialog";
import { rulesText } from "./rulesText";
import { useAsked } from "./useAsked";
import type { DuesView } from "./useDues";
import { useOlder } from "./useOlder";

const NONE: readonly Expense[] = [];

/** What the fund was and is to be spent on, and by which rules. */
export function ExpensesTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const strings = useStrings();
  const { dues, expenses: words } = strings;
  const [dialog, setDialog] = useState<"propose" | "rules" | null>(null);
  const { id } = room;
  const ask = useCallback(async () => {
    const [list, rules] = await Promise.all([expenses(id), expenseRules(id)]);
    return { list, rules };
  }, [id]);
  const asked = useAsked(ask, view.turn);
  const { found } = asked;
  const rules = found?.rules;
  const older = useOlder(
    found?.list ?? NONE,
    useCallback((before: number) => expenses(id, before), [id]),
  );

  function close(): void {
    setDialog(null);
    view.reload();
  }

  if (view.balances !== null && view.balances.fund === 0) return <p className="money-note">{dues.nothingYet}</p>;
  return (
    <section>
      <AskAgain asked={asked} />
      {rules !== undefined && <p className="money-note">{rulesText(strings, rules.now)}</p>}
      {rules !== undefined && rules.next !== null && (
        <p className="money-note">
          {words.rulesFrom(moneyDayText(strings, rules.next.fromMs))} {rulesText(strings, rules.next)}
        </p>
      )}
      <div className="money-ways">
        {view.balances?.keeper === true && (
          <Button look="main" onClick={() => setDialog("propose")}>
            {words.propose}
          </Button>
        )}
        {room.role === Role.Admin && rules !== undefined && (
          <Button onClick={() => setDialog("rules")}>{words.changeRules}</Button>
        )}
      </div>
      {older.rows.map((expense) => (
        <ExpenseItem key={expense.id} room={id} people={room.people} expense={expense} changed={view.reload} />
      ))}
      <More of={older} />
      {found?.list.length === 0 && <p className="money-note">{words.nothingYet}</p>}
      {dialog === "propose" && <ProposeDialog room={room} onClose={close} />}
      {dialog === "rules" && rules !== undefined && (
        <ExpenseRulesDialog room={id} rules={rules.now} onClose={close} />
      )}
    </section>
  );
}
