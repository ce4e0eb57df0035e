import { LIST_PAGE } from "../../api/http";

interface Numbered {
  readonly id: number;
}

/** Rows of a list, the newest first. */
export interface Rows<T> {
  readonly rows: readonly T[];
  /** Nothing lies before the last of them. */
  readonly complete: boolean;
}

/** The newest page of a list with so many pages that lie before it. */
export async function withOlderPages<T extends Numbered>(
  newest: readonly T[],
  pages: number,
  ask: (before: number) => Promise<readonly T[]>,
): Promise<Rows<T>> {
  const rows = [...newest];
  let complete = newest.length < LIST_PAGE;
  for (let page = 0; page < pages && !complete; page += 1) {
    const older = await ask(rows.at(-1)?.id ?? 0);
    rows.push(...older);
    complete = older.length < LIST_PAGE;
  }
  return { rows, complete };
}
