import { useEffect, useId, useRef, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { IconButton } from "../parts/Button";
import "./dialog.css";

/** A dialog over the page. The browser keeps the focus within it, closes it by Esc and gives the focus back. */
export function Dialog({
  title,
  look = "card",
  onClose,
  children,
}: {
  title: string;
  /** "card": in the middle; "wide": the same, with room for a table; "corner": by the user's name; "palette": near the top, without a heading in sight. */
  look?: "card" | "wide" | "corner" | "palette";
  onClose: () => void;
  children: ReactNode;
}): ReactNode {
  const strings = useStrings();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className={`dialog is-${look}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        // The dialog's own box is the backdrop's: a press on it, and not on what it holds, is a press beside it.
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="dialog-sheet">
        <header className={look === "palette" ? "hidden-text" : "dialog-head"}>
          <h2 id={heading}>{title}</h2>
          {look !== "palette" && <IconButton icon="close" label={strings.close} onClick={onClose} />}
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** What went wrong with what the dialog is for; nothing where nothing did. */
export function Fault({ text }: { text: string | undefined }): ReactNode {
  if (text === undefined) return null;
  return (
    <p className="dialog-fault" role="alert">
      {text}
    </p>
  );
}
