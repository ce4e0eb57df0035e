import { useEffect, useId, useRef, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { IconButton } from "../parts/Button";
import "./dialog.css";

/**
 * A dialog over the page. The browser keeps the focus within it, closes it by Esc and gives the focus back. A press
 * beside it closes it, too, unless that would throw away what was typed.
 */
export function Dialog({
  title,
  look = "card",
  working = false,
  onClose,
  children,
}: {
  title: string;
  /**
   * "card": in the middle; "wide": the same, with room for a table; "corner": by the user's name; "palette": near the
   * top, without a heading in sight.
   */
  look?: "card" | "wide" | "corner" | "palette";
  /** What it is for is under way: it stays until the answer is there. */
  working?: boolean;
  onClose: () => void;
  children: ReactNode;
}): ReactNode {
  const strings = useStrings();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const typed = useRef(false);
  // Of a dialog within this one React hands on events that the browser keeps to it.
  const isOwn = ({ target }: { readonly target: EventTarget }): boolean =>
    target instanceof Element && target.closest("dialog") === dialog.current;

  function close(): void {
    if (!working) onClose();
  }

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
        if (!isOwn(event)) return;
        event.preventDefault();
        close();
      }}
      onClose={(event) => {
        // The browser closes it at a second Esc, whatever was said to the first.
        if (!isOwn(event) || dialog.current?.open !== false) return;
        if (working) dialog.current.showModal();
        else onClose();
      }}
      onInput={(event) => {
        if (isOwn(event) && !isSearch(event.target)) typed.current = true;
      }}
      onPointerDown={(event) => {
        // The dialog's own box is the backdrop's: a press on it, and not on what it holds, is a press beside it.
        if (event.target === dialog.current && !typed.current) close();
      }}
    >
      <div className="dialog-sheet">
        <header className={look === "palette" ? "hidden-text" : "dialog-head"}>
          <h2 id={heading}>{title}</h2>
          {look !== "palette" && <IconButton icon="close" label={strings.close} disabled={working} onClick={close} />}
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** What is searched for is typed again without regret. */
function isSearch(target: EventTarget): boolean {
  return target instanceof HTMLInputElement && target.type === "search";
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
