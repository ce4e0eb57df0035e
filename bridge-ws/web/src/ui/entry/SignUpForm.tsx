import { useState, type ReactNode } from "react";
import { signUp } from "../../api/account";
import { ApiError } from "../../api/http";
import { useStrings } from "../../i18n/language";
import { useApp } from "../context";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { PasswordField } from "../parts/PasswordField";
import { useSubmit } from "../parts/useSubmit";
import { isEmail, isName, isPassword } from "./checks";

export function SignUpForm(): ReactNode {
  const app = useApp();
  const strings = useStrings();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [checked, setChecked] = useState(false);
  const { working, problem, fault, submit, forget } = useSubmit(async () => {
    setChecked(true);
    if (!isName(name) || !isEmail(email) || !isPassword(password)) return;
    await signUp(email.trim(), name.trim(), password);
    await app.begin();
  });
  const isTaken = problem instanceof ApiError && problem.fault === "EmailTaken";
  const { entry, check } = strings;

  return (
    <form className="entry-fields" noValidate onSubmit={submit} onChange={forget}>
      <Field
        label={entry.name}
        name="name"
        autoComplete="nickname"
        required
        value={name}
        hint={entry.nameHint}
        fault={checked && !isName(name) ? check.name : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={entry.email}
        type="email"
        name="email"
        autoComplete="username"
        inputMode="email"
        required
        value={email}
        fault={checked && !isEmail(email) ? check.email : isTaken ? fault : undefined}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label={entry.password}
        name="new-password"
        autoComplete="new-password"
        required
        value={password}
        hint={entry.passwordHint}
        fault={checked && !isPassword(password) ? check.password : isTaken ? undefined : fault}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" look="main" wide working={working}>
        {entry.signUp}
      </Button>
    </form>
  );
}
