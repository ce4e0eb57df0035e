import { useRef, useState, type ReactNode } from "react";
import { savePlan, type AmountKind, type Plan, type Repeat } from "../../api/dues";
import { newKey } from "../../api/http";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { DigitsField } from "../parts/DigitsField";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";
import { draftOf, NOTHING, termsOf, type Draft } from "./planDraft";

const KINDS = ["equal", "shared", "tiers", "own"] as const satisfies readonly AmountKind[];
const REPEATS = ["monthly", "weekly", "once"] as const satisfies readonly Repeat[];

/** A plan is made, or changed from its next period on. */
export function PlanDialog({
  room,
  plan,
  onClose,
}: {
  room: RoomState;
  plan: Plan | null;
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const [draft, setDraft] = useState<Draft>(() => draftOf(plan));
  const key = useRef(newKey());
  const set = (some: Partial<Draft>): void => {
    setDraft((before) => ({ ...before, ...some }));
    key.current = newKey();
  };
  const { working, fault, submit } = useSubmit(async () => {
    await savePlan(room.id, plan?.id ?? null, termsOf(draft), key.current);
    onClose();
  });
  const isSound = draft.title.trim() !== "" && draft.firstDue !== "" && (draft.kind === "tiers" || draft.amount !== "");
  const digits = (label: string, name: "amount" | "weeks" | "askDays" | "graceDays" | "lateFee"): ReactNode => (
    <DigitsField label={label} value={draft[name]} onDigits={(value) => set({ [name]: value })} />
  );
  return (
    <Dialog title={plan === null ? dues.newPlan : dues.changePlan} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        <Field
          label={dues.planTitle}
          placeholder={dues.planExample}
          autoFocus
          autoComplete="off"
          maxLength={80}
          value={draft.title}
          onChange={(event) => set({ title: event.target.value })}
        />
        <Choice
          legend={dues.kind}
          value={draft.kind}
          onChange={(kind) => set({ kind })}
          options={KINDS.map((value) => ({ value, label: dues.kinds[value] }))}
        />
        {draft.kind === "tiers" ? (
          <Tiers draft={draft} set={set} />
        ) : (
          digits(draft.kind === "shared" ? dues.sum : dues.ofEach, "amount")
        )}
        <div className="money-pair">
          <Field
            label={plan === null ? dues.firstDue : dues.nextDue}
            type="date"
            value={draft.firstDue}
            onChange={(event) => set({ firstDue: event.target.value })}
          />
          {digits(dues.askDays, "askDays")}
        </div>
        <Choice
          legend={dues.repeat}
          value={draft.repeat}
          onChange={(repeat) => set({ repeat })}
          options={REPEATS.map((value) => ({ value, label: dues.repeats[value] }))}
        />
        {draft.repeat === "weekly" && digits(dues.weeks, "weeks")}
        <div className="money-pair">
          {digits(dues.graceDays, "graceDays")}
          {digits(dues.lateFee, "lateFee")}
        </div>
        <Members room={room} draft={draft} set={set} />
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working} disabled={!isSound}>
            {dues.savePlan}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Tiers({ draft, set }: { draft: Draft; set: (some: Partial<Draft>) => void }): ReactNode {
  const { dues } = useStrings();
  const change = (place: number, some: Partial<Draft["tiers"][number]>): void =>
    set({ tiers: draft.tiers.map((tier, index) => (index === place ? { ...tier, ...some } : tier)) });
  return (
    <div className="money-tiers">
      {draft.tiers.map((tier, place) => (
        <div className="money-pair" key={place}>
          <Field
            label={dues.tierName}
            autoComplete="off"
            value={tier.name}
            onChange={(event) => change(place, { name: event.target.value })}
          />
          <DigitsField
            label={dues.ofEach}
            value={tier.amount}
            onDigits={(amount) => change(place, { amount })}
          />
        </div>
      ))}
      <Button onClick={() => set({ tiers: [...draft.tiers, { name: "", amount: "" }] })}>{dues.addTier}</Button>
    </div>
  );
}

/** What is different for single members: an amount, a tier, or why nothing is asked. */
function Members({
  room,
  draft,
  set,
}: {
  room: RoomState;
  draft: Draft;
  set: (some: Partial<Draft>) => void;
}): ReactNode {
  const { dues } = useStrings();
  const members = [...room.people.members.values()].filter((member) => !member.left);
  const change = (user: number, some: Partial<typeof NOTHING>): void => {
    const next = new Map(draft.members);
    next.set(user, { ...(next.get(user) ?? NOTHING), ...some });
    set({ members: next });
  };
  return (
    <details className="money-members">
      <summary>{dues.ofMembers}</summary>
      {members.map((member) => {
        const terms = draft.members.get(member.user) ?? NOTHING;
        return (
          <fieldset key={member.user}>
            <legend>{member.name}</legend>
            <div className="money-pair">
              {draft.kind === "own" && (
                <DigitsField
                  label={dues.ofEach}
                  value={terms.amount}
                  onDigits={(amount) => change(member.user, { amount })}
                />
              )}
              {draft.kind === "tiers" && (
                <label className="money-select">
                  {dues.tierName}
                  <select value={terms.tier} onChange={(event) => change(member.user, { tier: event.target.value })}>
                    {draft.tiers.map((tier, place) => (
                      <option key={place} value={place}>
                        {tier.name}
                      </option>
                    ))}
                  </select>
                </label>
              )}
              <Field
                label={dues.exemptWhy}
                autoComplete="off"
                maxLength={200}
                value={terms.exempt}
                onChange={(event) => change(member.user, { exempt: event.target.value })}
              />
            </div>
          </fieldset>
        );
      })}
    </details>
  );
}
