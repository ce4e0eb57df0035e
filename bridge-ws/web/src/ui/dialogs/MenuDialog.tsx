import type { ReactNode } from "react";
import { useStrings } from "../../i18n/language";
import { useApp, useSession } from "../context";
import { Avatar } from "../parts/Avatar";
import { Button } from "../parts/Button";
import { DesktopNoticesChoice } from "../parts/DesktopNoticesChoice";
import { Icon } from "../parts/Icon";
import { LanguageChoice } from "../parts/LanguageChoice";
import { ThemeChoice } from "../parts/ThemeChoice";
import { Dialog } from "./Dialog";
import "./menu.css";

/** Language, appearance, what one is told of, one's account, and the way out. */
export function MenuDialog({ onClose, profile }: { onClose: () => void; profile: () => void }): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const { me } = useSession();
  return (
    <Dialog title={strings.list.menu} look="corner" onClose={onClose}>
      <div className="menu-who">
        <Avatar user={me.id} name={me.name} size={44} />
        <p>
          <strong>{strings.menu.account(me.name)}</strong>
          <span>{me.email}</span>
        </p>
      </div>
      <div className="dialog-form">
        <LanguageChoice />
        <ThemeChoice />
        <DesktopNoticesChoice />
        <Button wide onClick={profile}>
          <Icon name="gear" size={18} />
          {strings.menu.profile}
        </Button>
        <Button wide onClick={() => void app.leave()}>
          <Icon name="leave" size={18} />
          {strings.menu.logOut}
        </Button>
      </div>
    </Dialog>
  );
}
