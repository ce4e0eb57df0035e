import { ApiError, ask, beforeThat, fieldsOf, keyed, numberOf, rowsOf, textOf } from "./http";

export type Standing = "open" | "paid" | "exempt" | "void";

/** What a request asks of one member; amounts are whole won. */
export interface Charge {
  readonly id: number;
  readonly request: number;
  readonly user: number;
  readonly amount: number;
  readonly lateFee: number;
  readonly waived: number;
  readonly paid: number;
  readonly open: number;
  readonly standing: Standing;
  readonly reason: string;
}

export interface ChargeOfMember extends Charge {
  readonly name: string;
  /** Local time of Seoul; empty where nothing came yet. */
  readonly movedAt: string;
}

export interface OwnCharge extends Charge {
  readonly room: number;
  readonly roomName: string;
  readonly title: string;
  readonly due: string;
}

/** A period of a plan, as it was asked. */
export interface DuesRequest {
  readonly id: number;
  readonly plan: number;
  readonly title: string;
  readonly due: string;
  readonly graceDays: number;
  readonly lateFee: number;
  readonly askedOf: number;
  readonly paidBy: number;
  readonly collected: number;
}

export interface Balances {
  /** Account of the group's wallet that keeps the dues; 0 where there are none yet. */
  readonly fund: number;
  readonly fundBalance: number;
  readonly cashBalance: number;
  /** How much of both is promised to expenses that wait. */
  readonly reserved: number;
  readonly members: readonly { user: number; name: string; credit: number; byWallet: number; byCash: number }[];
  /** The user may do what a treasurer does. */
  readonly keeper: boolean;
}

export type AmountKind = "equal" | "own" | "tiers" | "shared";
export type Repeat = "once" | "monthly" | "weekly";

export interface Terms {
  readonly title: string;
  readonly amountKind: AmountKind;
  readonly amount: number;
  readonly tiers: readonly { name: string; amount: number }[];
  readonly members: readonly { user: number; amount?: number | null; tier?: number | null; exempt?: string | null }[];
  readonly firstDue: string;
  readonly repeat: Repeat;
  readonly weeks: number;
  readonly askDays: number;
  readonly graceDays: number;
  readonly lateFee: number;
}

export interface Plan {
  readonly id: number;
  readonly terms: Terms;
  readonly nextDue: string;
}

export interface Receipt {
  readonly id: number;
  readonly user: number;
  readonly amount: number;
  readonly note: string;
  readonly recordedBy: number;
  readonly state: "waiting" | "confirmed" | "denied";
}

const place = (room: number): string => `/api/v1/rooms/${room}/dues`;

/** The newest requests; with `before`, those that were made before that one. */
export async function duesRequests(room: number, before?: number): Promise<DuesRequest[]> {
  return rowsOf(await ask("GET", `${place(room)}/requests${beforeThat(before)}`)).map(requestOf);
}

export async function duesRequest(room: number, id: number): Promise<readonly [DuesRequest, ChargeOfMember[]]> {
  const { request, charges } = fieldsOf(await ask("GET", `${place(room)}/requests/${id}`));
  const named = rowsOf(charges).map((row) => ({
    ...chargeOf(row),
    name: textOf(row["name"]),
    movedAt: textOf(row["movedAt"]),
  }));
  return [requestOf(fieldsOf(request)), named];
}

/** The user's own charges of all rooms, the newest first. */
export async function ownCharges(): Promise<OwnCharge[]> {
  return rowsOf(await ask("GET", "/api/v1/dues/mine")).map((row) => ({
    ...chargeOf(row),
    room: numberOf(row["room"]),
    roomName: textOf(row["roomName"]),
    title: textOf(row["title"]),
    due: textOf(row["due"]),
  }));
}

export async function duesBalances(room: number): Promise<Balances> {
  const answer = fieldsOf(await ask("GET", `${place(room)}/balances`));
  return {
    fund: numberOf(answer["fund"]),
    fundBalance: numberOf(answer["fundBalance"]),
    cashBalance: numberOf(answer["cashBalance"]),
    reserved: numberOf(answer["fundReserved"]) + numberOf(answer["cashReserved"]),
    members: rowsOf(answer["members"]).map((row) => ({
      user: numberOf(row["user"]),
      name: textOf(row["name"]),
      credit: numberOf(row["credit"]),
      byWallet: numberOf(row["byWallet"]),
      byCash: numberOf(row["byCash"]),
    })),
    keeper: answer["keeper"] === true,
  };
}

