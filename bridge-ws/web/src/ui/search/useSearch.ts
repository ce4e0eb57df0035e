import { useCallback, useEffect, useRef, useState } from "react";
import { searchMessages, type Hit, type Search } from "../../api/search";

/** A pause in typing after which it is searched. */
const PAUSE_MS = 250;

export interface Searching {
  /** Null: nothing is searched for. */
  readonly hits: readonly Hit[] | null;
  readonly working: boolean;
  readonly problem: unknown;
  readonly hasMore: boolean;
  more(): void;
  again(): void;
}

const NOTHING = { hits: null, next: "", problem: null } as const;

/** Searches while one types. An answer to what is not asked any more is let go of. */
export function useSearch({ keyword, room, order }: Search): Searching {
  const [found, setFound] = useState<{ hits: readonly Hit[] | null; next: string; problem: unknown }>(NOTHING);
  const [working, setWorking] = useState(false);
  const turn = useRef(0);

  const load = useCallback(
    async (before: string, sofar: readonly Hit[]) => {
      const mine = ++turn.current;
      setWorking(true);
      try {
        const page = await searchMessages({ keyword, room, order }, before);
        if (mine === turn.current) setFound({ hits: [...sofar, ...page.hits], next: page.next, problem: null });
      } catch (problem) {
        if (mine === turn.current) setFound({ hits: sofar.length > 0 ? sofar : null, next: before, problem });
      }
      if (mine === turn.current) setWorking(false);
    },
    [keyword, room, order],
  );

  useEffect(() => {
    turn.current++;
    if (keyword === "") {
      setFound(NOTHING);
      setWorking(false);
      return undefined;
    }
    const timer = setTimeout(() => void load("", []), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [keyword, load]);

  return {
    ...found,
    working,
    hasMore: found.next !== "",
    more: () => void load(found.next, found.hits ?? []),
    again: () => void load("", []),
  };
}
