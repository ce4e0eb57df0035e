import { useCallback, useEffect, useState } from "react";
import { waysIn, type WaysIn } from "../../api/oauth";

/** Until the server has said it, and where it does not: a password and nothing else. */
const PASSWORD_ALONE: WaysIn = { hasPassword: true, providers: [] };

/** How one gets into one's account, and a way to ask again. */
export function useWaysIn(): [WaysIn, () => void] {
  const [ways, setWays] = useState(PASSWORD_ALONE);
  const ask = useCallback(() => {
    waysIn().then(setWays, () => undefined);
  }, []);
  useEffect(ask, [ask]);
  return [ways, ask];
}
