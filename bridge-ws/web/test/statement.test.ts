import { describe, expect, test } from "vitest";
import { NO_STATEMENT, STATEMENT_MAX, isWhole, readOn, type Chain, type Statement, type StatementLine } from "../src/api/statement";
import { LIST_PAGE } from "../src/api/http";
import { withOlderPages } from "../src/ui/money/older";

/** As the server pages: at most 500 entries, the oldest first; `size` may grow meanwhile. */
class Ledger implements Chain {
  readonly asked: number[] = [];
  constructor(public size: number) {}

  head = async () => ({ entries: this.size, hash: this.size === 0 ? "0" : `hash ${this.size}` });

  after = async (after: number): Promise<StatementLine[]> => {
    this.asked.push(after);
    const count = Math.min(500, this.size - after);
    return Array.from({ length: count }, (_, index) => line(after + index + 1));
  };
}

const line = (number: number): StatementLine => ({
  number,
  amount: 1,
  balanceAfter: number,
  postedAtMs: 0,
  counterpart: "준",
  hash: `hash ${number}`,
});

async function read(chain: Chain, known = NO_STATEMENT): Promise<Statement[]> {
  const steps: Statement[] = [];
  for await (const step of readOn(chain, known)) steps.push(step);
  return steps;
}

const ends = ({ lines }: Statement): (number | undefined)[] => [lines.length, lines[0]?.number, lines.at(-1)?.number];

describe("a statement", () => {
  test("of more entries than a page goes to the newest, whose hash is its head", async () => {
    const steps = await read(new Ledger(1_234));
    expect(steps.map(({ lines }) => lines.length)).toEqual([0, 500, 1_000, 1_234]);
    expect(steps.map(isWhole)).toEqual([false, false, false, true]);
    expect([ends(steps.at(-1)!), steps.at(-1)!.hash]).toEqual([[1_234, 1, 1_234], "hash 1234"]);
  });

  test("of pages that are full to the last asks for no page after them", async () => {
    const ledger = new Ledger(1_000);
    expect(isWhole((await read(ledger)).at(-1)!)).toBe(true);
    expect(ledger.asked).toEqual([0, 500]);
  });

  test("without entries has the head that the server says", async () => {
    const [only, ...others] = await read(new Ledger(0));
    expect([only, others]).toEqual([{ lines: [], entries: 0, hash: "0" }, []]);
    expect(isWhole(only!)).toBe(true);
  });

  test("goes on where it ended, also where it was left halfway", async () => {
    const ledger = new Ledger(1_234);
    const halfway = (await read(ledger))[1]!;
    ledger.asked.length = 0;
    const whole = (await read(ledger, halfway)).at(-1)!;
    ledger.size = 1_236;
    const next = (await read(ledger, whole)).at(-1)!;
    expect(ledger.asked).toEqual([500, 1_000, 1_234]);
    expect([ends(next), next.hash]).toEqual([[1_236, 1, 1_236], "hash 1236"]);
  });

  test("is read anew where the head contradicts what is known of it", async () => {
    const whole = (await read(new Ledger(700))).at(-1)!;
    const restored = new Ledger(600);
    expect(ends((await read(restored, whole)).at(-1)!)).toEqual([600, 1, 600]);
    const rewritten = new Ledger(700);
    rewritten.head = async () => ({ entries: 700, hash: "another" });
    await read(rewritten, whole);
    expect([restored.asked, rewritten.asked]).toEqual([[0, 500], [0, 500]]);
  });

  test("takes what came while it was read", async () => {
    const ledger = new Ledger(10);
    const after = ledger.after;
    ledger.after = (number) => {
      ledger.size = 12;
      return after(number);
    };
    const last = (await read(ledger)).at(-1)!;
    expect([ends(last), last.entries, last.hash, isWhole(last)]).toEqual([[12, 1, 12], 12, "hash 12", true]);
  });

  test("of very many is of the newest, and without a gap", async () => {
    const ledger = new Ledger(STATEMENT_MAX + 700);
    const whole = (await read(ledger)).at(-1)!;
    expect([ends(whole), whole.entries]).toEqual([[STATEMENT_MAX, 701, STATEMENT_MAX + 700], STATEMENT_MAX + 700]);
    expect(ledger.asked[0]).toBe(700);
    ledger.size += 2 * STATEMENT_MAX;
    const later = (await read(ledger, whole)).at(-1)!;
    expect(ends(later)).toEqual([STATEMENT_MAX, ledger.size - STATEMENT_MAX + 1, ledger.size]);
  });
});

test("what lies before a list's newest page is asked for page by page, to the first", async () => {
  const rows = (newest: number): { id: number }[] =>
    Array.from({ length: Math.min(newest, LIST_PAGE) }, (_, index) => ({ id: newest - index }));
  const ask = async (before: number): Promise<{ id: number }[]> => rows(before - 1);
  const ids = async (newest: number, pages: number): Promise<unknown[]> => {
    const found = await withOlderPages(rows(newest), pages, ask);
    return [found.rows.length, found.rows.at(-1)?.id, found.complete];
  };
  expect(await ids(250, 0)).toEqual([100, 151, false]);
  expect(await ids(250, 1)).toEqual([200, 51, false]);
  expect(await ids(250, 2)).toEqual([250, 1, true]);
  expect(await ids(200, 5)).toEqual([200, 1, true]);
  expect(await ids(40, 1)).toEqual([40, 1, true]);
});
