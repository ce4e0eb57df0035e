import { useState, type ReactNode } from "react";
import { recordCash, refundCharge, waiveCharge, type ChargeOfMember } from "../../api/dues";
import { isDoneOtherwise } from "../../api/keys";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { DigitsField } from "../parts/DigitsField";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";

type What = "cash" | "waive" | "refund";

/** What a treasurer can do about a charge; nobody lets his own go or gives it back, but who is alone in the room. */
export function waysOf({ members }: RoomState, { user, standing, open, paid }: ChargeOfMember, me: number): What[] {
  if (standing === "void") return [];
  const isOthers = user !== me || members === 1;
  return (["cash", "waive", "refund"] as const).filter(
    (way) => (way === "refund" ? paid > 0 : open > 0) && (way === "cash" || isOthers),
  );
}

/** What a treasurer does about a member's charge. */
export function ChargeDialog({
  room,
  charge,
  title,
  onClose,
}: {
  room: RoomState;
  charge: ChargeOfMember;
  /** Of the request that the charge is of. */
  title: string;
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const { keys, me } = useSession();
  const labels = { cash: dues.recordCash, waive: dues.waive, refund: dues.refund };
  const ways = waysOf(room, charge, me.id);
  const [what, setWhat] = useState<What>(ways[0] ?? "refund");
  const [amount, setAmount] = useState(String(charge.open > 0 ? charge.open : charge.paid));
  const [words, setWords] = useState("");
  const [by, setBy] = useState<"wallet" | "cash">("wallet");
  const won = /^\d+$/.test(amount) ? Number(amount) : 0;
  const isSound = what === "waive" ? words.trim() !== "" : won > 0;
  const { working, problem, fault, submit } = useSubmit(async () => {
    if (!isSound) return;
    if (what === "waive") await waiveCharge(room.id, charge.id, words.trim());
    else {
      await keys.once(`${what} ${charge.id} ${won}`, (key) =>
        what === "cash"
          ? recordCash(room.id, charge.id, won, words.trim(), key)
          : refundCharge(room.id, charge.id, won, by, key),
      );
    }
    onClose();
  });
  return (
    <Dialog title={`${dues.actionsOf(charge.name)} · ${title}`} working={working} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        <Choice
          legend={dues.actionsOf(charge.name)}
          hideLegend
          value={what}
          onChange={(next) => {
            setWhat(next);
            setAmount(String(next === "refund" ? charge.paid : charge.open));
          }}
          options={ways.map((value) => ({ value, label: labels[value] }))}
        />
        {what !== "waive" && (
          <DigitsField
            label={dues.amount}
            value={amount}
            fault={won < 1 ? dues.amountFault : undefined}
            onDigits={setAmount}
          />
        )}
        {what === "refund" ? (
          <Choice
            legend={dues.refundBy}
            value={by}
            onChange={setBy}
            options={[
              { value: "wallet", label: dues.byWallet },
              { value: "cash", label: dues.byCash },
            ]}
          />
        ) : (
          <Field
            label={what === "waive" ? dues.reason : dues.cashNote}
            hint={what === "cash" ? dues.cashText : undefined}
            autoComplete="off"
            maxLength={200}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        )}
        <Fault text={isDoneOtherwise(problem) ? dues.doneOtherwise : fault} />
        <div className="dialog-ways">
          <Button disabled={working} onClick={onClose}>
            {strings.cancel}
          </Button>
          <Button type="submit" look="main" working={working} disabled={!isSound}>
            {labels[what]}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
