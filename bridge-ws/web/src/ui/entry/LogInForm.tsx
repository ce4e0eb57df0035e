import { useState, type ReactNode } from "react";
import { logIn } from "../../api/account";
import { useStrings } from "../../i18n/language";
import { useApp } from "../context";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { useSubmit } from "../parts/useSubmit";
import { isEmail } from "./checks";

export function LogInForm(): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const { working, fault, submit, forget } = useSubmit(async () => {
    setChecked(true);
    if (!isEmail(email) || password === "") return;
    await logIn(email.trim(), password);
    await app.begin();
  });

  return (
    <form className="entry-fields" noValidate onSubmit={submit}>
      <Field
        label={strings.entry.email}
        type="email"
        name="email"
        autoComplete="username"
        inputMode="email"
        required
        value={email}
        fault={checked && !isEmail(email) ? strings.check.email : undefined}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label={strings.entry.password}
        name="password"
        autoComplete="current-password"
        required
        value={password}
        fault={fault}
        onChange={(event) => {
          setPassword(event.target.value);
          forget();
        }}
      />
      <Button type="submit" look="main" wide working={working}>
        {strings.entry.logIn}
      </Button>
    </form>
  );
}
