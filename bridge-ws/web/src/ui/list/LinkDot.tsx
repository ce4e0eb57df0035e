import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { useStore } from "../../store/store";
import { useSession } from "../context";

/** How the connection stands, always in the same corner. */
export function LinkDot(): ReactNode {
  const strings = useStrings();
  const { phase } = useStore(useSession().state, (state) => state.link);
  const text =
    phase === "online" ? strings.link.online : phase === "connecting" ? strings.link.connecting : strings.link.lost;
  return <span className={`link-dot is-${phase}`} role="img" aria-label={text} title={text} data-link={phase} />;
}
