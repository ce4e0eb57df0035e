import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { useDesktopNotices } from "../desktopNotices";
import { Choice } from "./Choice";

export function DesktopNoticesChoice(): ReactNode {
  const { notice } = useStrings();
  const [state, choose] = useDesktopNotices();
  return (
    <div>
      <Choice
        legend={notice.desktop}
        options={[
          { value: "off", label: notice.desktopOff },
          { value: "on", label: notice.desktopOn },
        ]}
        value={state === "on" ? "on" : "off"}
        onChange={(value) => choose(value === "on")}
      />
      {state === "blocked" && <p className="choice-below">{notice.desktopBlocked}</p>}
    </div>
  );
}
