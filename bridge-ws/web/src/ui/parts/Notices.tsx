import { useEffect, type ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import type { Strings } from "../../i18n/strings";
import type { Notice } from "../../session/app";
import type { Outcome } from "../../session/outcome";
import { UPLOADS_MAX } from "../../room/uploads";
import { useStore } from "../../store/store";
import { useApp } from "../context";
import { IconButton } from "./Button";
import "./notices.css";

const SHOWN_MS = 7_000;

/** What the user is told in passing, at the screen's edge. */
export function Notices(): ReactNode {
  const notices = useStore(useApp().notices, (value) => value);
  return (
    <div className="notices" role="status">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeCard({ notice }: { notice: Notice }): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const { id, what, name } = notice;
  useEffect(() => {
    const timer = setTimeout(() => app.dismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [app, id]);
  return (
    <div className="notice-card">
      <p>{noticeText(strings, what, name)}</p>
      <IconButton icon="close" size={16} label={strings.close} onClick={() => app.dismiss(id)} />
    </div>
  );
}

function noticeText(strings: Strings, what: Notice["what"], name: string): string {
  switch (what) {
    case "roomDeleted":
      return strings.ended.deleted(name);
    case "notAMember":
      return strings.ended.notAMember(name);
    case "invited":
      return strings.invite.done(name);
    case "accountChanged":
      return strings.profile.changed;
    case "oauth":
      return strings.oauth.outcome[name as Outcome];
    case "tooManyFiles":
      return strings.file.tooMany(UPLOADS_MAX);
  }
}
