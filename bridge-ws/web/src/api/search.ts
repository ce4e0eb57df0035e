import { ask, fieldsOf, numberOf, rowsOf, textOf } from "./http";

/** A message that a search found. */
export interface Hit {
  readonly room: number;
  readonly roomName: string;
  readonly message: number;
  readonly author: number;
  readonly authorName: string;
  readonly text: string;
  /** What was found of `text`: from, and up to but without, in UTF-16 units; rising, apart from each other. */
  readonly highlights: readonly (readonly [number, number])[];
}

export interface HitPage {
  readonly hits: readonly Hit[];
  /** What to ask for as `before` to go on; empty: nothing is left. */
  readonly next: string;
}

export interface Search {
  readonly keyword: string;
  /** 0: all of the user's rooms. */
  readonly room: number;
  readonly order: "newest" | "best";
}

/** Messages on one page of hits. */
const PAGE_HITS = 30;

export async function searchMessages({ keyword, room, order }: Search, before: string): Promise<HitPage> {
  const query = new URLSearchParams({ keyword, order, limit: String(PAGE_HITS) });
  if (room !== 0) query.set("room", String(room));
  if (before !== "") query.set("before", before);
  const fields = fieldsOf(await ask("GET", `/api/v1/search?${query}`));
  return { hits: rowsOf(fields["hits"]).map(hitOf), next: textOf(fields["next"]) };
}

function hitOf(row: Record<string, unknown>): Hit {
  const highlights = Array.isArray(row["highlights"]) ? (row["highlights"] as unknown[]) : [];
  return {
    room: numberOf(row["roomId"]),
    roomName: textOf(row["roomName"]),
    message: numberOf(row["messageId"]),
    author: numberOf(row["authorId"]),
    authorName: textOf(row["authorName"]),
    text: textOf(row["text"]),
    highlights: highlights.filter(Array.isArray).map(([from, to]) => [numberOf(from), numberOf(to)] as const),
  };
}
