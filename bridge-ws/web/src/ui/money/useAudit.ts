import { useEffect, useState } from "react";
import { AUDIT_PAGE, type AuditLine } from "../../api/audit";
import { faultText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { useSubmit } from "../parts/useSubmit";

/** Audit lines as far as they were looked at. */
export interface Trail {
  /** The newest first. */
  readonly lines: readonly AuditLine[];
  /** Nothing lies before the last of them. */
  readonly complete: boolean;
}

export interface TrailView {
  /** Null: not known yet. */
  readonly trail: Trail | null;
  readonly working: boolean;
  readonly fault: string | undefined;
  /** Asks for what lies before, or once more for the newest where there is nothing yet. */
  more(): void;
}

/** Follows audit lines; `ask` stays the same function, `turn` rises when there may be new ones. */
export function useAudit(ask: (before?: number) => Promise<AuditLine[]>, turn: number): TrailView {
  const strings = useStrings();
  const [trail, setTrail] = useState<Trail | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    let shown = true;
    ask().then(
      (newest) => {
        if (!shown) return;
        setProblem(null);
        setTrail((known) => withNewest(known, newest));
      },
      (fault: unknown) => {
        if (shown) setProblem(fault);
      },
    );
    return () => {
      shown = false;
    };
  }, [ask, turn]);
  const { working, fault, submit } = useSubmit(async () => {
    const found = await ask(trail?.lines.at(-1)?.id);
    setProblem(null);
    setTrail((known) => withOlder(known, found));
  });
  return { trail, working, fault: fault ?? (problem === null ? undefined : faultText(strings, problem)), more: submit };
}

/** What is known, with the page of the newest before it; where lines between them are missing, that page alone. */
export function withNewest(known: Trail | null, newest: readonly AuditLine[]): Trail {
  const complete = newest.length < AUDIT_PAGE;
  const last = newest.at(-1)?.id ?? 0;
  const first = known?.lines[0]?.id ?? 0;
  if (known === null || complete || last > first) return { lines: newest, complete };
  return { lines: [...newest, ...known.lines.filter(({ id }) => id < last)], complete: known.complete };
}

/** What is known, with the page that was asked for from before its last line. */
export function withOlder(known: Trail | null, older: readonly AuditLine[]): Trail {
  const last = known?.lines.at(-1)?.id ?? Infinity;
  const lines = [...(known?.lines ?? []), ...older.filter(({ id }) => id < last)];
  return { lines, complete: older.length < AUDIT_PAGE };
}
