import { useEffect, useRef, useState, type ReactNode } from "react";
import { openWallet, payCharge, walletBalance } from "../../api/dues";
import { newKey } from "../../api/http";
import { useStrings } from "../../i18n/language";
import { Dialog, Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { DigitsField } from "../parts/DigitsField";
import { PasswordField } from "../parts/PasswordField";
import { useSubmit } from "../parts/useSubmit";

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
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const [holds, setHolds] = useState<number | null | undefined>(undefined);
  const [amount, setAmount] = useState(String(open));
  const [password, setPassword] = useState("");
  // Of this amount: sent again after a lost answer, it is paid once.
  const key = useRef(newKey());
  const won = /^\d+$/.test(amount) ? Number(amount) : 0;
  const { working, fault, submit } = useSubmit(async () => {
    if (holds === null) {
      await openWallet(password);
      setHolds(0);
      return;
    }
    if (won < 1) return;
    await payCharge(room, charge, won, password, key.current);
    onClose();
  });

  useEffect(() => {
    walletBalance().then(setHolds, () => setHolds(0));
  }, []);

  return (
    <Dialog title={`${dues.payTitle} · ${title}`} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit}>
        {holds === null ? (
          <p className="dialog-text">{dues.noWallet}</p>
        ) : (
          <DigitsField
            label={dues.amount}
            value={amount}
            hint={won > open ? dues.tooMuch(dues.won(won - open)) : holds === undefined ? "" : dues.walletHolds(dues.won(holds))}
            fault={won < 1 ? dues.amountFault : undefined}
            onDigits={(digits) => {
              setAmount(digits);
              key.current = newKey();
            }}
          />
        )}
        <PasswordField
          label={dues.walletPassword}
          autoFocus
          autoComplete="off"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Fault text={fault} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working} disabled={password === "" || holds === undefined}>
            {holds === null ? dues.openWallet : `${dues.payNow} ${dues.won(won)}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
