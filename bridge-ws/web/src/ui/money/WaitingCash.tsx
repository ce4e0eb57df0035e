import type { ReactNode } from "react";
import { settleReceipt, type Receipt } from "../../api/dues";
import { useStrings } from "../../i18n/language";
import type { RoomState } from "../../room/state";
import { useSession } from "../context";
import { Fault } from "../dialogs/Dialog";
import { Button } from "../parts/Button";
import { useSubmit } from "../parts/useSubmit";
import { nameOf } from "../room/summary";
import type { DuesView } from "./useDues";

/** Cash that somebody else wrote down and a second person is to confirm. */
export function WaitingCash({ room, view }: { room: RoomState; view: DuesView }): ReactNode {
  const { dues } = useStrings();
  const waiting = view.receipts.filter(({ state }) => state === "waiting");
  if (waiting.length === 0) return null;
  return (
    <section className="money-waiting">
      <h3>{dues.waitingCash}</h3>
      <ul>
        {waiting.map((receipt) => (
          <WaitingLine key={receipt.id} room={room} receipt={receipt} reload={view.reload} />
        ))}
      </ul>
    </section>
  );
}

function WaitingLine({ room, receipt, reload }: { room: RoomState; receipt: Receipt; reload: () => void }): ReactNode {
  const strings = useStrings();
  const { dues } = strings;
  const { me } = useSession();
  const confirming = useSubmit(async () => {
    await settleReceipt(room.id, receipt.id, true);
    reload();
  });
  const denying = useSubmit(async () => {
    await settleReceipt(room.id, receipt.id, false);
    reload();
  });
  const name = (user: number): string => nameOf(strings, room.people, user);
  return (
    <li data-receipt={receipt.id}>
      <span>{dues.cashLine(name(receipt.recordedBy), name(receipt.user), dues.won(receipt.amount))}</span>
      {receipt.recordedBy !== me.id && (
        <Button look="main" working={confirming.working} onClick={() => confirming.submit()}>
          {dues.confirm}
        </Button>
      )}
      <Button working={denying.working} onClick={() => denying.submit()}>
        {receipt.recordedBy === me.id ? strings.cancel : dues.deny}
      </Button>
      <Fault text={confirming.fault ?? denying.fault} />
    </li>
  );
}
