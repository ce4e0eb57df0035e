import { useEffect, useState, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useStore } from "../../store/store";
import { useSession } from "../context";
import { Button } from "../parts/Button";

/** A break shorter than this is not worth a word. */
const PATIENCE_MS = 700;

/** Says that the connection is broken, when it is tried again, or that the room is still catching up. */
export function LinkBanner({ room }: { room: RoomState }): ReactNode {
  const session = useSession();
  const strings = useStrings();
  const link = useStore(session.state, (state) => state.link);
  const isTroubled = useLasting(link.phase !== "online" || !room.current, PATIENCE_MS);
  const now = useNow(link.phase === "waiting" && isTroubled);
  if (!isTroubled) return null;
  if (link.phase === "online") {
    return room.current ? null : <p className="link-banner is-mild">{strings.room.catchingUp}</p>;
  }
  const seconds = link.phase === "waiting" ? Math.max(1, Math.ceil((link.retryAtMs - now) / 1_000)) : 0;
  return (
    <div className="link-banner" role="status" data-link={link.phase}>
      <span>{strings.link.lost}</span>
      <span className="link-banner-when" aria-hidden="true">
        {link.phase === "waiting" ? strings.link.retryIn(seconds) : strings.link.connecting}
      </span>
      {link.phase === "waiting" && (
        <Button look="link" onClick={session.reconnect}>
          {strings.link.retryNow}
        </Button>
      )}
    </div>
  );
}

/** True once `value` has been true for `ms`. */
function useLasting(value: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!value) {
      setLasting(false);
      return undefined;
    }
    const timer = setTimeout(() => setLasting(true), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return lasting && value;
}

/** The time, moving by the second while `ticking`. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
