import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { Button } from "../parts/Button";
import { useSubmit } from "../parts/useSubmit";
import { Dialog, Fault } from "./Dialog";

/** Asks before something that cannot be taken back, and does it. */
export function ConfirmDialog({
  question,
  children,
  submit: label,
  act,
  onClose,
}: {
  question: string;
  /** What follows from it. */
  children: ReactNode;
  submit: string;
  act: () => Promise<void>;
  onClose: () => void;
}): ReactNode {
  const strings = useStrings();
  const { working, fault, submit } = useSubmit(async () => {
    await act();
    onClose();
  });
  return (
    <Dialog title={question} onClose={onClose}>
      <div className="dialog-text">{children}</div>
      <Fault text={fault} />
      <div className="dialog-ways">
        <Button autoFocus onClick={onClose}>
          {strings.cancel}
        </Button>
        <Button look="alert" working={working} onClick={() => submit()}>
          {label}
        </Button>
      </div>
    </Dialog>
  );
}
