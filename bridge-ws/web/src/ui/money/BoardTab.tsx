import { useEffect, useState, type ReactNode } from "react";
import { duesRequest, exportPath, ownCharges, settleReceipt, type ChargeOfMember, type OwnCharge, type Receipt } from "../../api/dues";
import { useLanguage, useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Fault } from "../dialogs/Dialog";
import { Button, IconButton } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { useSubmit } from "../parts/useSubmit";
import { nameOf } from "../room/summary";
import { ChargeDialog } from "./ChargeDialog";
import { OwnActivity } from "./OwnActivity";
import { PayDialog } from "./PayDialog";
import type { DuesView } from "./useDues";

type Filter = "all" | "open" | "paid";

/** Who paid what and when. */
export function BoardTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const { dues } = useStrings();
  const { me } = useSession();
  const [chosen, setChosen] = useState<number | null>(null);
  const [filter, setFilter] = useState<Filter>("all");
  const [acting, setActing] = useState<ChargeOfMember | null>(null);
  const [paying, setPaying] = useState<ChargeOfMember | null>(null);
  const request = view.requests.find(({ id }) => id === chosen) ?? view.requests[0];
  const charges = useCharges(room.id, request?.id, view.turn);
  const [language] = useLanguage();
  const keeper = view.balances?.keeper === true;
  if (view.balances === null) return <Fault text={view.fault} />;
  if (request === undefined) {
    return (
      <>
        <div className="money-empty">
          <p>{dues.nothingYet}</p>
          <p>{dues.nothingYetText}</p>
        </div>
        <OwnDues turn={view.turn} />
        <OwnActivity turn={view.turn} />
      </>
    );
  }
  const shown = charges.filter(({ standing }) => filter === "all" || (filter === "open") === (standing === "open"));
  return (
    <>
      <Sums view={view} />
      <Waiting room={room} view={view} />
      <div className="money-ways">
        <label>
          <span className="hidden-text">{dues.period}</span>
          <select value={request.id} onChange={(event) => setChosen(Number(event.target.value))}>
            {view.requests.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title} · {dues.due(one.due)}
              </option>
            ))}
          </select>
        </label>
        <Choice
          legend={dues.filter}
          hideLegend
          value={filter}
          onChange={setFilter}
          options={[
            { value: "all", label: dues.all },
            { value: "open", label: dues.standing.open },
            { value: "paid", label: dues.standing.paid },
          ]}
        />
        <a className="button button-plain" href={exportPath(room.id, null, language)} download>
          {dues.exportTable}
        </a>
      </div>
      <p className="money-sum">
        <strong>{dues.paidOf(request.paidBy, request.askedOf)}</strong> {dues.collected(dues.won(request.collected))}
      </p>
      <div className="money-table scroll" tabIndex={0} role="region" aria-label={request.title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{dues.member}</th>
              <th scope="col" className="is-won">
                {dues.amount}
              </th>
              <th scope="col">{dues.state}</th>
              <th scope="col">{dues.movedAt}</th>
              <th scope="col">
                <span className="hidden-text">{dues.filter}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((charge) => (
              <tr key={charge.id} data-charge={charge.id}>
                <th scope="row">{charge.name}</th>
                <td className="is-won">
                  {dues.won(charge.amount + charge.lateFee - (charge.standing === "exempt" ? 0 : charge.waived))}
                </td>
                <td>
                  <span className={`dues-standing is-${charge.standing}`}>{dues.standing[charge.standing]}</span>
                  {charge.paid > 0 && charge.open > 0 && <small> {dues.won(charge.paid)}</small>}
                  {charge.reason !== "" && <small> {charge.reason}</small>}
                </td>
                <td className="is-time">{charge.movedAt.slice(0, 16).replace("T", " ")}</td>
                <td className="is-way">
                  {charge.user === me.id && charge.standing === "open" && (
                    <Button look="main" onClick={() => setPaying(charge)}>
                      {dues.payNow}
                    </Button>
                  )}
                  {keeper && charge.standing !== "void" && (
                    <IconButton icon="gear" size={16} label={dues.actionsOf(charge.name)} onClick={() => setActing(charge)} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <OwnDues turn={view.turn} />
      <OwnActivity turn={view.turn} />
      {acting !== null && (
        <ChargeDialog
          room={room}
          charge={acting}
          onClose={() => {
            setActing(null);
            view.reload();
          }}
        />
      )}
      {paying !== null && (
        <PayDialog
          room={room.id}
          charge={paying.id}
          title={request.title}
          open={paying.open}
          onClose={() => setPaying(null)}
        />
      )}
    </>
  );
}

function useCharges(room: number, request: number | undefined, turn: number): readonly ChargeOfMember[] {
  const [charges, setCharges] = useState<readonly ChargeOfMember[]>([]);
  useEffect(() => {
    let shown = true;
    if (request === undefined) return undefined;
    duesRequest(room, request).then(
      ([, found]) => shown && setCharges(found),
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, [room, request, turn]);
  return charges;
}

/** What the fund holds, and the cash. */
function Sums({ view }: { view: DuesView }): ReactNode {
  const { dues } = useStrings();
  const { balances } = view;
  if (balances === null) return null;
  const credit = balances.members.reduce((sum, member) => sum + member.credit, 0);
  return (
    <dl className="money-sums">
      <div>
        <dt>{dues.fund}</dt>
        <dd>{dues.won(balances.fundBalance)}</dd>
      </div>
      <div>
        <dt>{dues.cash}</dt>
        <dd>{dues.won(balances.cashBalance)}</dd>
      </div>
      {balances.reserved > 0 && (
        <div>
          <dt>{dues.reserved}</dt>
          <dd>{dues.won(balances.reserved)}</dd>
        </div>
      )}
      {credit > 0 && (
        <div>
          <dt>{dues.credit}</dt>
          <dd>{dues.won(credit)}</dd>
        </div>
      )}
    </dl>
  );
}

/** Cash that somebody else wrote down and a second person is to confirm. */
function Waiting({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const { dues } = useStrings();
  const waiting = view.receipts.filter(({ state }) => state === "waiting");
  if (waiting.length === 0) return null;
  return (
    <section className="money-waiting">
      <h3>{dues.waitingCash}</h3>
      <ul>
        {waiting.map((receipt) => (
          <WaitingLine key={receipt.id} room={room} receipt={receipt} reload={view.reload} />
        ))}
      </ul>
    </section>
  );
}

function WaitingLine({ room, receipt, reload }: { room: RoomState; receipt: Receipt; reload: () => void }): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const { me } = useSession();
  const confirming = useSubmit(async () => {
    await settleReceipt(room.id, receipt.id, true);
    reload();
  });
  const denying = useSubmit(async () => {
    await settleReceipt(room.id, receipt.id, false);
    reload();
  });
  const name = (user: number): string => nameOf(strings, room.people, user);
  return (
    <li data-receipt={receipt.id}>
      <span>{dues.cashLine(name(receipt.recordedBy), name(receipt.user), dues.won(receipt.amount))}</span>
      {receipt.recordedBy !== me.id && (
        <Button look="main" working={confirming.working} onClick={() => confirming.submit()}>
          {dues.confirm}
        </Button>
      )}
      <Button working={denying.working} onClick={() => denying.submit()}>
        {receipt.recordedBy === me.id ? strings.cancel : dues.deny}
      </Button>
      <Fault text={confirming.fault ?? denying.fault} />
    </li>
  );
}

/** The user's own, across rooms. */
function OwnDues({ turn }: { turn: number }): ReactNode {
  const { dues } = useStrings();
  const [own, setOwn] = useState<readonly OwnCharge[]>([]);
  useEffect(() => {
    ownCharges().then(setOwn, () => undefined);
  }, [turn]);
  if (own.length === 0) return null;
  return (
    <details className="money-own">
      <summary>{dues.ownTitle}</summary>
      <ul>
        {own.map((charge) => (
          <li key={charge.id}>
            <span>
              {charge.roomName} · {charge.title} · {dues.due(charge.due)}
            </span>
            <span className={`dues-standing is-${charge.standing}`}>
              {dues.standing[charge.standing]} {dues.won(charge.standing === "open" ? charge.open : charge.paid)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
