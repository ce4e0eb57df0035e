import type { ReactNode } from "react";
import { useStrings } from "../i18n/language";
import { useStore } from "../store/store";
import { SessionProvider, useApp } from "./context";
import { EntryPage } from "./entry/EntryPage";
import { Notices } from "./parts/Notices";
import { Waiting } from "./parts/Waiting";
import { Shell } from "./Shell";

/** The page as a whole: entry, or the rooms. */
export function Page(): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const state = useStore(app.state, (value) => value);
  switch (state.phase) {
    case "checking":
      return <Waiting text={strings.loading} />;
    case "unreachable":
      return <Waiting text={strings.entry.unreachable} retry={() => void app.begin()} />;
    case "entry":
      return <EntryPage ended={state.ended} />;
    case "session":
      return (
        <SessionProvider value={state.session}>
          <Shell key={state.session.me.id} />
          <Notices />
        </SessionProvider>
      );
  }
}
