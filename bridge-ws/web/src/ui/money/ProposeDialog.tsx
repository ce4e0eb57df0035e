import { useMemo, useState, type ReactNode } from "react";
import { proposeExpense } from "../../api/expenses";
import { useStrings } from "../../i18n/language";
import { fileOf, type SharedFile } from "../../protocol/sharedFile";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { DigitsField } from "../parts/DigitsField";
import { Field } from "../parts/Field";
import { useSubmit } from "../parts/useSubmit";

/** Files that are offered as receipts, the newest of those loaded. */
const RECEIPTS_MAX = 30;

/** For the treasurer: money is to leave the fund. */
export function ProposeDialog({ room, onClose }: { room: RoomState; onClose: () => void }): ReactNode {
  const strings = useStrings();
  const { dues, expenses } = strings;
  const { keys } = useSession();
  const [title, setTitle] = useState("");
  const [note, setNote] = useState("");
  const [amount, setAmount] = useState("");
  const [from, setFrom] = useState<"fund" | "cash">("fund");
  const [payee, setPayee] = useState(0);
  const [payeeName, setPayeeName] = useState("");
  const [file, setFile] = useState("");
  const files = useMemo(() => receiptsOf(room), [room]);
  const members = [...room.people.members.values()].filter((member) => !member.left);
  const won = Number(amount);
  const isSound = title.trim() !== "" && won > 0 && (payee !== 0 || payeeName.trim() !== "");
  const { working, fault, submit } = useSubmit(async () => {
    if (!isSound) return;
    const to = { payee: payee === 0 ? null : payee, payeeName: payee === 0 ? payeeName : "" };
    const proposal = { title, note, amount: won, ...to, file: file === "" ? null : file, inCash: from === "cash" };
    const what = `propose ${room.id} ${JSON.stringify(proposal)}`;
    await keys.once(what, (key) => proposeExpense(room.id, proposal, key));
    onClose();
  });

  return (
    <Dialog title={expenses.proposeTitle} working={working} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        <Field
          label={expenses.what}
          placeholder={expenses.whatExample}
          autoFocus
          autoComplete="off"
          maxLength={80}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <DigitsField
          label={dues.amount}
          value={amount}
          hint={won > 0 ? dues.won(won) : ""}
          onDigits={setAmount}
        />
        <Choice
          legend={expenses.from}
          value={from}
          onChange={setFrom}
          options={[
            { value: "fund", label: expenses.fromFund },
            { value: "cash", label: expenses.fromCash },
          ]}
        />
        <label className="money-select">
          {expenses.payee}
          <select value={payee} onChange={(event) => setPayee(Number(event.target.value))}>
            <option value={0}>{expenses.outside}</option>
            {members.map((member) => (
              <option key={member.user} value={member.user}>
                {member.name}
              </option>
            ))}
          </select>
        </label>
        {payee === 0 && (
          <Field
            label={expenses.payeeName}
            placeholder={expenses.payeeExample}
            autoComplete="off"
            maxLength={80}
            value={payeeName}
            onChange={(event) => setPayeeName(event.target.value)}
          />
        )}
        <label className="money-select">
          {expenses.receipt}
          <select value={file} onChange={(event) => setFile(event.target.value)}>
            <option value="">{expenses.noReceipt}</option>
            {files.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <span className="field-below">{expenses.receiptHint}</span>
        </label>
        <Field
          label={expenses.note}
          note={strings.create.optional}
          autoComplete="off"
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button disabled={working} onClick={onClose}>
            {strings.cancel}
          </Button>
          <Button type="submit" look="main" working={working} disabled={!isSound}>
            {expenses.propose}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function receiptsOf(room: RoomState): SharedFile[] {
  const files: SharedFile[] = [];
  for (const message of [...room.messages].reverse()) {
    const file = room.withdrawn.has(message.id) ? null : fileOf(message);
    if (file !== null && files.length < RECEIPTS_MAX) files.push(file);
  }
  return files;
}
