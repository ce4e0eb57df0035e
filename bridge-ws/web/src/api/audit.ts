import { ask, numberOf, rowsOf, textOf } from "./http";

/** Lines that are asked for at once. */
export const AUDIT_PAGE = 50;

/** Who did what with money, when, and from where. */
export interface AuditLine {
  readonly id: number;
  readonly atMs: number;
  /** 0: nobody, but the server, the operator or the bank. */
  readonly actor: number;
  readonly actorName: string;
  readonly via: string;
  /** Of others a network alone; empty where there is none to tell. */
  readonly address: string;
  /** Newer servers may know more than the page has words for. */
  readonly action: string;
  /** 0: of no room. */
  readonly room: number;
  /** Whole won; 0 where it is about none. */
  readonly amount: number;
  readonly detail: string;
}

/** A room's, the newest first, from before the line `before`. */
export function roomAudit(room: number, before?: number): Promise<AuditLine[]> {
  return page(`/api/v1/rooms/${room}/audit`, before);
}

/** The user's own, of all rooms. */
export function ownAudit(before?: number): Promise<AuditLine[]> {
  return page("/api/v1/ledger/audit", before);
}

async function page(path: string, before: number | undefined): Promise<AuditLine[]> {
  const from = before === undefined ? "" : `&before=${before}`;
  return rowsOf(await ask("GET", `${path}?limit=${AUDIT_PAGE}${from}`)).map(lineOf);
}

function lineOf(row: Record<string, unknown>): AuditLine {
  return {
    id: numberOf(row["id"]),
    atMs: Date.parse(textOf(row["at"])),
    actor: numberOf(row["actor"]),
    actorName: textOf(row["actorName"]),
    via: textOf(row["via"]),
    address: textOf(row["address"]),
    action: textOf(row["action"]),
    room: numberOf(row["room"]),
    amount: numberOf(row["amount"]),
    detail: textOf(row["detail"]),
  };
}
