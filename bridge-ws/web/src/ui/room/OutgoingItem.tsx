import { memo, type ReactNode } from "react";
import { refusalText } from "../../i18n/fault";
import { useStrings } from "../../i18n/language";
import { Kind } from "../../protocol/message";
import type { Outgoing } from "../../room/outbox";
import type { Room } from "../../room/room";
import { Button } from "../parts/Button";
import { Icon } from "../parts/Icon";
import { Prose } from "./Prose";

/** A message on its way: shown at once, with a word on how far it is. */
export const OutgoingItem = memo(function OutgoingItem({
  entry,
  model,
  current,
}: {
  entry: Outgoing;
  model: Room;
  current: boolean;
}): ReactNode {
  const strings = useStrings();
  const { message } = strings;
  return (
    <article className={`said is-mine is-outgoing is-last is-${entry.state}`} data-outgoing={entry.state}>
      <div className="said-body">
        <div className="said-row">
          <div className={entry.kind === Kind.Notice ? "bubble is-notice" : "bubble"}>
            <Prose text={entry.text} />
          </div>
          <div className="said-aside">
            {entry.state !== "refused" && entry.state !== "stored" && (
              <span className="said-way">{current ? message.sending : message.waiting}</span>
            )}
          </div>
        </div>
        {entry.state === "refused" && (
          <div className="said-refused" role="alert">
            <p>
              <Icon name="warning" size={16} />
              <span>
                {entry.refusal?.uncertain === true ? message.perhapsSent : message.notSent}.{" "}
                {entry.refusal !== null && refusalText(strings, entry.refusal)}
              </span>
            </p>
            <span className="said-ways">
              <Button look="link" onClick={() => model.retry(entry.key)}>
                {message.sendAgain}
              </Button>
              <Button look="link" onClick={() => model.discard(entry.key)}>
                {message.discard}
              </Button>
            </span>
          </div>
        )}
      </div>
    </article>
  );
});
