import { useState, type ReactNode } from "react";
import { ApiError } from "../../api/http";
import { useStrings } from "../../i18n/language";
import { useApp, useSession } from "../context";
import { isEmail, isName, isPassword } from "../entry/checks";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { useSubmit } from "../parts/useSubmit";
import { Connections } from "./Connections";
import { Dialog, Fault } from "./Dialog";
import { useWaysIn } from "./useWaysIn";

/** One's own name, address and password. */
export function ProfileDialog({ onClose, remove }: { onClose: () => void; remove: () => void }): ReactNode {
  const app = useApp();
  const { me } = useSession();
  const strings = useStrings();
  const { profile, entry, check } = strings;
  const [name, setName] = useState(me.name);
  const [email, setEmail] = useState(me.email);
  const [newPassword, setNewPassword] = useState("");
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const [ways, askAgain] = useWaysIn();
  const keepsPassword = (newPassword === "" && ways.hasPassword) || isPassword(newPassword);
  // Who has no password proves nothing by one.
  const isUnproved = ways.hasPassword && password === "";
  const { working, problem, fault, submit, forget } = useSubmit(async () => {
    setChecked(true);
    if (!isName(name) || !isEmail(email) || !keepsPassword || isUnproved) return;
    await app.change(password, { name: name.trim(), email: email.trim(), newPassword });
  });
  const is = (named: string): boolean => problem instanceof ApiError && problem.fault === named;

  return (
    <Dialog title={profile.title} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit} onChange={forget}>
        <Field
          label={entry.name}
          autoComplete="nickname"
          value={name}
          fault={checked && !isName(name) ? check.name : undefined}
          onChange={(event) => setName(event.target.value)}
        />
        <Field
          label={entry.email}
          type="email"
          inputMode="email"
          autoComplete="username"
          value={email}
          fault={checked && !isEmail(email) ? check.email : is("EmailTaken") ? fault : undefined}
          onChange={(event) => setEmail(event.target.value)}
        />
        <PasswordField
          label={profile.newPassword}
          autoComplete="new-password"
          hint={ways.hasPassword ? profile.newPasswordHint : profile.firstPasswordHint}
          value={newPassword}
          fault={checked && !keepsPassword ? check.password : undefined}
          onChange={(event) => setNewPassword(event.target.value)}
        />
        {ways.hasPassword && (
          <PasswordField
            label={profile.current}
            autoComplete="current-password"
            hint={profile.currentHint}
            value={password}
            fault={wrongPassword(strings, checked && password === "", problem)}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        <Fault text={is("EmailTaken") || is("LoginFailed") ? undefined : fault} />
        <div className="dialog-ways is-parted">
          <Button look="quiet-alert" onClick={remove}>
            {profile.delete}
          </Button>
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="main" working={working}>
            {profile.save}
          </Button>
        </div>
      </form>
      <Connections ways={ways} password={password} changed={askAgain} />
    </Dialog>
  );
}

/** The end of the account, behind its password where it has one. */
export function DeleteAccountDialog({ onClose }: { onClose: () => void }): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const { profile } = strings;
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const [{ hasPassword }] = useWaysIn();
  const { working, problem, fault, submit, forget } = useSubmit(async () => {
    setChecked(true);
    if (password !== "" || !hasPassword) await app.deleteAccount(password);
  });
  const own = wrongPassword(strings, checked && password === "", problem);

  return (
    <Dialog title={profile.deleteTitle} onClose={onClose}>
      <form className="dialog-form" noValidate onSubmit={submit} onChange={forget}>
        <p className="dialog-text">{profile.deleteText}</p>
        {hasPassword && (
          <PasswordField
            label={profile.current}
            autoFocus
            autoComplete="current-password"
            value={password}
            fault={own}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        <Fault text={own === undefined ? fault : undefined} />
        <div className="dialog-ways">
          <Button onClick={onClose}>{strings.cancel}</Button>
          <Button type="submit" look="alert" working={working}>
            {profile.deleteSubmit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What is wrong with the password that proves who one is. */
function wrongPassword(
  strings: ReturnType<typeof useStrings>,
  isMissing: boolean,
  problem: unknown,
): string | undefined {
  const isWrong = problem instanceof ApiError && problem.fault === "LoginFailed";
  return isMissing || isWrong ? strings.profile.wrong : undefined;
}
