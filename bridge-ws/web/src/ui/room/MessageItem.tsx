import { memo, type ReactNode } from "react";
import { clockText } from "../../i18n/dates";
import { useStrings } from "../../i18n/language";
import { Kind, type Message } from "../../protocol/message";
import { unixMsOf } from "../../protocol/messageId";
import { Avatar } from "../parts/Avatar";
import { Icon } from "../parts/Icon";
import { Prose } from "./Prose";
import "./messageItem.css";

export interface Quote {
  /** Empty where it is not loaded, or was taken back. */
  readonly text: string;
  name(unknown: string): string;
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
  /** Of a reply: whom it answers, and what; else null. */
  readonly quoteName: string | null;
  readonly quoteText: string | null;
  readonly reply: (message: Message) => void;
}

/** One message. Only plain values as properties, so that a room redraws only the messages that changed. */
export const MessageItem = memo(function MessageItem(props: Props): ReactNode {
  const { message, first, last, mine, name, withdrawn } = props;
  const strings = useStrings();
  const names = ["said", mine ? "is-mine" : "is-theirs", first ? "is-first" : "", last ? "is-last" : ""];
  return (
    <article className={names.filter(Boolean).join(" ")} tabIndex={-1} data-message={message.id}>
      {!mine && <span className="said-face">{first && <Avatar user={message.sender} name={name} size={38} />}</span>}
      <div className="said-body">
        {first && <p className={mine ? "hidden-text" : "said-name"}>{mine ? strings.list.you : name}</p>}
        <div className="said-row">
          <div className={message.kind === Kind.Notice ? "bubble is-notice" : "bubble"}>
            <QuoteBlock {...props} />
            {message.kind === Kind.Notice && <strong className="bubble-notice">{strings.message.notice}</strong>}
            {withdrawn ? <em className="bubble-gone">{strings.message.withdrawn}</em> : <Prose text={message.text} />}
          </div>
          <Aside {...props} />
        </div>
      </div>
    </article>
  );
});

function QuoteBlock({ quoteName, quoteText }: Props): ReactNode {
  const strings = useStrings();
  if (quoteName === null) return null;
  return (
    <blockquote className="quote">
      {quoteName !== "" && <span className="quote-name">{strings.message.replyTo(quoteName)}</span>}
      <span className="quote-text">{quoteText === "" ? strings.message.quoteNotLoaded : quoteText}</span>
    </blockquote>
  );
}

/** Beside the bubble: how many have not read it, when it was said, and the way to answer it. */
function Aside({ message, last, unread, withdrawn, reply }: Props): ReactNode {
  const strings = useStrings();
  const atMs = unixMsOf(message.id);
  return (
    <div className="said-aside">
      {!withdrawn && (
        <button
          type="button"
          className="said-reply"
          tabIndex={-1}
          aria-label={strings.message.reply}
          title={strings.message.reply}
          onClick={() => reply(message)}
        >
          <Icon name="reply" size={16} />
        </button>
      )}
      {unread > 0 && (
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
