import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import "./who.css";

/** Public or private, each with what it means. */
export function WhoCanJoin({
  isPrivate,
  choose,
}: {
  isPrivate: boolean;
  choose: (isPrivate: boolean) => void;
}): ReactNode {
  const { create } = useStrings();
  return (
    <fieldset className="who">
      <legend>{create.who}</legend>
      <Option chosen={!isPrivate} title={create.open} text={create.openText} choose={() => choose(false)} />
      <Option chosen={isPrivate} title={create.closed} text={create.closedText} choose={() => choose(true)} />
    </fieldset>
  );
}

function Option({
  chosen,
  title,
  text,
  choose,
}: {
  chosen: boolean;
  title: string;
  text: string;
  choose: () => void;
}): ReactNode {
  return (
    <label className="who-option">
      <input type="radio" name="who" checked={chosen} onChange={choose} />
      <span>
        <strong>{title}</strong>
        <span>{text}</span>
      </span>
    </label>
  );
}
