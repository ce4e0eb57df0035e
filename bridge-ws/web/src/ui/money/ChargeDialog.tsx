import { useRef, useState, type ReactNode } from "react";
import { recordCash, refundCharge, waiveCharge, type ChargeOfMember } from "../../api/dues";
import { newKey } from "../../api/http";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { DigitsField } from "../parts/DigitsField";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";

type What = "cash" | "waive" | "refund";

/** What a treasurer does about a member's charge. */
export function ChargeDialog({
  room,
  charge,
  onClose,
}: {
  room: RoomState;
  charge: ChargeOfMember;
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const ways = ([["cash", dues.recordCash], ["waive", dues.waive], ["refund", dues.refund]] as const).filter(([way]) =>
    way === "refund" ? charge.paid > 0 : charge.open > 0,
  );
  const [what, setWhat] = useState<What>(ways[0]?.[0] ?? "refund");
  const [amount, setAmount] = useState(String(charge.open > 0 ? charge.open : charge.paid));
  const [words, setWords] = useState("");
  const [by, setBy] = useState<"wallet" | "cash">("wallet");
  const key = useRef(newKey());
  const won = /^\d+$/.test(amount) ? Number(amount) : 0;
  const isSound = what === "waive" ? words.trim() !== "" : won > 0;
  const { working, fault, submit } = useSubmit(async () => {
    if (!isSound) return;
    if (what === "cash") await recordCash(room.id, charge.id, won, words.trim(), key.current);
    else if (what === "waive") await waiveCharge(room.id, charge.id, words.trim());
    else await refundCharge(room.id, charge.id, won, by, key.current);
    onClose();
  });
  return (
    <Dialog title={dues.actionsOf(charge.name)} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        <Choice
          legend={dues.actionsOf(charge.name)}
          hideLegend
          value={what}
          onChange={(next) => {
            setWhat(next);
            setAmount(String(next === "refund" ? charge.paid : charge.open));
            key.current = newKey();
          }}
          options={ways.map(([value, label]) => ({ value, label }))}
        />
        {what !== "waive" && (
          <DigitsField
            label={dues.amount}
            value={amount}
            fault={won < 1 ? dues.amountFault : undefined}
            onDigits={(digits) => {
              setAmount(digits);
              key.current = newKey();
            }}
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
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working} disabled={!isSound}>
            {ways.find(([way]) => way === what)?.[1]}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
