import { useCallback, useState, type ReactNode } from "react";
import { duesRequests, endPlan, type Plan } from "../../api/dues";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { ConfirmDialog } from "../dialogs/ConfirmDialog";
import { Button } from "../parts/Button";
import { More } from "./More";
import { PlanDialog } from "./PlanDialog";
import { useOlder } from "./useOlder";
import type { DuesView } from "./useDues";

/** Plans, and what was asked by them. */
export function RequestsTab({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const { dues } = useStrings();
  const [editing, setEditing] = useState<Plan | "new" | null>(null);
  const [ending, setEnding] = useState<Plan | null>(null);
  const older = useOlder(
    view.requests,
    useCallback((before: number) => duesRequests(room.id, before), [room.id]),
  );
  const keeper = view.balances?.keeper === true;
  return (
    <>
      <section>
        <h3>{dues.plans}</h3>
        <ul className="money-plans">
          {view.plans.map((plan) => (
            <li key={plan.id} data-plan={plan.id}>
              <div>
                <strong>{plan.terms.title}</strong>
                <p>
                  {dues.kinds[plan.terms.amountKind]}
                  {plan.terms.amount > 0 && ` ${dues.won(plan.terms.amount)}`} · {dues.repeats[plan.terms.repeat]}
                  {plan.nextDue !== "" && ` · ${dues.next(plan.nextDue)}`}
                </p>
              </div>
              {keeper && plan.nextDue !== "" && <Button onClick={() => setEditing(plan)}>{dues.changePlan}</Button>}
              {keeper && (
                <Button look="quiet-alert" onClick={() => setEnding(plan)}>
                  {dues.endPlan}
                </Button>
              )}
            </li>
          ))}
        </ul>
        {keeper ? (
          <Button look="main" onClick={() => setEditing("new")}>
            {dues.newPlan}
          </Button>
        ) : (
          <p className="money-note">{dues.treasurerOnly}</p>
        )}
      </section>
      <section>
        <h3>{dues.tabs.requests}</h3>
        <ul className="money-plans">
          {older.rows.map((request) => (
            <li key={request.id}>
              <div>
                <strong>{request.title}</strong>
                <p>
                  {dues.due(request.due)} · {dues.paidOf(request.paidBy, request.askedOf)} ·{" "}
                  {dues.collected(dues.won(request.collected))}
                </p>
              </div>
            </li>
          ))}
        </ul>
        <More of={older} />
        {view.requests.length === 0 && <p className="money-note">{dues.nothingYet}</p>}
      </section>
      {editing !== null && (
        <PlanDialog
          room={room}
          plan={editing === "new" ? null : editing}
          onClose={() => {
            setEditing(null);
            view.reload();
          }}
        />
      )}
      {ending !== null && (
        <ConfirmDialog
          question={dues.endQuestion(ending.terms.title)}
          submit={dues.endPlan}
          act={() => endPlan(room.id, ending.id)}
          onClose={() => {
            setEnding(null);
            view.reload();
          }}
        >
          <p>{dues.endText}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
