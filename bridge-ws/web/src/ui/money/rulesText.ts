import type { ExpenseRules } from "../../api/expenses";
import type { Strings } from "../../i18n/strings";

/** What an expense takes, in words. */
export function rulesText({ dues, expenses }: Strings, { quorum, limit, waitDays }: ExpenseRules): string {
  const text = expenses.rules(quorum, waitDays);
  return limit > 0 ? `${text} ${expenses.rulesLimit(dues.won(limit))}` : text;
}
