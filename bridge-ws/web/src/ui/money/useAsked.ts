import { useCallback, useEffect, useState } from "react";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";

export interface Asked<T> {
  /** What the server last said to this question; null: nothing yet. */
  readonly found: T | null;
  /** Why the last asking failed; undefined where it did not. */
  readonly fault: string | undefined;
  /** How often it was asked once more. */
  readonly tries: number;
  again(): void;
}

/**
 * What the server says to a question. `ask` stays the same function as long as the question is the same: an answer to
 * another one is never shown. `turn` changes when there may be news.
 */
export function useAsked<T>(ask: () => Promise<T>, turn: number): Asked<T> {
  const strings = useStrings();
  const [tries, setTries] = useState(0);
  const [answer, setAnswer] = useState<{ to: unknown; found: T | null; problem: unknown }>();
  useEffect(() => {
    let wanted = true;
    ask().then(
      (found) => wanted && setAnswer({ to: ask, found, problem: null }),
      (problem: unknown) =>
        wanted && setAnswer((before) => ({ to: ask, found: before?.to === ask ? before.found : null, problem })),
    );
    return () => {
      wanted = false;
    };
  }, [ask, turn, tries]);
  const again = useCallback(() => setTries((before) => before + 1), []);
  const { found = null, problem = null } = answer?.to === ask ? answer : {};
  return {
    found,
    fault: problem === null ? undefined : faultText(strings, problem),
    tries,
    again,
  };
}
