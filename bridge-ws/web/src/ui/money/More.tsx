import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import type { OlderView } from "./useOlder";

/** Below a list: shows what lies before its last row. */
export function More({ of: { complete, working, fault, more } }: { of: OlderView<unknown> }): ReactNode {
  const { dues } = useStrings();
  return (
    <>
      <Fault text={fault} />
      {!complete && (
        <Button working={working} onClick={more}>
          {dues.more}
        </Button>
      )}
    </>
  );
}
