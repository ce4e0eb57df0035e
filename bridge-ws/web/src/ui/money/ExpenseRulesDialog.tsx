import { useState, type ReactNode } from "react";
import { setExpenseRules, type ExpenseRules } from "../../api/expenses";
import { useStrings } from "../../i18n/language";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { DigitsField } from "../parts/DigitsField";
import { useSubmit } from "../parts/useSubmit";

/** For admins: what an expense takes from now on. */
export function ExpenseRulesDialog({
  room,
  rules,
  onClose,
}: {
  room: number;
  rules: ExpenseRules;
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { expenses } = strings;
  const [fields, setFields] = useState({
    quorum: String(rules.quorum),
    limit: String(rules.limit),
    waitDays: String(rules.waitDays),
  });
  const { working, fault, submit } = useSubmit(async () => {
    const { quorum, limit, waitDays } = fields;
    await setExpenseRules(room, { quorum: Number(quorum), limit: Number(limit), waitDays: Number(waitDays) });
    onClose();
  });
  const field = (name: keyof typeof fields): ReactNode => (
    <DigitsField
      label={expenses[name]}
      value={fields[name]}
      onDigits={(digits) => setFields({ ...fields, [name]: digits })}
    />
  );
  return (
    <Dialog title={expenses.changeRules} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        {field("quorum")}
        {field("limit")}
        {field("waitDays")}
        <p className="dialog-text">{expenses.rulesText}</p>
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working}>
            {expenses.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
