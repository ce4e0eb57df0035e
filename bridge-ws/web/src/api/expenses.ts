import { ask, beforeThat, fieldsOf, keyed, numberOf, rowsOf, textOf } from "./http";

export type ExpenseState = "proposed" | "posted" | "refused" | "expired" | "withdrawn";

/** What the room's fund is spent on; amounts are whole won, times local ones of Seoul. */
export interface Expense {
  readonly id: number;
  readonly title: string;
  readonly note: string;
  readonly amount: number;
  /** The member who is paid; 0: somebody outside. */
  readonly payee: number;
  readonly payeeName: string;
  /** From the cash in the treasurer's hands, not out of the fund. */
  readonly inCash: boolean;
  /** Id of the receipt's file; empty where there is none. */
  readonly file: string;
  readonly proposedBy: number;
  readonly expiresAt: string;
  readonly state: ExpenseState;
  /** So many have to agree; 0: it was within the limit. */
  readonly quorum: number;
  readonly approvals: number;
  readonly objections: number;
  /** Whether one may decide on it oneself. */
  readonly decides: boolean;
  readonly votes: readonly { user: number; approve: boolean }[];
}

/** What an expense takes. */
export interface ExpenseRules {
  readonly quorum: number;
  /** Up to so many won it is paid at once. */
  readonly limit: number;
  readonly waitDays: number;
}

/** The rules in force, and looser ones that come later. */
export interface RulesInForce {
  readonly now: ExpenseRules;
  readonly next: (ExpenseRules & { readonly fromMs: number }) | null;
}

export interface NewExpense {
  readonly title: string;
  readonly note: string;
  readonly amount: number;
  readonly payee: number | null;
  readonly payeeName: string;
  readonly file: string | null;
  readonly inCash: boolean;
}

const place = (room: number): string => `/api/v1/rooms/${room}/expenses`;

/** The newest expenses; with `before`, those that were proposed before that one. */
export async function expenses(room: number, before?: number): Promise<Expense[]> {
  return rowsOf(await ask("GET", place(room) + beforeThat(before))).map(expenseOf);
}

export async function expense(room: number, id: number): Promise<Expense> {
  return expenseOf(fieldsOf(await ask("GET", `${place(room)}/${id}`)));
}

export async function proposeExpense(room: number, expense: NewExpense, key: string): Promise<void> {
  await ask("POST", place(room), expense, keyed(key));
}

export async function voteOn(room: number, id: number, approve: boolean): Promise<void> {
  await ask("PUT", `${place(room)}/${id}/vote`, { approve });
}

export async function withdrawExpense(room: number, id: number): Promise<void> {
  await ask("DELETE", `${place(room)}/${id}`);
}

export async function expenseRules(room: number): Promise<RulesInForce> {
  const rules = fieldsOf(await ask("GET", `/api/v1/rooms/${room}/expense-rules`));
  const next = fieldsOf(rules["next"]);
  // Local time of Seoul.
  const fromMs = Date.parse(`${textOf(next["from"])}+09:00`);
  return { now: rulesOf(rules), next: Number.isNaN(fromMs) ? null : { ...rulesOf(next), fromMs } };
}

function rulesOf(rules: Record<string, unknown>): ExpenseRules {
  return {
    quorum: numberOf(rules["quorum"]),
    limit: numberOf(rules["limit"]),
    waitDays: numberOf(rules["waitDays"]),
  };
}

export async function setExpenseRules(room: number, rules: ExpenseRules): Promise<void> {
  await ask("PUT", `/api/v1/rooms/${room}/expense-rules`, rules);
}

function expenseOf(row: Record<string, unknown>): Expense {
  const state = textOf(row["state"]);
  return {
    id: numberOf(row["id"]),
    title: textOf(row["title"]),
    note: textOf(row["note"]),
    amount: numberOf(row["amount"]),
    payee: numberOf(row["payee"]),
    payeeName: textOf(row["payeeName"]),
    inCash: row["inCash"] === true,
    // The id becomes part of an address, and must not lead anywhere else.
    file: /^\d+$/.test(textOf(row["file"])) ? textOf(row["file"]) : "",
    proposedBy: numberOf(row["proposedBy"]),
    expiresAt: textOf(row["expiresAt"]),
    state: isState(state) ? state : "withdrawn",
    quorum: numberOf(row["quorum"]),
    approvals: numberOf(row["approvals"]),
    objections: numberOf(row["objections"]),
    decides: row["decides"] === true,
    votes: rowsOf(row["votes"]).map((vote) => ({ user: numberOf(vote["user"]), approve: vote["approve"] === true })),
  };
}

function isState(state: string): state is ExpenseState {
  return ["proposed", "posted", "refused", "expired", "withdrawn"].includes(state);
}
