import { useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { LanguageChoice } from "../parts/LanguageChoice";
import { Wordmark } from "../parts/Wordmark";
import { useStore } from "../../store/store";
import { useApp } from "../context";
import { ClothWall } from "./ClothWall";
import { LogInForm } from "./LogInForm";
import { ProviderLinks } from "./ProviderLinks";
import { SignUpForm } from "./SignUpForm";
import { Button } from "../parts/Button";
import "./entry.css";

/** The door: a wall of sewn cloth, and beside it the way in. */
export function EntryPage({ ended }: { ended: boolean }): ReactNode {
  const strings = useStrings();
  const [isNew, setIsNew] = useState(false);
  const { entry, oauth } = strings;
  const outcome = useStore(useApp().outcome, (value) => value);
  return (
    <div className="entry">
      <aside className="entry-wall">
        <ClothWall />
        <p className="entry-tagline">{strings.tagline}</p>
      </aside>
      <main className="entry-door">
        <header className="entry-head">
          <Wordmark height={42} label={strings.appName} />
          <LanguageChoice hideLegend />
        </header>
        <div className="entry-form">
          <h1>{isNew ? entry.signUpTitle : entry.logInTitle}</h1>
          <p className="entry-lead">{isNew ? entry.signUpLead : entry.logInLead}</p>
          {ended && !isNew && (
            <p className="entry-ended" role="status">
              {entry.loginEnded}
            </p>
          )}
          {outcome !== null && (
            <p className="entry-ended" role="alert">
              {oauth.outcome[outcome]}
            </p>
          )}
          {isNew ? <SignUpForm /> : <LogInForm />}
          <ProviderLinks />
          <p className="entry-other">
            {isNew ? entry.knownHere : entry.newHere}{" "}
            <Button look="link" onClick={() => setIsNew(!isNew)}>
              {isNew ? entry.logIn : entry.signUp}
            </Button>
          </p>
        </div>
      </main>
    </div>
  );
}
