import { useCallback, useEffect, useState } from "react";
import { LIST_PAGE } from "../../api/http";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { withOlderPages, type Rows } from "./older";

export interface OlderView<T> extends Rows<T> {
  readonly working: boolean;
  readonly fault: string | undefined;
  /** Shows one page more. */
  more(): void;
}

interface Asked<T> extends Rows<T> {
  /** With which newest page they were asked for, and how many older ones. */
  readonly newest: readonly T[];
  readonly pages: number;
  readonly problem: unknown;
}

/**
 * The newest page of a list, and as many before it as were asked for. They are asked for anew with each newest page, so
 * that all of them are of one time; `ask` stays the same function.
 */
export function useOlder<T extends { readonly id: number }>(
  newest: readonly T[],
  ask: (before: number) => Promise<readonly T[]>,
): OlderView<T> {
  const strings = useStrings();
  const [pages, setPages] = useState(0);
  const [asked, setAsked] = useState<Asked<T> | null>(null);
  useEffect(() => {
    let shown = true;
    if (pages === 0) return undefined;
    withOlderPages(newest, pages, ask).then(
      (found) => shown && setAsked({ ...found, newest, pages, problem: null }),
      (problem: unknown) => {
        if (shown) setAsked((before) => ({ rows: newest, complete: false, ...before, newest, pages, problem }));
      },
    );
    return () => {
      shown = false;
    };
  }, [newest, pages, ask]);
  const more = useCallback(() => setPages((before) => before + 1), []);
  const alone = { rows: newest, complete: newest.length < LIST_PAGE };
  const { rows, complete } = pages === 0 || asked === null ? alone : asked;
  const working = pages > 0 && (asked?.newest !== newest || asked.pages !== pages);
  const problem = asked?.problem ?? null;
  return { rows, complete, working, fault: problem === null ? undefined : faultText(strings, problem), more };
}
