import { useEffect, useRef, useState } from "react";
import { NO_STATEMENT, chainOf, readOn, type Statement } from "../../api/statement";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";

export interface StatementView {
  /** As far as it is read. */
  readonly statement: Statement;
  readonly fault: string | undefined;
}

/** Reads a wallet's entries, and on from there when `turn` rises. */
export function useStatement(wallet: number, turn: number): StatementView {
  const strings = useStrings();
  const [statement, setStatement] = useState(NO_STATEMENT);
  const [problem, setProblem] = useState<unknown>(null);
  const known = useRef({ wallet, statement: NO_STATEMENT });

  useEffect(() => {
    let shown = true;
    if (known.current.wallet !== wallet) known.current = { wallet, statement: NO_STATEMENT };
    async function read(): Promise<void> {
      for await (const step of readOn(chainOf(wallet), known.current.statement)) {
        if (!shown) return;
        known.current = { wallet, statement: step };
        setStatement(step);
      }
      setProblem(null);
    }
    if (wallet !== 0) {
      read().catch((fault: unknown) => {
        if (shown) setProblem(fault);
      });
    }
    return () => {
      shown = false;
    };
  }, [wallet, turn]);

  return { statement, fault: problem === null ? undefined : faultText(strings, problem) };
}
