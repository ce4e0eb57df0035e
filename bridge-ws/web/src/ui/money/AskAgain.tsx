import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { Button } from "../parts/Button";
import type { Asked } from "./useAsked";

/** Says that a question was not answered, so that what is shown is old or missing, and asks again; else nothing. */
export function AskAgain({ asked: { fault, again } }: { asked: Pick<Asked<unknown>, "fault" | "again"> }): ReactNode {
  const strings = useStrings();
  if (fault === undefined) return null;
  return (
    <p className="dues-again" role="status">
      {fault}{" "}
      <Button look="link" onClick={again}>
        {strings.retry}
      </Button>
    </p>
  );
}
