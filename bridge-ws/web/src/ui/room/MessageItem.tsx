import { memo, type ReactNode } from "react";
import { clockText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import { Kind, type Message } from "../../protocol/message";
import { unixMsOf } from "../../protocol/messageId";
import { fileOf } from "../../protocol/sharedFile";
import { Avatar } from "../parts/Avatar";
import { Icon, type IconName } from "../parts/Icon";
import { FileBlock } from "./FileBlock";
import { Prose } from "./Prose";
import "./messageItem.css";

/** What can be done with a message; the same object as long as the room is on the screen. */
export interface MessageWays {
  reply(message: Message): void;
  remove(message: Message): void;
  /** Leads to a message. */
  goTo(id: number): void;
}

interface Props {
  readonly message: Message;
  readonly first: boolean;
  readonly last: boolean;
  readonly mine: boolean;
  readonly name: string;
  /** Members who have not read it. */
  readonly unread: number;
  readonly withdrawn: boolean;
  /** The user said it, or is an admin. */
  readonly removable: boolean;
  /** Of a reply: whom it answers, and what; else null. */
  readonly quoteName: string | null;
  readonly quoteText: string | null;
  readonly ways: MessageWays;
}

/** One message. Only plain values as properties, so that a room redraws only the messages that changed. */
export const MessageItem = memo(function MessageItem(props: Props): ReactNode {
  const { message, first, last, mine, name, withdrawn } = props;
  const strings = useStrings();
  const names = ["said", mine ? "is-mine" : "is-theirs", first ? "is-first" : "", last ? "is-last" : ""];
  const file = fileOf(message);
  const isNotice = message.kind === Kind.Notice && !withdrawn;
  return (
    <article className={names.filter(Boolean).join(" ")} tabIndex={-1} data-message={message.id}>
      {!mine && <span className="said-face">{first && <Avatar user={message.sender} name={name} size={38} />}</span>}
      <div className="said-body">
        {first && <p className={mine ? "hidden-text" : "said-name"}>{mine ? strings.list.you : name}</p>}
        <div className="said-row">
          <div className={isNotice ? "bubble is-notice" : "bubble"}>
            {isNotice && (
              <strong className="bubble-notice">
                <Icon name="notice" size={16} />
                {strings.message.notice}
              </strong>
            )}
            {withdrawn ? (
              <em className="bubble-gone">{strings.message.withdrawn}</em>
            ) : (
              <>
                <QuoteBlock {...props} />
                {file === null ? <Prose text={message.text} /> : <FileBlock file={file} />}
              </>
            )}
          </div>
          <Aside {...props} />
        </div>
      </div>
    </article>
  );
});

/** What a reply answers; a press leads there. */
function QuoteBlock({ message, quoteName, quoteText, ways }: Props): ReactNode {
  const strings = useStrings();
  if (quoteName === null) return null;
  return (
    <blockquote className="quote">
      <button
        type="button"
        tabIndex={-1}
        title={strings.message.goToQuoted}
        onClick={() => ways.goTo(message.reference)}
      >
        {quoteName !== "" && <span className="quote-name">{strings.message.replyTo(quoteName)}</span>}
        <span className="quote-text">{quoteText === "" ? strings.message.quoteNotLoaded : quoteText}</span>
      </button>
    </blockquote>
  );
}

/** Beside the bubble: how many have not read it, when it was said, and what can be done with it. */
function Aside({ message, last, unread, withdrawn, removable, ways }: Props): ReactNode {
  const strings = useStrings();
  const atMs = unixMsOf(message.id);
  return (
    <div className="said-aside">
      {!withdrawn && (
        <div className="said-actions">
          <Action icon="reply" label={strings.message.reply} act={() => ways.reply(message)} />
          {removable && <Action icon="trash" label={strings.message.delete} act={() => ways.remove(message)} />}
        </div>
      )}
      {unread > 0 && !withdrawn && (
        <span className="said-unread" title={strings.message.unreadBy(unread)}>
          <span aria-hidden="true">{unread}</span>
          <span className="hidden-text">{strings.message.unreadBy(unread)}</span>
        </span>
      )}
      <time className={last ? "said-time" : "hidden-text"} dateTime={new Date(atMs).toISOString()}>
        {clockText(strings, atMs)}
      </time>
    </div>
  );
}

function Action({ icon, label, act }: { icon: IconName; label: string; act: () => void }): ReactNode {
  return (
    <button type="button" className={`said-action is-${icon}`} aria-label={label} title={label} onClick={act}>
      <Icon name={icon} size={16} />
    </button>
  );
}
