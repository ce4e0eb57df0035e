import { ask, fieldsOf, numberOf, rowsOf, textOf } from "./http";

/** Entries that are asked for at once: as many as the server gives. */
const PAGE = 500;
/** Entries that are shown, the newest of them: a group that pays ten times a day fills them in four years. */
export const STATEMENT_MAX = 15_000;

/** An entry of a group's wallet. */
export interface StatementLine {
  readonly number: number;
  readonly amount: number;
  readonly balanceAfter: number;
  readonly postedAtMs: number;
  readonly counterpart: string;
  readonly hash: string;
}

/** What a wallet's chain has come to. */
export interface ChainHead {
  readonly entries: number;
  readonly hash: string;
}

/** The entries of a wallet, as far as they are known: the newest at the end, without a gap. */
export interface Statement {
  readonly lines: readonly StatementLine[];
  /** How many there were when the chain's head was last asked for. */
  readonly entries: number;
  /** The hash of the newest. */
  readonly hash: string;
}

export const NO_STATEMENT: Statement = { lines: [], entries: 0, hash: "" };

/** Where a statement comes from. */
export interface Chain {
  head(): Promise<ChainHead>;
  /** Entries with numbers above `after`, the oldest first. */
  after(after: number): Promise<StatementLine[]>;
}

/** The chain of a group's wallet. */
export function chainOf(wallet: number): Chain {
  const place = `/api/v1/ledger/groups/${wallet}`;
  return {
    async head() {
      const head = fieldsOf(await ask("GET", `${place}/head`));
      return { entries: numberOf(head["entries"]), hash: textOf(head["hash"]) };
    },
    async after(after) {
      return rowsOf(await ask("GET", `${place}/entries?after=${after}&limit=${PAGE}`)).map(lineOf);
    },
  };
}

/**
 * Reads on from what is `known` to the chain's end, and gives each step. Entries are never changed, so that none is asked
 * for twice.
 */
export async function* readOn(chain: Chain, known: Statement): AsyncGenerator<Statement> {
  const head = await chain.head();
  const newest = known.lines.at(-1);
  // A head that contradicts what is known, as after a restore of the database: all of it is asked for again.
  const agrees = newest !== undefined && (newest.number < head.entries || newest.hash === head.hash);
  const from = Math.max(agrees ? newest.number : 0, head.entries - STATEMENT_MAX);
  let lines = agrees && newest.number === from ? known.lines : [];
  for (let last = from; last < head.entries; last = lines.at(-1)?.number ?? last) {
    yield { lines, entries: head.entries, hash: "" };
    const page = await chain.after(last);
    if (page.length === 0) break;
    lines = [...lines, ...page].slice(-STATEMENT_MAX);
  }
  const last = lines.at(-1);
  // Entries may have come since the head was asked for.
  yield { lines, entries: Math.max(head.entries, last?.number ?? 0), hash: last?.hash ?? head.hash };
}

/** Whether it goes to the chain's end. */
export function isWhole({ lines, entries, hash }: Statement): boolean {
  return hash !== "" && (lines.at(-1)?.number ?? 0) === entries;
}

function lineOf(row: Record<string, unknown>): StatementLine {
  return {
    number: numberOf(row["number"]),
    amount: numberOf(row["amount"]),
    balanceAfter: numberOf(row["balanceAfter"]),
    postedAtMs: numberOf(row["postedAtUnixMs"]),
    counterpart: textOf(row["counterpartName"]),
    hash: textOf(row["hash"]),
  };
}
