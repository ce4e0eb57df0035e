import { parsed } from "./json";
import { Kind, type Message } from "./message";

/** A request's card, as its message says it. */
export interface Card {
  readonly request: number;
  readonly title: string;
  readonly due: string;
  readonly graceDays: number;
  readonly lateFee: number;
  readonly asked: number;
  readonly askedOf: number;
  readonly paidBy: number;
  readonly collected: number;
  readonly oddWon: number;
}

/** What became of a charge, with what the request has come to by that. */
export interface ChargeChange {
  readonly what: string;
  readonly user: number;
  readonly charge: number;
  readonly amount: number;
  readonly open: number;
  readonly void: boolean;
  readonly askedOf: number;
  readonly paidBy: number;
  readonly collected: number;
}

export interface Reminder {
  readonly what: "reminder";
  readonly title: string;
  readonly due: string;
  readonly users: readonly number[];
}

export function cardOf(message: Message): Card | null {
  return message.kind === Kind.Request ? (parsed(message.text) as Card | null) : null;
}

export function reminderOf(message: Message): Reminder | null {
  if (message.kind !== Kind.RequestChanged) return null;
  const said = parsed(message.text);
  return said !== null && said["what"] === "reminder" && Array.isArray(said["users"])
    ? (said as unknown as Reminder)
    : null;
}

export function chargeChangeOf(message: Message): ChargeChange | null {
  if (message.kind !== Kind.RequestChanged) return null;
  const said = parsed(message.text);
  if (said === null || said["what"] === "reminder") return null;
  return { ...(said as unknown as ChargeChange), void: said["void"] === true };
}

/** What requests have come to, by the newest changes that are loaded. */
export interface DuesNow {
  /** Id of the newest message by which the user is asked for something else than before. */
  readonly turn: number;
  /** The newest change of a request. */
  readonly newest: ReadonlyMap<number, ChargeChange>;
  /** The newest by which a charge of the user himself has changed. */
  readonly mine: ReadonlyMap<number, ChargeChange>;
}

/** `live`: the run that ends at the newest; one of the past does not know what came after it. */
export function duesNow(live: readonly Message[], me: number): DuesNow {
  const newest = new Map<number, ChargeChange>();
  const mine = new Map<number, ChargeChange>();
  let turn = 0;
  for (const message of live) {
    const change = chargeChangeOf(message);
    const ofMine = change?.user === me && !LEAVES.has(change.what);
    if (message.kind === Kind.Request || ofMine) turn = message.id;
    if (change === null) continue;
    newest.set(message.reference, change);
    if (ofMine) mine.set(message.reference, change);
  }
  return { turn, newest, mine };
}

/** What leaves a charge as it stood: cash that nobody confirmed. */
const LEAVES: ReadonlySet<string> = new Set(["cashRecorded", "cashDenied"]);

/** Changes that lines of the room say in words; of the others the money's own line, and the card, say enough. */
const SAID: ReadonlySet<string> = new Set(["waived", "lateFee", "creditUsed", "reopened"]);

/** Whether a message only changes a card. */
export function isQuiet(message: Message): boolean {
  const change = chargeChangeOf(message);
  return change !== null && !SAID.has(change.what);
}
