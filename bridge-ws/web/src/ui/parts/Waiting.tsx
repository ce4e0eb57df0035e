import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { Button } from "./Button";
import { Wordmark } from "./Wordmark";
import "./waiting.css";

/** A whole screen that waits: for the server's first answer, or for the user to try again. */
export function Waiting({ text, retry }: { text: string; retry?: () => void }): ReactNode {
  const strings = useStrings();
  return (
    <main className="waiting">
      <div className={retry === undefined ? "waiting-mark is-busy" : "waiting-mark"}>
        <Wordmark height={52} label={strings.appName} />
      </div>
      <p className={retry === undefined ? "hidden-text" : "waiting-text"} role="status">
        {text}
      </p>
      {retry !== undefined && (
        <Button look="main" onClick={retry}>
          {strings.retry}
        </Button>
      )}
    </main>
  );
}
