import { useEffect, useState, type ReactNode } from "react";
import { statement, type StatementLine } from "../../api/dues";
import { moneyTimeText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { Button } from "../parts/Button";
import type { DuesView } from "./useDues";

/** The fund's entries, with the head of their chain; it prints by itself. */
export function StatementTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const [lines, setLines] = useState<readonly StatementLine[]>([]);
  const fund = view.balances?.fund ?? 0;
  useEffect(() => {
    let shown = true;
    if (fund === 0) return undefined;
    statement(fund).then(
      (found) => shown && setLines(found),
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, [fund, view.turn]);
  const last = lines.at(-1);
  if (fund === 0) return <p className="money-note">{dues.nothingYet}</p>;
  return (
    <section className="money-statement">
      <header>
        <h3>{dues.statementOf(room.name)}</h3>
        <Button onClick={() => window.print()}>{dues.print}</Button>
      </header>
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
              <tr key={line.number}>
                <td>{line.number}</td>
                <td className="is-time">{moneyTimeText(strings, line.postedAtMs)}</td>
                <td>{line.counterpart}</td>
                <td className="is-won">{line.amount > 0 ? dues.won(line.amount) : ""}</td>
                <td className="is-won">{line.amount < 0 ? dues.won(-line.amount) : ""}</td>
                <td className="is-won">{dues.won(line.balanceAfter)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {last !== undefined && (
        <p className="money-head">
          <strong>{dues.head}</strong> <code>{last.hash}</code>
          <span>{dues.headText}</span>
        </p>
      )}
    </section>
  );
}