export async function plans(room: number): Promise<Plan[]> {
  return rowsOf(await ask("GET", `${place(room)}/plans`)).map((row) => ({
    id: numberOf(row["id"]),
    // The server's own shape, written by it alone.
    terms: row["terms"] as Terms,
    nextDue: textOf(row["nextDue"]),
  }));
}

export async function savePlan(room: number, plan: number | null, terms: Terms, key: string): Promise<void> {
  if (plan === null) await ask("POST", `${place(room)}/plans`, terms, keyed(key));
  else await ask("PUT", `${place(room)}/plans/${plan}`, terms);
}

export async function endPlan(room: number, plan: number): Promise<void> {
  await ask("DELETE", `${place(room)}/plans/${plan}`);
}

export async function payCharge(
  room: number,
  charge: number,
  amount: number,
  password: string,
  key: string,
): Promise<void> {
  await ask("POST", `${place(room)}/charges/${charge}/payments`, { amount, password }, keyed(key)).catch(
    renamed({ WrongPassword: "WrongWalletPassword" }),
  );
}

export async function recordCash(
  room: number,
  charge: number,
  amount: number,
  note: string,
  key: string,
): Promise<void> {
  await ask("POST", `${place(room)}/charges/${charge}/cash`, { amount, note }, keyed(key));
}

export async function refundCharge(
  room: number,
  charge: number,
  amount: number,
  by: "wallet" | "cash",
  key: string,
): Promise<void> {
  await ask("POST", `${place(room)}/charges/${charge}/refunds`, { amount, by }, keyed(key));
}

export async function waiveCharge(room: number, charge: number, reason: string): Promise<void> {
  await ask("POST", `${place(room)}/charges/${charge}/waiver`, { reason });
}

export async function receipts(room: number): Promise<Receipt[]> {
  return rowsOf(await ask("GET", `${place(room)}/cash`)).map((row) => ({
    id: numberOf(row["id"]),
    user: numberOf(row["user"]),
    amount: numberOf(row["amount"]),
    note: textOf(row["note"]),
    recordedBy: numberOf(row["recordedBy"]),
    state: textOf(row["state"]) as Receipt["state"],
  }));
}

export async function settleReceipt(room: number, receipt: number, confirmed: boolean): Promise<void> {
  await ask("POST", `${place(room)}/cash/${receipt}/${confirmed ? "confirmation" : "denial"}`);
}

/** Where the board is to be had as a table. */
export function exportPath(room: number, request: number | null, language: string): string {
  const one = request === null ? "" : `request=${request}&`;
  return `${place(room)}/export?${one}lang=${language}`;
}

/** What the user's wallet holds; null without one. */
export async function walletBalance(): Promise<number | null> {
  try {
    return numberOf(fieldsOf(await ask("GET", "/api/wallet/user"))["money"]);
  } catch (fault) {
    if (fault instanceof ApiError && fault.fault === "NoSuchWallet") return null;
    throw fault;
  }
}

export async function openWallet(password: string): Promise<void> {
  // The password is all that it asks for.
  await ask("POST", "/api/wallet/user", { password }).catch(renamed({ InvalidField: "InvalidWalletPassword" }));
}

/** Throws a refusal on, by the name that the page has for it where it was about a wallet. */
export function renamed(names: Readonly<Record<string, string>>): (fault: unknown) => never {
  return (fault) => {
    if (!(fault instanceof ApiError)) throw fault;
    throw new ApiError(fault.status, names[fault.fault] ?? fault.fault, fault.message);
  };
}

function requestOf(row: Record<string, unknown>): DuesRequest {
  return {
    id: numberOf(row["id"]),
    plan: numberOf(row["plan"]),
    title: textOf(row["title"]),
    due: textOf(row["due"]),
    graceDays: numberOf(row["graceDays"]),
    lateFee: numberOf(row["lateFee"]),
    askedOf: numberOf(row["askedOf"]),
    paidBy: numberOf(row["paidBy"]),
    collected: numberOf(row["collected"]),
  };
}

function chargeOf(row: Record<string, unknown>): Charge {
  return {
    id: numberOf(row["id"]),
    request: numberOf(row["request"]),
    user: numberOf(row["user"]),
    amount: numberOf(row["amount"]),
    lateFee: numberOf(row["lateFee"]),
    waived: numberOf(row["waived"]),
    paid: numberOf(row["paid"]),
    open: numberOf(row["open"]),
    standing: textOf(row["standing"]) as Standing,
    reason: textOf(row["reason"]),
  };
}
