import type { AuditLine } from "../../api/audit";
import { TRANSFERS } from "../../i18n/audit/strings";
import type { Strings } from "../../i18n/strings";
import { rulesText } from "./rulesText";

/** What was done; by its name where a newer server knows more than the page. */
export function actionText({ audit }: Strings, { action }: AuditLine): string {
  return wordFor(audit.actions, action);
}

/** How much it is about; of rules, what else there is to say has it. */
export function amountText({ dues }: Strings, { action, amount }: AuditLine): string {
  return amount === 0 || action === "spendingRulesChanged" ? "" : dues.won(amount);
}

/** By which way, and from which address or network where there is one. */
export function originText({ audit }: Strings, { via, address }: AuditLine): string {
  const way = wordFor(audit.via, via);
  return address === "" ? way : `${way} · ${address}`;
}

/** How many agree, up to how much at once, how many days; and from which day on where that is a later one. */
const RULES = /^(\d+) \/ (\d+) KRW \/ (\d+)(?: from (\d{4}-\d{2}-\d{2}))?$/;

const MOVES: ReadonlySet<string> = new Set(TRANSFERS);

/** What else there is to say; what the server says for programs, as an office, in words. */
export function detailText(strings: Strings, { action, detail }: AuditLine): string {
  const { dues, people } = strings;
  if (MOVES.has(action)) {
    // The account of the world outside has a name for programs, too.
    return detail.replace(/^external →/, `${dues.outside} →`).replace(/→ external$/, `→ ${dues.outside}`);
  }
  const office = action === "officeChanged" ? /^(.*): (treasurer|auditor|none)$/s.exec(detail) : null;
  if (office !== null) {
    const [, name, given] = office;
    const words = { treasurer: people.treasurer, auditor: people.auditor, none: people.noOffice };
    return `${name} · ${words[given as keyof typeof words]}`;
  }
  const rules = action === "spendingRulesChanged" ? RULES.exec(detail) : null;
  if (rules === null) return detail;
  const [quorum = 0, limit = 0, waitDays = 0] = rules.slice(1, 4).map(Number);
  const text = rulesText(strings, { quorum, limit, waitDays });
  return rules[4] === undefined ? text : `${strings.expenses.rulesFrom(rules[4])} ${text}`;
}

function wordFor(words: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(words, name) ? (words[name] ?? name) : name;
}
