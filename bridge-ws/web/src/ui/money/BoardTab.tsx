import { useCallback, useState, type ReactNode } from "react";
import { duesRequest, exportPath, type ChargeOfMember } from "../../api/dues";
import { useLanguage, useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Button, IconButton } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { AskAgain } from "./AskAgain";
import { ChargeDialog, waysOf } from "./ChargeDialog";
import { OwnActivity } from "./OwnActivity";
import { OwnDues } from "./OwnDues";
import { PayDialog } from "./PayDialog";
import { WaitingCash } from "./WaitingCash";
import { useAsked, type Asked } from "./useAsked";
import type { DuesView } from "./useDues";

type Filter = "all" | "open" | "paid";

/** What a dialog is about: it stays that, whichever request is looked at by then. */
interface Chosen {
  readonly charge: ChargeOfMember;
  readonly title: string;
}

/** Who paid what and when. */
export function BoardTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const { dues } = useStrings();
  const { me } = useSession();
  const [chosen, setChosen] = useState<number | null>(null);
  const [filter, setFilter] = useState<Filter>("all");
  const [acting, setActing] = useState<Chosen | null>(null);
  const [paying, setPaying] = useState<Chosen | null>(null);
  const [said, setSaid] = useState("");
  const request = view.requests.find(({ id }) => id === chosen) ?? view.requests[0];
  const charges = useCharges(room.id, request?.id, view.turn);
  const [language] = useLanguage();
  const keeper = view.balances?.keeper === true;
  if (view.balances === null) return null;
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
  const isShown = ({ standing }: ChargeOfMember): boolean =>
    filter === "all" || (filter === "open") === (standing === "open");
  const shown = charges.found?.filter(isShown);
  return (
    <>
      <Sums view={view} />
      <WaitingCash room={room} view={view} />
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
      <p className="dues-said" role="status">
        {said}
      </p>
      <AskAgain asked={charges} />
      <div
        className="money-table scroll"
        tabIndex={0}
        role="region"
        aria-label={request.title}
        aria-busy={shown === undefined}
      >
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
            {shown?.map((charge) => (
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
                    <Button look="main" onClick={() => setPaying({ charge, title: request.title })}>
                      {dues.payNow}
                    </Button>
                  )}
                  {keeper && waysOf(room, charge, me.id).length > 0 && (
                    <IconButton
                      icon="gear"
                      size={16}
                      label={dues.actionsOf(charge.name)}
                      onClick={() => setActing({ charge, title: request.title })}
                    />
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
          {...acting}
          onClose={() => {
            setActing(null);
            view.reload();
          }}
        />
      )}
      {paying !== null && (
        <PayDialog
          room={room.id}
          charge={paying.charge.id}
          title={paying.title}
          open={charges.found?.find(({ id }) => id === paying.charge.id)?.open ?? paying.charge.open}
          onClose={(paid) => {
            setPaying(null);
            setSaid(paid > 0 ? dues.paidNow(dues.won(paid)) : "");
            view.reload();
          }}
        />
      )}
    </>
  );
}

function useCharges(room: number, request: number | undefined, turn: number): Asked<readonly ChargeOfMember[]> {
  const ask = useCallback(
    async () => (request === undefined ? [] : (await duesRequest(room, request))[1]),
    [room, request],
  );
  return useAsked(ask, turn);
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
