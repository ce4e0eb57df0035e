import { memo, type ReactNode } from "react";
import { isWhole, type StatementLine } from "../../api/statement";
import { moneyTimeText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { Button } from "../parts/Button";
import { AskAgain } from "./AskAgain";
import { useStatement } from "./useStatement";
import type { DuesView } from "./useDues";

/** The fund's entries, with the head of their chain; it prints by itself. */
export function StatementTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const fund = view.balances?.fund ?? 0;
  const { statement, fault } = useStatement(fund, view.turn);
  const { lines, entries, hash } = statement;
  const whole = isWhole(statement);
  if (view.balances === null) return null;
  if (fund === 0) return <p className="money-note">{dues.nothingYet}</p>;
  return (
    <section className="money-statement">
      <header>
        <h3>{dues.statementOf(room.name)}</h3>
        <Button disabled={!whole} onClick={() => window.print()}>{dues.print}</Button>
      </header>
      <AskAgain asked={{ fault, again: view.reload }} />
      {fault === undefined && !whole && (
        <p className="money-note" role="status">
          {dues.reading(lines.length, entries)}
        </p>
      )}
      {whole && lines.length < entries && <p className="money-note">{dues.newestOf(lines.length, entries)}</p>}
      <div className="money-table scroll" tabIndex={0} role="region" aria-label={dues.tabs.statement}>
        <table>
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">{dues.date}</th>
              <th scope="col">{dues.who}</th>
              <th scope="col" className="is-won">
                {dues.came}
              </th>
              <th scope="col" className="is-won">
                {dues.went}
              </th>
              <th scope="col" className="is-won">
                {dues.balance}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Row key={line.number} line={line} />
            ))}
          </tbody>
        </table>
      </div>
      {whole && entries > 0 && (
        <p className="money-head">
          <strong>{dues.head}</strong> <code>{hash}</code>
          <span>{dues.headText}</span>
        </p>
      )}
    </section>
  );
}

/** Once drawn it stays as it is, however many others come. */
const Row = memo(function Row({ line }: { line: StatementLine }): ReactNode {
  const strings = useStrings();
  const { won } = strings.dues;
  return (
    <tr>
      <td className="is-number">{line.number}</td>
      <td className="is-time">{moneyTimeText(strings, line.postedAtMs)}</td>
      <td>{line.counterpart}</td>
      <td className="is-won">{line.amount > 0 ? won(line.amount) : ""}</td>
      <td className="is-won">{line.amount < 0 ? won(-line.amount) : ""}</td>
      <td className="is-won">{won(line.balanceAfter)}</td>
    </tr>
  );
});
