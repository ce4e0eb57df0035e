import { useState, type ReactNode } from "react";
import { openWallet, payCharge, walletBalance } from "../../api/dues";
import { useStrings } from "../../i18n/language";
import { useSession } from "../context";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { DigitsField } from "../parts/DigitsField";
import { PasswordField } from "../parts/PasswordField";
import { useSubmit } from "../parts/useSubmit";
import { AskAgain } from "./AskAgain";
import { useAsked } from "./useAsked";

/** Pays a charge from the user's wallet; opens the wallet first where there is none. */
export function PayDialog({
  room,
  charge,
  title,
  open,
  onClose,
}: {
  room: number;
  charge: number;
  title: string;
  open: number;
  /** `paid`: so many won; 0: none, as far as is known. */
  onClose: (paid: number) => void;
}): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const { keys } = useSession();
  const wallet = useAsked(ownWallet, 0);
  const holds = wallet.found?.holds;
  const [amount, setAmount] = useState(String(open));
  const [password, setPassword] = useState("");
  const won = /^\d+$/.test(amount) ? Number(amount) : 0;
  const { working, fault, submit } = useSubmit(async () => {
    if (holds === null) {
      await openWallet(password);
      wallet.again();
      return;
    }
    if (won < 1) return;
    await keys.once(`pay ${charge} ${won}`, (key) => payCharge(room, charge, won, password, key));
    onClose(won);
  });
  const held = typeof holds === "number" ? dues.walletHolds(dues.won(holds)) : "";
  const cancel = (): void => onClose(0);

  return (
    <Dialog title={`${dues.payTitle} · ${title}`} working={working} onClose={cancel}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        {holds === null ? (
          <p className="dialog-text">{dues.noWallet}</p>
        ) : (
          <DigitsField
            label={dues.amount}
            value={amount}
            hint={won > open ? dues.tooMuch(dues.won(won - open)) : held}
            fault={won < 1 ? dues.amountFault : undefined}
            onDigits={setAmount}
          />
        )}
        <PasswordField
          label={dues.walletPassword}
          autoFocus
          autoComplete="off"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <AskAgain asked={wallet} />
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button disabled={working} onClick={cancel}>
            {strings.cancel}
          </Button>
          <Button type="submit" look="main" working={working} disabled={password === "" || holds === undefined}>
            {holds === null ? dues.openWallet : `${dues.payNow} ${dues.won(won)}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const ownWallet = async (): Promise<{ holds: number | null }> => ({ holds: await walletBalance() });
