import type { ReactNode } from "react";
import type { AuditLine } from "../../api/audit";
import { moneyTimeText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import { Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { actionText, amountText, detailText, originText } from "./auditText";
import type { TrailView } from "./useAudit";
import "./audit.css";

/** Audit lines, the newest first; `about` names whom or what a line belongs to. */
export function AuditTrail({
  view: { trail, working, fault, more },
  about,
  nothing,
}: {
  view: TrailView;
  about: (line: AuditLine) => string;
  nothing: string;
}): ReactNode {
  const strings = useStrings();
  const { audit } = strings;
  return (
    <>
      <ol className="audit-trail">
        {trail?.lines.map((line) => (
          <li key={line.id} data-audit={line.id}>
            <time dateTime={new Date(line.atMs).toISOString()}>{moneyTimeText(strings, line.atMs)}</time>
            <p>
              <span className="audit-about">{about(line)}</span> <strong>{actionText(strings, line)}</strong>
              <small>{detailText(strings, line)}</small>
            </p>
            <span className="audit-won">{amountText(strings, line)}</span>
            <span className="audit-from">{originText(strings, line)}</span>
          </li>
        ))}
      </ol>
      {trail?.lines.length === 0 && <p className="money-note">{nothing}</p>}
      <Fault text={fault} />
      {(trail === null ? fault !== undefined : !trail.complete) && (
        <Button working={working} onClick={more}>
          {trail === null ? strings.retry : audit.older}
        </Button>
      )}
    </>
  );
}
