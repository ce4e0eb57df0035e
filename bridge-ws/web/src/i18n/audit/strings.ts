/** Those that are a transfer, by the server's names: their lines say from which wallet to which. */
export const TRANSFERS = [
  "transferred",
  "deposited",
  "held",
  "posted",
  "voided",
  "expired",
  "corrected",
  "reservationRun",
  "duesPaid",
  "cashConfirmed",
  "refunded",
  "creditReturned",
  "expenseReserved",
  "expensePaid",
  "expenseGivenUp",
] as const;

/** Actions that the page has words for; a test compares them with the server's table. */
export const ACTIONS = [
  ...TRANSFERS,
  "walletOpened",
  "walletClosed",
  "groupWalletOpened",
  "groupWalletJoined",
  "groupWalletClosed",
  "reservationBooked",
  "reservationCancelled",
  "planOpened",
  "planChanged",
  "planEnded",
  "duesAsked",
  "lateFeeCharged",
  "waived",
  "cashRecorded",
  "cashDenied",
  "chargesVoided",
  "chargesReopened",
  "expenseApproved",
  "expenseObjected",
  "spendingRulesChanged",
  "officeChanged",
  "depositMatched",
] as const;

export type Action = (typeof ACTIONS)[number];
export type Via = "unknown" | "server" | "operator" | "rest" | "native" | "bank";

/** Texts about audit lines. */
export interface AuditStrings {
  readonly tab: string;
  readonly text: string;
  readonly nothingYet: string;
  readonly older: string;
  readonly own: string;
  readonly ownNothingYet: string;
  readonly actions: Readonly<Record<Action, string>>;
  readonly via: Readonly<Record<Via, string>>;
}
