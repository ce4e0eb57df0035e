import { parsed } from "./json";
import { Kind, type Message } from "./message";

/** An expense, as its message says it. */
export interface ExpenseSaid {
  readonly expense: number;
  readonly title: string;
  readonly amount: number;
  /** From the treasurer's cash; absent where it is not. */
  readonly inCash?: boolean;
}

/** That expenses take something else from now on. */
export interface RulesSaid {
  readonly quorum: number;
  readonly limit: number;
  readonly waitDays: number;
  /** From when on, Unix milliseconds; without it, at once. */
  readonly fromMs?: number;
}

/** The expense whose card a message is; null for others. */
export function expenseOf(message: Message): ExpenseSaid | null {
  return message.kind === Kind.Expense ? (parsed(message.text) as unknown as ExpenseSaid | null) : null;
}

/** The rules that a message tells of; null for others. */
export function rulesOf(message: Message): RulesSaid | null {
  if (message.kind !== Kind.ExpenseChanged || message.reference !== 0) return null;
  return parsed(message.text) as unknown as RulesSaid | null;
}

/** The newest change of an expense in the run that ends at the newest: what rests on it is to be asked for again. */
export function expenseTurn(live: readonly Message[], expense: number): number {
  return live.findLast(({ kind, reference }) => kind === Kind.ExpenseChanged && reference === expense)?.id ?? 0;
}

/** Whether a message only changes a card. */
export function isQuietExpense(message: Message): boolean {
  return message.kind === Kind.ExpenseChanged && rulesOf(message) === null;
}
